// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include "pressure.h"

static __u64 share(__u64 max, unsigned int percent)
{
	return max / 100 * percent + max % 100 * percent / 100;
}

static __u64 most_of(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

/* A level begins above its mark, and ends only some way below it. */
static bool reached(const struct pressure_seen *seen, unsigned int mark, bool was)
{
	unsigned int low = mark > PRESSURE_HYSTERESIS ? mark - PRESSURE_HYSTERESIS : 0;

	if (!mark)
		return false;
	return seen->count > share(seen->max, was ? low : mark);
}

static enum pressure level_of(const struct pressure_marks *marks, const struct pressure_seen *seen)
{
	if (reached(seen, marks->full, seen->before == PRESSURE_FULL))
		return PRESSURE_FULL;
	if (reached(seen, marks->tight, seen->before != PRESSURE_CALM))
		return PRESSURE_TIGHT;
	return PRESSURE_CALM;
}

/* Spreads `room` entries over a time. Rounded up: it must fit, and 0 would mean no limit. */
static __u64 cost_of(__u64 time_ns, __u64 room)
{
	return (time_ns + room - 1) / room;
}

void pressure_of(const struct pressure_marks *marks, const struct pressure_seen *seen,
		 struct pressure_now *now)
{
	__u64 left = seen->count < seen->max ? seen->max - seen->count : 0;
	__u64 kept = most_of(share(seen->max, marks->reserve), PRESSURE_MARGIN(seen->max));
	__u64 room = left > kept ? left - kept : 0, strangers = room;

	*now = (struct pressure_now){
		.count = seen->count,
		.max = seen->max,
	};
	if (!seen->max)
		return;
	now->level = level_of(marks, seen);
	if (marks->reserve && !room) {
		now->level = PRESSURE_FULL;
		now->reserved_only = 1;
	}
	if (now->level == PRESSURE_FULL)
		strangers = room / PRESSURE_STRANGERS;
	if (now->level != PRESSURE_CALM)
		now->admit_cost_ns = cost_of(seen->unreplied_ns, most_of(strangers, 1));
	if (now->level == PRESSURE_FULL)
		now->proven_cost_ns = room ? cost_of(PRESSURE_PROVEN_NS, room) : now->admit_cost_ns;
}

double pressure_rate(__u64 cost_ns)
{
	return cost_ns ? 1e9 / cost_ns : 0;
}

const char *pressure_name(__u32 level)
{
	static const char *const names[] = { "calm", "tight", "full" };

	return level < 3 ? names[level] : "?";
}

int pressure_fresh(const struct pressure_now *now, __u64 now_ns)
{
	return now->beat_ns && now_ns < now->beat_ns + PRESSURE_STALE_NS;
}
