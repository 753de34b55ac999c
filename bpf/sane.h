/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that no honest host sends, and those that conntrack calls INVALID whatever its table
 * holds. A pure function of struct pkt; what is worst is said first.
 *
 * Also the place where a packet leaves that can't be judged further: not IP, nested too deep, a
 * later fragment.
 */
#ifndef WEIR_SANE_H
#define WEIR_SANE_H

#include <stdbool.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include "bpf/pkt.h"
#include "reason.h"

#define SANE_TCP(flags)	(1ULL << (flags))

/* tcp_valid_flags[] of net/netfilter/nf_conntrack_proto_tcp.c: PSH, ECE and CWR don't matter */
static __always_inline bool tcp_flags_valid(__u8 flags)
{
	const __u64 valid = SANE_TCP(TCP_SYN) | SANE_TCP(TCP_SYN | TCP_URG) |
			    SANE_TCP(TCP_SYN | TCP_ACK) | SANE_TCP(TCP_RST) |
			    SANE_TCP(TCP_RST | TCP_ACK) | SANE_TCP(TCP_FIN | TCP_ACK) |
			    SANE_TCP(TCP_FIN | TCP_ACK | TCP_URG) | SANE_TCP(TCP_ACK) |
			    SANE_TCP(TCP_ACK | TCP_URG);

	return valid >> (flags & ~(TCP_PSH | TCP_ECE | TCP_CWR)) & 1;
}

/*
 * Errors, and queries that have an answer: conntrack can make nothing of other types
 * (nf_conntrack_invert_icmp_tuple() in net/netfilter/nf_conntrack_proto_icmp.c).
 */
static __always_inline bool icmp_valid(__u8 type)
{
	const __u32 valid = 1 << 0 | 1 << 8 |		/* echo */
			    0x3f << 13 |		/* timestamp, information, address mask */
			    1 << 3 | 1 << 4 | 1 << 5 | 1 << 11 | 1 << 12;	/* errors */

	return type < 32 && valid >> type & 1;
}

/*
 * The same for ICMPv6 (nf_conntrack_proto_icmpv6.c): below 128 all are errors; MLD, neighbour
 * discovery and multicast router discovery are not tracked at all, redirects may be related.
 */
static __always_inline bool icmp6_valid(__u8 type)
{
	const __u32 valid = 0x3 |			/* 128 echo */
			    0xff << 2 |			/* 130 MLD, neighbour discovery, redirect */
			    0x3 << 11 |			/* 139 node information */
			    1 << 15 |			/* 143 MLDv2 report */
			    0x3 << 23;			/* 151 multicast router discovery */

	return type < 128 || (type < 160 && valid >> (type & 31) & 1);
}

static __always_inline enum reason sane_icmp(const struct pkt *pkt)
{
	__u8 own = pkt->family == 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

	if (pkt->l4_proto != own)
		return REASON_ICMP_TYPE;	/* the one of the other family */
	if (pkt->family == 6 ? !icmp6_valid(pkt->icmp_type) : !icmp_valid(pkt->icmp_type))
		return REASON_ICMP_TYPE;
	if (pkt->flags & PKT_ICMP_ERROR && !(pkt->flags & PKT_INNER))
		return REASON_ICMP_TYPE;	/* speaks of nothing that can be a flow */
	return REASON_NONE;
}

static __always_inline bool is_loopback(const struct pkt *pkt)
{
	if (pkt->family == 4)
		return (pkt->daddr[0] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
	return !pkt->daddr[0] && !pkt->daddr[1] && !pkt->daddr[2] &&
	       pkt->daddr[3] == bpf_htonl(1);
}

static __always_inline bool is_land(const struct pkt *pkt)
{
	return pkt->saddr[0] == pkt->daddr[0] && pkt->saddr[1] == pkt->daddr[1] &&
	       pkt->saddr[2] == pkt->daddr[2] && pkt->saddr[3] == pkt->daddr[3] &&
	       !is_loopback(pkt);
}

static __always_inline enum reason sane_fragment(const struct pkt *pkt)
{
	/* it would overwrite the flags of the first one: RFC 1858 3.2, RFC 3128 */
	if (pkt->l4_proto == IPPROTO_TCP && pkt->fragment_offset == 1)
		return REASON_FRAGMENT_TINY;
	return REASON_FRAGMENT;
}

static __always_inline enum reason sane_l4(const struct pkt *pkt)
{
	if (pkt->flags & PKT_BAD_L4_HEADER)
		return REASON_L4_HEADER;
	if (pkt->l4_proto == IPPROTO_TCP && !tcp_flags_valid(pkt->tcp_flags))
		return REASON_TCP_FLAGS;
	if (pkt->l4_proto == IPPROTO_ICMP || pkt->l4_proto == IPPROTO_ICMPV6)
		return sane_icmp(pkt);
	if (pkt->l4_proto == IPPROTO_NONE && pkt->family == 6)
		return REASON_L4_HEADER;	/* ipv6_skip_exthdr() finds nothing to track */
	return REASON_NONE;
}

static __always_inline enum reason sane(const struct pkt *pkt)
{
	/* the whole chain of headers belongs into the first fragment: RFC 1858 3.1, RFC 7112 */
	if (pkt->flags & PKT_TRUNCATED)
		return pkt->flags & PKT_FRAGMENT_FIRST ? REASON_FRAGMENT_TINY : REASON_TRUNCATED;
	if (pkt->flags & PKT_BAD_IP_HEADER)
		return REASON_IP_HEADER;
	if (pkt->flags & PKT_NOT_IP)
		return REASON_NOT_IP;
	if (pkt->flags & PKT_BAD_IP_CHECKSUM)
		return REASON_IP_CHECKSUM;
	if (pkt->family && is_land(pkt))
		return REASON_LAND;
	if (pkt->flags & PKT_FRAGMENT_LATER)
		return sane_fragment(pkt);
	if (pkt->flags & PKT_TOO_DEEP)
		return REASON_TOO_DEEP;
	return sane_l4(pkt);
}

#endif
