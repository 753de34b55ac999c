/* SPDX-License-Identifier: GPL-2.0-only */
/* Clocks; that of most waits is apply_now_ns(). */
#ifndef WEIR_CLOCK_H
#define WEIR_CLOCK_H

#include <linux/types.h>
#include <time.h>

/* CLOCK_REALTIME: for what people read, as when a policy was made, a device attached. */
static inline __u64 realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* What the datapath takes for the time: CLOCK_MONOTONIC as it was at the last tick. */
static inline __u64 coarse_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* Between two ticks. */
static inline __u64 coarse_tick_ns(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return tick.tv_sec * 1000000000ULL + tick.tv_nsec;
}

#endif
