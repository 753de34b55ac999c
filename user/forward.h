/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `bypass ... fast`: between which devices XDP forwards by itself. A frame that is redirected to a
 * device which can't send it is lost without a word, so only devices that are known to send it are
 * told to the datapath: attached with driver native, no port of another device, no bond, and of
 * which the kernel says that they do (from Linux 6.3; before, drivers do while they carry a native
 * program, but for veth, which is then left out). What is in doubt goes by way of the kernel.
 */
#ifndef WEIR_FORWARD_H
#define WEIR_FORWARD_H

#include <stdio.h>
#include "policy.h"
#include "store.h"

/* Tells the datapath of the attached devices, or of none if the policy has no fast bypass. */
int forward_tell(const struct store *store, const struct policy *policy, struct fail *fail);

/*
 * The same, from time to time. The kernel does not see that XDP sends to a neighbour, so it would
 * never ask whether that one is still there and has the same address: what is stale is asked for.
 */
int forward_follow(const struct store *store, const struct policy *policy, struct fail *fail);

/* What fast bypasses mean, if there are any; store: and which attached devices take no part in
 * them; NULL: not known. */
void forward_warn(FILE *to, const struct bypass *bypass, size_t count, const struct store *store);

#endif
