/* SPDX-License-Identifier: GPL-2.0-only */
/* The clocks, in ns. */
#ifndef WEIR_CLOCK_H
#define WEIR_CLOCK_H

#include <linux/types.h>
#include <time.h>

static inline __u64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* For what people read, as when a policy was made, a device attached. */
static inline __u64 realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

static inline __u64 monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* What the datapath takes for the time: CLOCK_MONOTONIC as it was at the last tick. A finer clock would
 * be ahead of it. */
static inline __u64 coarse_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE);
}

/* Between two ticks. */
static inline __u64 coarse_tick_ns(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return tick.tv_sec * 1000000000ULL + tick.tv_nsec;
}

#endif
