// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "apply.h"
#include "attach.h"
#include "compile.h"
#include "conntrack.h"
#include "netns.h"
#include "overview.h"
#include "pressure.h"

/* Of one device: packets from inside that limits per destination stopped, or would have. */
static __u64 guarded_of(const struct counter *counters, const struct dev *dev)
{
	if (!dev->ifindex || dev->role != ROLE_INSIDE)
		return 0;
	return counters[COUNTER_INDEX(0, 0, REASON_RATE_DESTINATION)].packets +
	       counters[COUNTER_INDEX(0, 1, REASON_RATE_DESTINATION)].packets;
}

static void totals_of(const struct counter *counters, struct overview *seen)
{
	for (int slot = 0; slot < DEV_MAX; slot++) {
		for (int reason = 1; reason < REASON_COUNT; reason++) {
			__u64 packets = counters[COUNTER_INDEX(slot, 0, reason)].packets;

			if (reason < REASON_DROP_FIRST)
				seen->passed += packets;
			else
				seen->is.dropped += packets;
			seen->is.would += counters[COUNTER_INDEX(slot, 1, reason)].packets;
		}
		seen->is.guarded += guarded_of(&counters[COUNTER_INDEX(slot, 0, 0)], &seen->dev[slot]);
		seen->is.fail_open += counters[COUNTER_INDEX(slot, 0, REASON_FAIL_OPEN)].packets;
	}
}

/* The default limit per destination that is in force; those who may read statistics alone are not
 * told. Not asked for in peace: the policy can be long. */
static struct rate guard_of(const char *instance, __u64 guarded)
{
	struct arena arena = {};
	struct limit guard = {};
	struct fail ignored;
	struct store store;

	if (!guarded || store_open(instance, STORE_READ, &store, &ignored))
		return guard.rate;
	if (!store_policy_read(&store, &arena, &ignored))
		compiled_guard(&arena, &guard);
	arena_free(&arena);
	store_close(&store);
	return guard.rate;
}

static bool is_elsewhere(const struct run *run)
{
	__u64 here = netns_here();

	return here && here != run->netns;
}

static int read_all(struct overview *seen, struct fail *fail)
{
	struct counter *counters;

	if (store_run_read(&seen->store, &seen->run, fail) ||
	    store_devs_read(&seen->store, seen->dev, fail) ||
	    store_audits_read(&seen->store, seen->audit, fail) ||
	    store_pressure_read(&seen->store, &seen->pressure, fail) ||
	    store_counters_read(&seen->store, &counters, fail))
		return -fail->status;
	totals_of(counters, seen);
	free(counters);
	return 0;
}

int overview_open(const char *instance, struct overview *seen, struct fail *fail)
{
	struct situation *is = &seen->is;

	*seen = (struct overview){ .store.lock = -1 };
	if (store_open(instance, STORE_STATS, &seen->store, fail))
		return -fail->status;
	if (read_all(seen, fail)) {
		store_close(&seen->store);
		return -fail->status;
	}
	is->instance = instance;
	is->run = &seen->run;
	is->devs = seen->dev;
	is->state = seen->state;
	is->lack = seen->lack;
	is->audit = audit_alarm(seen->audit);
	is->guard = guard_of(instance, is->guarded);
	is->now_ns = apply_now_ns();
	is->elsewhere = is_elsewhere(&seen->run);
	is->watched = pressure_fresh(&seen->pressure, is->now_ns);
	is->conntrack = !is->elsewhere && !conntrack_fill(&is->count, &is->max);
	is->lacks = is->elsewhere ? 0 : lacks_read(instance, seen->dev, seen->lack);
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (seen->dev[slot].ifindex)
			seen->state[slot] = attach_state(&seen->store, slot, &seen->dev[slot]);
	return 0;
}

void overview_close(struct overview *seen)
{
	store_close(&seen->store);
}
