/* SPDX-License-Identifier: GPL-2.0-only */
/* The time of day, for what people read, and the time that the datapath goes by. */
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

static inline __u64 realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

static inline __u64 monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

#endif
