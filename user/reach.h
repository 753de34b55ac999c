/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes checks by routes see nothing, or too much, on this machine. */
#ifndef WEIR_REACH_H
#define WEIR_REACH_H

#include <stdio.h>
#include "policy.h"

/*
 * Warns of devices that do not forward, where the kernel answers nothing; of a blackhole table that
 * this kernel can't ask by itself; and of a blackhole for everything. features: enum feature.
 */
void reach_warn(FILE *to, const struct policy *policy, __u32 features);

/* Would the policy drop this host as a source, by what it says of sides and martians, or by its
 * blackhole routes? Fills *reason. Takes the device that the way back leaves by. */
bool reach_drops(const struct policy *policy, const struct prefix *host, __u64 now_ns,
		 enum reason *reason);

#endif
