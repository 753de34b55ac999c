// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>
#include "clock.h"
#include "conntrack.h"
#include "netns.h"
#include "heartbeat.h"
#include "notify.h"
#include "pressure.h"
#include "store.h"

static struct {
	struct daemon		*daemon;
	struct loop_source	timer;
	struct conntrack_meter	meter;
	unsigned int		beats;
	__u64			unreplied_ns;
	__u64			netns;		/* inode of ours */
	enum pressure		level;
	bool			absent;		/* the instance is not there */
} heart = { .timer.fd = -1, .meter = { -1, -1 } };

/* Tells once that the instance has gone, or has come back. */
static void presence(bool absent, const struct fail *fail)
{
	if (absent == heart.absent)
		return;
	heart.absent = absent;
	if (absent)
		notify_log(LOG_WARNING, "%s: waiting for it", fail->what);
	else
		notify_log(LOG_INFO, "instance %s is there", heart.daemon->instance);
}

static void level_tell(const struct pressure_now *now)
{
	if (now->level == heart.level)
		return;
	notify_log(now->level > heart.level ? LOG_WARNING : LOG_NOTICE,
		   "pressure: %s, was %s: %u of %u entries", pressure_name(now->level),
		   pressure_name(heart.level), now->count, now->max);
	heart.level = now->level;
}

/* What the policy in force says; an instance of another network namespace has another table. */
static int marks_read(const struct store *store, struct pressure_marks *marks, struct fail *fail)
{
	struct run run;

	if (store_run_read(store, &run, fail))
		return -fail->status;
	if (run.netns != heart.netns)
		return fail_set(fail, EXIT_REFUSED, NULL,
				"instance %s belongs to another network namespace", store->instance);
	*marks = (struct pressure_marks){ run.tight_percent, run.full_percent, run.reserve_percent };
	return 0;
}

static int publish(struct fail *fail)
{
	struct pressure_seen seen = {
		.unreplied_ns = heart.unreplied_ns,
		.before = heart.level,
	};
	struct pressure_marks marks;
	struct pressure_now now;
	struct store store;
	int result;

	if (store_open(heart.daemon->instance, STORE_READ, &store, fail))
		return -fail->status;
	result = marks_read(&store, &marks, fail);
	if (!result) {
		conntrack_meter_read(&heart.meter, &seen.count, &seen.max);
		pressure_of(&marks, &seen, &now);
		now.beat_ns = coarse_ns();
		result = store_pressure_write(&store, &now, fail);
		level_tell(&now);
	}
	store_close(&store);
	return result;
}

static void beat(void *unused)
{
	struct fail fail = {};

	(void)unused;
	loop_timer_take(&heart.timer);
	if (heart.beats++ % (1000000000 / HEARTBEAT_NS) == 0)
		heart.unreplied_ns = conntrack_unreplied_ns();
	presence(publish(&fail) != 0, &fail);
}

int heartbeat_start(struct daemon *daemon, struct fail *fail)
{
	heart.netns = netns_here();
	heart.daemon = daemon;
	heart.timer.ready = beat;
	return loop_timer(&daemon->loop, &heart.timer, HEARTBEAT_NS, fail);
}

void heartbeat_stop(struct daemon *daemon)
{
	(void)daemon;
	if (heart.timer.fd >= 0)
		close(heart.timer.fd);
	heart.timer.fd = -1;
	conntrack_meter_close(&heart.meter);
}
