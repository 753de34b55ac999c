/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What conntrack knows of this packet: known, related, stray, or nothing yet and it may open a
 * flow (no reason: the budgets decide).
 *
 * The kernel's own table is asked, so both directions of a flow are known, also the reply tuple
 * of a masqueraded one. A TCP SYN is the exception: it is what opens a flow, and a flood is made
 * of it, so no look-up is spent. What net/netfilter/nf_conntrack_proto_*.c would let open an entry
 * may open a flow here; what it would call INVALID is stray. Protocols that the kernel can't be
 * asked about from BPF (all but TCP and UDP) are never stray: their replies pass unjudged.
 */
#ifndef WEIR_TRACK_H
#define WEIR_TRACK_H

#include <linux/in.h>
#include <linux/in6.h>
#include "conntrack.h"
#include "scene.h"

/* RFC 792, RFC 4443; the kernel's header does not compile for BPF on every distribution */
enum icmp_message {
	ICMP4_REPLY = 0, ICMP4_ECHO = 8, ICMP4_TIMESTAMP = 13, ICMP4_INFO = 15, ICMP4_ADDRESS = 17,
	ICMP6_ECHO = 128, ICMP6_NODE_QUERY = 139,
};

/* an ICMP message that asks: only these open an entry (nf_conntrack_proto_icmp.c, _icmpv6.c) */
static __always_inline bool icmp_asks(const struct pkt *pkt)
{
	if (pkt->family == 6)
		return pkt->icmp_type == ICMP6_ECHO || pkt->icmp_type == ICMP6_NODE_QUERY;
	return pkt->icmp_type == ICMP4_ECHO || pkt->icmp_type == ICMP4_TIMESTAMP ||
	       pkt->icmp_type == ICMP4_INFO || pkt->icmp_type == ICMP4_ADDRESS;
}

static __always_inline enum conntrack_found track_look(void *ctx, const struct pkt *pkt)
{
	const struct conntrack_key key = {
		.saddr = pkt->saddr, .daddr = pkt->daddr, .sport = pkt->sport, .dport = pkt->dport,
		.family = pkt->family, .l4_proto = pkt->l4_proto,
	};

	return conntrack_look(ctx, &key);
}

static __always_inline enum reason track_tcp(void *ctx, const struct pkt *pkt)
{
	if ((pkt->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN)
		return REASON_NONE;
	switch (track_look(ctx, pkt)) {
	case CONNTRACK_FOUND:
		return REASON_KNOWN;
	case CONNTRACK_ABSENT:
		/* conntrack picks a flow up in the middle only at a plain ACK */
		if ((pkt->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_ACK)
			return REASON_NONE;
		return REASON_STRAY;
	default:
		return REASON_CLEAN;
	}
}

/* The packet that an ICMP error speaks of, turned round, is the one that would come next. */
static __always_inline enum reason track_icmp_error(void *ctx, const struct pkt *pkt)
{
	const struct conntrack_key key = {
		.saddr = pkt->inner_daddr, .daddr = pkt->inner_saddr,
		.sport = pkt->inner_dport, .dport = pkt->inner_sport,
		.family = pkt->family, .l4_proto = pkt->inner_proto,
	};

	switch (conntrack_look(ctx, &key)) {
	case CONNTRACK_FOUND:
		return REASON_RELATED;
	case CONNTRACK_ABSENT:
		return REASON_STRAY;
	default:
		return REASON_CLEAN;
	}
}

static __always_inline enum reason track(void *ctx, const struct pkt *pkt,
					 const struct scene *scene)
{
	(void)scene;
	if (pkt->l4_proto == IPPROTO_TCP)
		return track_tcp(ctx, pkt);
	if (pkt->l4_proto == IPPROTO_UDP)
		return track_look(ctx, pkt) == CONNTRACK_FOUND ? REASON_KNOWN : REASON_NONE;
	if (pkt->l4_proto == IPPROTO_ICMP || pkt->l4_proto == IPPROTO_ICMPV6) {
		if (pkt->flags & PKT_INNER)
			return track_icmp_error(ctx, pkt);
		return icmp_asks(pkt) ? REASON_NONE : REASON_CLEAN;
	}
	return REASON_NONE;
}

#endif
