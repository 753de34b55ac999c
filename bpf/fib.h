/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's routes, asked for the way back to a source, and for the next hop of a packet
 * (net/core/filter.c, bpf_fib_lookup).
 *
 * The kernel answers FWD_DISABLED to everything while the device does not forward, and knows no
 * answer for link-local IPv6: what is no clear answer is FIB_UNSURE.
 */
#ifndef WEIR_FIB_H
#define WEIR_FIB_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "state.h"

/* of linux/bpf.h, whose Debian 12 version does not have them all */
enum fib_flag {
	FIB_DIRECT	= 1 << 0,	/* one table, no rules */
	FIB_SKIP_NEIGH	= 1 << 2,	/* since 6.3 */
	FIB_TBID	= 1 << 3,	/* since 6.5 */
};
enum { FIB_AF_INET = 2, FIB_AF_INET6 = 10 };

enum fib_found {
	FIB_UNSURE,	/* not an answer */
	FIB_ROUTE,	/* *towards: the device it leaves by, or 0 */
	FIB_NONE,	/* no route, or the gateway's own: unicast goes nowhere else */
	FIB_REFUSED,	/* a blackhole, unreachable or prohibit route */
};

/* fe80::/10 and ff00::/8 make the kernel look for no route at all, on either end. */
static __always_inline bool fib_strict6(const __be32 addr[4])
{
	return (addr[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000) ||
	       (addr[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
}

/* The packet turned round, as rules (`ip rule`) see it. */
static __always_inline void fib_query(const struct pkt *pkt, __u32 device,
				      struct bpf_fib_lookup *query)
{
	query->ifindex = device;
	query->l4_protocol = pkt->l4_proto;
	query->sport = pkt->dport;
	query->dport = pkt->sport;
	if (pkt->family == 4) {
		query->family = FIB_AF_INET;
		query->tos = pkt->tos;
		query->ipv4_src = pkt->daddr[0];
		query->ipv4_dst = pkt->saddr[0];
		return;
	}
	query->family = FIB_AF_INET6;
	if (!fib_strict6(pkt->daddr))
		__builtin_memcpy(query->ipv6_src, pkt->daddr, sizeof(query->ipv6_src));
	__builtin_memcpy(query->ipv6_dst, pkt->saddr, sizeof(query->ipv6_dst));
}

/* table: 0 follows the rules; another one needs FEATURE_FIB_TBID. */
static __always_inline enum fib_found fib_look(void *ctx, const struct pkt *pkt, __u32 device,
					       __u32 table, __u32 *towards)
{
	__u32 flags = features & FEATURE_FIB_TBID ? FIB_SKIP_NEIGH : 0;
	struct scratch *scratch = scratch_of_cpu();
	struct bpf_fib_lookup *query;

	*towards = 0;
	if (!scratch)
		return FIB_UNSURE;
	query = &scratch->query;
	__builtin_memset(query, 0, sizeof(*query));
	fib_query(pkt, device, query);
	if (table) {
		flags |= FIB_DIRECT | FIB_TBID;
		__builtin_memcpy(&query->h_vlan_proto, &table, sizeof(table));	/* its tbid */
	}
	switch (bpf_fib_lookup(ctx, query, sizeof(*query), flags)) {
	case BPF_FIB_LKUP_RET_SUCCESS:
	case BPF_FIB_LKUP_RET_NO_NEIGH:
	case BPF_FIB_LKUP_RET_FRAG_NEEDED:
		*towards = query->ifindex;
		return FIB_ROUTE;
	case BPF_FIB_LKUP_RET_UNSUPP_LWT:	/* before it says where to */
		return FIB_ROUTE;
	case BPF_FIB_LKUP_RET_BLACKHOLE:
	case BPF_FIB_LKUP_RET_UNREACHABLE:
	case BPF_FIB_LKUP_RET_PROHIBIT:
		return FIB_REFUSED;
	case BPF_FIB_LKUP_RET_NOT_FWDED:
		return FIB_NONE;
	default:
		return FIB_UNSURE;
	}
}

/*
 * The next hop of a packet, in query: ifindex, smac, dmac. False, if the kernel has more to do than
 * to send it there: it is for this machine, too long for the way, its neighbour is not known ...
 */
static __always_inline bool fib_next_hop(void *ctx, const struct pkt *pkt, __u32 device,
					 struct bpf_fib_lookup *query)
{
	__u32 bytes = pkt->bytes - pkt->l3_offset;	/* what the device has to send, padding too */

	if (bytes > 0xffff)
		return false;
	query->ifindex = device;
	query->l4_protocol = pkt->l4_proto;
	query->sport = pkt->sport;
	query->dport = pkt->dport;
	query->tot_len = bytes;
	if (pkt->family == 4) {
		query->family = FIB_AF_INET;
		query->tos = pkt->tos;
		query->ipv4_src = pkt->saddr[0];
		query->ipv4_dst = pkt->daddr[0];
	} else {
		query->family = FIB_AF_INET6;
		query->flowinfo = bpf_htonl(pkt->tos << 20);
		__builtin_memcpy(query->ipv6_src, pkt->saddr, sizeof(query->ipv6_src));
		__builtin_memcpy(query->ipv6_dst, pkt->daddr, sizeof(query->ipv6_dst));
	}
	return bpf_fib_lookup(ctx, query, sizeof(*query), 0) == BPF_FIB_LKUP_RET_SUCCESS;
}

#endif
