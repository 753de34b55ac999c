/* SPDX-License-Identifier: GPL-2.0-only */
/* The time of day, for what people read: when a policy was made, a device attached. */
#ifndef WEIR_CLOCK_H
#define WEIR_CLOCK_H

#include <linux/types.h>
#include <time.h>

/* CLOCK_REALTIME */
static inline __u64 realtime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

#endif
