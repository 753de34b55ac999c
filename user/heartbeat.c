// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>
#include "apply.h"
#include "conntrack.h"
#include "heartbeat.h"
#include "notify.h"
#include "store.h"

static struct {
	struct daemon		*daemon;
	struct loop_source	timer;
	bool			absent;		/* the instance is not there */
} heart = { .timer.fd = -1 };

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

static int publish(struct fail *fail)
{
	struct pressure_now now = { .beat_ns = apply_now_ns() };
	__u64 count, max;
	struct store store;
	int result;

	if (store_open(heart.daemon->instance, STORE_READ, &store, fail))
		return -fail->status;
	if (conntrack_fill(&count, &max) == 0) {
		now.count = count;
		now.max = max;
	}
	result = store_pressure_write(&store, &now, fail);
	store_close(&store);
	return result;
}

static void beat(void *unused)
{
	struct fail fail = {};

	(void)unused;
	loop_timer_take(&heart.timer);
	presence(publish(&fail) != 0, &fail);
}

int heartbeat_start(struct daemon *daemon, struct fail *fail)
{
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
}
