/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flows seen lately, in lines of eight: fixed memory, one cache line a packet.
 *
 * A flow is 48 bits of a keyed hash of its tuple, in one direction, and the time it was seen. Two
 * flows can only be taken for one another with a chance of about 2^-29, and then a packet passes
 * that should have been charged; a flow that was forgotten is charged once more. Whoever has not
 * been seen for longest is forgotten first.
 *
 * CPUs write without a lock: a word is one store, and the worst is that a flow is forgotten.
 */
#ifndef WEIR_FLOW_H
#define WEIR_FLOW_H

#include <stdbool.h>
#include "abi.h"
#include "hash.h"
#include "mask.h"
#include "pkt.h"

#define FLOW_TICK_SHIFT	27	/* 0.13 s; 16 bits of it go round in 2.4 hours */
#define FLOW_TICKS(seconds) ((__u16)(((seconds) * 1000000000ULL) >> FLOW_TICK_SHIFT))

static __always_inline __u16 flow_tick(__u64 now_ns)
{
	return now_ns >> FLOW_TICK_SHIFT;
}

/* All that tells one of conntrack's entries from another: else one flow would pay for many. */
static __always_inline __u64 flow_hash(const struct pkt *pkt, const volatile __u64 key[4])
{
	__u64 ports = (__u64)pkt->sport << 48 | (__u64)pkt->dport << 32 |
		      (__u64)pkt->icmp_code << 24 | (__u64)pkt->icmp_type << 16 |
		      (__u64)pkt->family << 8 | pkt->l4_proto;
	__u64 hash = hash_pair((__u64)pkt->saddr[0] << 32 | pkt->daddr[0], ports, key);

	if (pkt->family == 4)
		return hash;
	hash = hash_pair((__u64)pkt->saddr[1] << 32 | pkt->daddr[1], hash, key);
	hash = hash_pair((__u64)pkt->saddr[2] << 32 | pkt->daddr[2], hash, key);
	return hash_pair((__u64)pkt->saddr[3] << 32 | pkt->daddr[3], hash, key);
}

/* Ticks since, and one: a CPU that was held up meets what others saw a tick after its own time. */
static __always_inline __u16 flow_age(__u16 now, __u64 word)
{
	return now + 1 - (__u16)word;
}

/* Was it seen within max_age ticks? Then it is seen now, if refresh is set. */
static __always_inline bool flow_seen(struct flow_line *line, __u64 hash, __u16 now, __u16 max_age,
				      bool refresh)
{
	__u64 seen = hash << 16 | now, found = 0, way = 0;

#pragma unroll
	for (__u32 i = 0; i < FLOW_WAYS; i++) {
		__u64 word = line->way[i];
		__u64 same = bit_any((word ^ seen) >> 16) ^ 1;

		found |= only_if(same, word);
		way |= i * same;
	}
	if (!found || flow_age(now, found) > max_age + 1)
		return false;
	if (refresh)
		line->way[way & (FLOW_WAYS - 1)] = seen;
	return true;
}

/* It is seen now. */
static __always_inline void flow_put(struct flow_line *line, __u64 hash, __u16 now)
{
	__u64 seen = hash << 16 | now, best = 0;

	/* the flow's own way, else a free one, else the one not seen for longest */
#pragma unroll
	for (__u32 i = 0; i < FLOW_WAYS; i++) {
		__u64 word = line->way[i];
		__u64 free = bit_any(word) ^ 1, same = bit_any((word ^ seen) >> 16) ^ 1;
		__u64 age = flow_age(now, word);

		best = most_of(best, (same << 17 | free << 16 | age) << 3 | i);
	}
	line->way[best & (FLOW_WAYS - 1)] = seen;
}

#endif
