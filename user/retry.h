/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that could not be attached and are tried again. Pure. Bounded: what does not fit is not
 * tried again. A device that somebody attached or detached by hand since leaves the set: what was
 * detached on purpose stays detached.
 */
#ifndef WEIR_RETRY_H
#define WEIR_RETRY_H

#include <net/if.h>
#include <stdbool.h>
#include "abi.h"

#define RETRY_MAX	DEV_MAX

struct retry {
	struct {
		__u32	ifindex;
		bool	held;		/* it had a slot: link detach takes that away */
		__u64	since_ns;	/* CLOCK_REALTIME, as dev.attached_ns */
	} at[RETRY_MAX];
	size_t	count;
};

bool retry_has(const struct retry *retry, __u32 ifindex);
/* After a failure. True when it is the first one of the device, which is the one to be told of. */
bool retry_add(struct retry *retry, __u32 ifindex, bool held, __u64 now_ns);
void retry_drop(struct retry *retry, __u32 ifindex);
/* Before each look: forgets what has gone, and what was attached or detached by hand since. */
void retry_settle(struct retry *retry, const struct dev devs[DEV_MAX],
		  const struct if_nameindex *devices);

#endif
