/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Budgets of groups of flows that nobody can list beforehand: each /24 or /48 of sources, each
 * destination. They share one table of seats.
 *
 * Keys: bit 63 tells destinations from aggregates. An aggregate is its 24 or 48 address bits. An
 * IPv4 destination is address, port and protocol as they are; an IPv6 one is 63 bits of a keyed
 * hash of them, since they do not fit: two of a million destinations meet with a chance of one in
 * 10^7, and would then share one budget.
 */
#ifndef WEIR_GROUP_H
#define WEIR_GROUP_H

#include "source.h"

#define GROUP_DESTINATION	(1ULL << 63)

struct group {
	__u64		key;
	__u64		who;
	__u32		line;
	struct seat	seat;
};

static __always_inline struct group group_aggregate(const struct pkt *pkt, __u8 role)
{
	__u64 upper = address_half(pkt->saddr[0], pkt->saddr[1]);

	return (struct group){
		.key = pkt->family == 6 ? upper >> 16 : upper >> 40,
		.who = who_is(pkt->family, role),
	};
}

static __always_inline struct group group_destination(const struct pkt *pkt, __u8 role,
						      const volatile __u64 key[4])
{
	__u64 service = (__u64)pkt->l4_proto << 16 | pkt->dport;
	struct group group = { .who = who_is(pkt->family, role) };

	if (pkt->family == 6)
		group.key = hash_pair(hash_pair(address_half(pkt->daddr[0], pkt->daddr[1]),
						address_half(pkt->daddr[2], pkt->daddr[3]), key),
				      service, key);
	else
		group.key = (__u64)pkt->daddr[0] << 24 | service;
	group.key |= GROUP_DESTINATION;
	return group;
}

static __always_inline __u64 group_hash(const struct group *group, const volatile __u64 key[4])
{
	return hash_word(group->key ^ group->who, key);
}

#endif
