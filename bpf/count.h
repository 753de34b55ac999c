/* SPDX-License-Identifier: GPL-2.0-only */
/* The only writer of the counters. One line of this CPU's own memory a packet. */
#ifndef WEIR_COUNT_H
#define WEIR_COUNT_H

#include "state.h"

/* Returns how many this CPU has counted with the same outcome, this one included. */
static __always_inline __u64 count(enum reason reason, bool would, __u32 bytes)
{
	__u32 index = COUNTER_INDEX(dev_slot, would, reason & 127);
	struct counter *counted = bpf_map_lookup_elem(&counter, &index);

	if (!counted)
		return 0;
	counted->bytes += bytes;
	return ++counted->packets;
}

#endif
