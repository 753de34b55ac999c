/* SPDX-License-Identifier: GPL-2.0-only */
/* Is conntrack's table under pressure? As whoever watches it says, while that word is fresh. */
#ifndef WEIR_PRESSED_H
#define WEIR_PRESSED_H

#include <stdbool.h>
#include "abi.h"

/*
 * pressure: what was said last, or NULL, which is calm as a stale beat is. A beat from the future
 * is one of another CPU, whose clock is a tick ahead.
 */
static __always_inline bool pressure_rules(const struct pressure_now *pressure, __u64 now_ns)
{
	return pressure && pressure->level != PRESSURE_CALM &&
	       now_ns < pressure->beat_ns + PRESSURE_STALE_NS;
}

#endif
