/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flows seen lately, in lines of eight: fixed memory, half a cache line a packet.
 *
 * A flow is a word of 32 bits: the time it was seen, of which the upper 26 bits are hidden by as many
 * bits of a keyed hash of its tuple, in one direction, beside those that choose its line. Whoever
 * takes the right bits off finds a time that has just been, and anybody else finds any time at all:
 * a flow is taken for one of the others in its line with a chance of one in eight million, and then its
 * packets pass that should have been charged, or, by the short way, dropped. A flow that was forgotten is charged once more.
 * Whoever has not been seen for longest is forgotten first, as far as the lower bits of the time tell.
 * So small, since a line is read for each packet: those of a quarter of a million flows stay in a
 * CPU's own cache.
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

#define FLOW_OPEN_MASK	0x3fU	/* bits of the time that stand as they are: 17 s */
#define FLOW_TICKS(seconds) FLOW_TICK((seconds) * 1000000000ULL)

/* Of TCP or UDP over IPv4: as flow_hash(). */
static __always_inline __u64 flow_hash4(__be32 saddr, __be32 daddr, __be16 sport, __be16 dport,
					__u8 l4_proto, const volatile __u64 key[4])
{
	return hash_pair((__u64)saddr << 32 | daddr,
			 (__u64)sport << 48 | (__u64)dport << 32 | 4 << 8 | l4_proto, key);
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

/* Hides the time in the hash, or takes it out again. */
static __always_inline __u32 flow_mix(__u64 hash, __u32 word)
{
	return word ^ ((__u32)hash & ~FLOW_OPEN_MASK);
}

/*
 * Ticks since the flow was seen, and one: a CPU that was held up meets what others saw a tick after
 * its own time. Of a word that is another flow's, or free: any number.
 */
static __always_inline __u32 flow_age(__u64 hash, __u32 now, __u32 word)
{
	return now + 1 - flow_mix(hash, word);
}

/* Was it seen within max_age ticks? Then it is seen now, if refresh is set. */
static __always_inline bool flow_seen(struct flow_line *line, __u64 hash, __u32 now, __u32 max_age,
				      bool refresh)
{
	__u64 best = ~0ULL >> 1;	/* age and way */

#pragma unroll
	for (__u32 i = 0; i < FLOW_WAYS; i++)
		best = least_of(best, (__u64)flow_age(hash, now, line->way[i]) * FLOW_WAYS + i);
	if (best / FLOW_WAYS > max_age + 1)
		return false;
	if (refresh)
		line->way[best & (FLOW_WAYS - 1)] = flow_mix(hash, now);
	return true;
}

/* It is seen now. */
static __always_inline void flow_put(struct flow_line *line, __u64 hash, __u32 now)
{
	__u64 best = 0;

	/* the flow's own way, else a free one, else the one not seen for longest */
#pragma unroll
	for (__u32 i = 0; i < FLOW_WAYS; i++) {
		__u32 word = line->way[i];
		__u64 own = bit_less(flow_age(hash, now, word), FLOW_OPEN_MASK);
		__u64 free = bit_any(word) ^ 1, age = (now + 1 - word) & FLOW_OPEN_MASK;

		best = most_of(best, (own << 17 | free << 16 | age) << 3 | i);
	}
	line->way[best & (FLOW_WAYS - 1)] = flow_mix(hash, now);
}

#endif
