/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes checks by routes see nothing, or too much, on this machine. */
#ifndef WEIR_REACH_H
#define WEIR_REACH_H

#include <stdio.h>
#include "policy.h"
#include "session.h"

/*
 * Warns of devices that do not forward, where the kernel answers nothing; of routes with several
 * next hops, which a strict check has to be mild about; of a blackhole table that this kernel can't
 * ask by itself; and of a blackhole for everything. features: enum feature.
 */
void reach_warn(FILE *to, const struct policy *policy, __u32 features);

/*
 * Would the policy drop the packets of this session, block list aside: by what it says of sides and
 * martians, by its blackhole routes, or for the way back? Fills *reason. They are taken to arrive on the device that
 * has the session's address here, or else on the one by which the way back leaves.
 */
bool reach_drops(const struct policy *policy, const struct session *session, __u64 now_ns,
		 enum reason *reason);

#endif
