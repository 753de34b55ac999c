/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir in front of a gateway: the program that `weir link attach` attaches, with a policy of its
 * own, and each verdict read from the counters that operators read.
 */
#ifndef WEIR_FRONT_H
#define WEIR_FRONT_H

#include <linux/types.h>
#include <stdbool.h>
#include "bpf/scratch.h"

struct setting;

/*
 * Loads it and attaches it to the two devices of the current network namespace. Enforces all that
 * makes conntrack call a packet INVALID, and no limit. Prints why and exits when it can't.
 */
void front_attach(const struct setting *setting, const char *inside, const char *outside);
void front_detach(void);

/* Time stands still but for this. */
void front_pass_time(__u64 ns);

/* The verdict on the frame that was just sent; waits for it. */
int front_reason(void);

/* What weir wrote down about that frame; its flow is void unless it is a TCP packet of one. */
const struct scratch *front_seen(void);

#endif
