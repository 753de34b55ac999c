/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The half of parse.h behind the IP header: ports, TCP, ICMP, and what an ICMP error quotes.
 */
#ifndef WEIR_PARSE_L4_H
#define WEIR_PARSE_L4_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include "bpf/frame.h"
#include "bpf/wire.h"

#define PARSE_INNER_EXTENSIONS	2

static __always_inline void set_address6(__be32 to[4], const struct in6_addr *from)
{
	to[0] = from->s6_addr32[0];
	to[1] = from->s6_addr32[1];
	to[2] = from->s6_addr32[2];
	to[3] = from->s6_addr32[3];
}

static __always_inline __u16 bytes_between(__u32 from, __u32 to)
{
	__u32 bytes = to > from ? to - from : 0;

	return bytes > 0xffff ? 0xffff : bytes;
}

/*
 * What an ICMP error quotes of the flow it speaks of. PKT_INNER is set only if conntrack could
 * make a tuple of it, and of its answer (nf_conntrack_inet_error() in the kernel).
 */
static __always_inline void parse_inner_l4(const struct frame *frame, __u32 offset,
					   struct pkt *pkt)
{
	const struct icmp_header *icmp;
	const struct ports_header *ports;

	if (has_ports(pkt->inner_proto)) {
		ports = header_at(frame, offset, 4, pkt);
		if (!ports)
			return;
		pkt->inner_sport = ports->sport;
		pkt->inner_dport = ports->dport;
	}
	if (pkt->inner_proto == (pkt->family == 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
		icmp = header_at(frame, offset, sizeof(*icmp), pkt);
		if (!icmp || !icmp_is_query(pkt->family, icmp->type))
			return;
		pkt->inner_sport = icmp->id;
	}
	pkt->flags |= PKT_INNER;
}

static __always_inline void parse_inner4(const struct frame *frame, __u32 offset, struct pkt *pkt)
{
	const struct iphdr *ip = header_at(frame, offset, sizeof(*ip), pkt);

	if (!ip)
		return;
	pkt->inner_saddr[0] = ip->saddr;
	pkt->inner_daddr[0] = ip->daddr;
	pkt->inner_proto = ip->protocol;
	if (ip->frag_off & bpf_htons(0x1fff))
		return;
	parse_inner_l4(frame, offset + ip->ihl * 4, pkt);
}

static __always_inline void parse_inner6(const struct frame *frame, __u32 offset, struct pkt *pkt)
{
	const struct ipv6hdr *ip = header_at(frame, offset, sizeof(*ip), pkt);
	const struct ipv6_extension *extension;
	__u8 proto;

	if (!ip)
		return;
	set_address6(pkt->inner_saddr, &ip->saddr);
	set_address6(pkt->inner_daddr, &ip->daddr);
	pkt->inner_proto = ip->nexthdr;
	offset += sizeof(*ip);
	for (int i = 0; i < PARSE_INNER_EXTENSIONS && is_extension(pkt->inner_proto); i++) {
		extension = header_at(frame, offset, sizeof(*extension), pkt);
		if (!extension)
			return;
		proto = pkt->inner_proto;
		pkt->inner_proto = extension->next;
		if (proto == IPPROTO_FRAGMENT && extension->fragment & bpf_htons(0xfff8))
			return;
		offset = merge(frame, offset + extension_size(proto, extension->length));
	}
	if (is_extension(pkt->inner_proto)) {
		pkt->flags |= PKT_TOO_DEEP;
		return;
	}
	parse_inner_l4(frame, offset, pkt);
}

static __always_inline void parse_tcp(const struct frame *frame, __u32 offset, struct pkt *pkt)
{
	const struct tcp_header *tcp = header_at(frame, offset, sizeof(*tcp), pkt);
	__u32 size;

	if (!tcp)
		return;
	pkt->flags |= PKT_HAS_L4;
	pkt->sport = tcp->sport;
	pkt->dport = tcp->dport;
	pkt->tcp_seq = bpf_ntohl(tcp->seq);
	pkt->tcp_ack = bpf_ntohl(tcp->ack);
	pkt->tcp_flags = tcp->flags;
	pkt->tcp_window = bpf_ntohs(tcp->window);
	size = (tcp->data_offset >> 4) * 4;
	if (size > sizeof(*tcp))
		pkt->flags |= PKT_TCP_OPTIONS;
	if (size < sizeof(*tcp))
		pkt->flags |= PKT_BAD_L4_HEADER;
	if (offset + size > frame->ip_end && !(pkt->flags & PKT_FRAGMENT_FIRST))
		pkt->flags |= PKT_BAD_L4_HEADER;
	pkt->payload = bytes_between(offset + size, frame->ip_end);
}

static __always_inline void parse_udp(const struct frame *frame, __u32 offset, struct pkt *pkt)
{
	const struct ports_header *udp = header_at(frame, offset, sizeof(*udp), pkt);
	__u32 length;

	if (!udp)
		return;
	pkt->flags |= PKT_HAS_L4;
	pkt->sport = udp->sport;
	pkt->dport = udp->dport;
	length = bpf_ntohs(udp->udp_length);
	if (length < sizeof(*udp))
		pkt->flags |= PKT_BAD_L4_HEADER;
	if (offset + length > frame->ip_end && !(pkt->flags & PKT_FRAGMENT_FIRST))
		pkt->flags |= PKT_BAD_L4_HEADER;
	pkt->payload = bytes_between(offset + sizeof(*udp), frame->ip_end);
}

/* SCTP and DCCP headers have 12 bytes at least, UDP-Lite 8 (its length field is a coverage). */
static __always_inline void parse_ports(const struct frame *frame, __u32 offset, struct pkt *pkt)
{
	__u32 size = pkt->l4_proto == IPPROTO_UDPLITE ? 8 : 12;
	const struct ports_header *ports = header_at(frame, offset, size, pkt);

	if (!ports)
		return;
	pkt->flags |= PKT_HAS_L4;
	pkt->sport = ports->sport;
	pkt->dport = ports->dport;
	pkt->payload = bytes_between(offset + size, frame->ip_end);
}

static __always_inline void parse_icmp(const struct frame *frame, __u32 offset, struct pkt *pkt)
{
	const struct icmp_header *icmp = header_at(frame, offset, sizeof(*icmp), pkt);

	if (!icmp)
		return;
	pkt->flags |= PKT_HAS_L4;
	pkt->icmp_type = icmp->type;
	pkt->icmp_code = icmp->code;
	offset += sizeof(*icmp);
	pkt->payload = bytes_between(offset, frame->ip_end);
	if (icmp_is_query(pkt->family, icmp->type))
		pkt->sport = icmp->id;
	if (!icmp_is_error(pkt->family, icmp->type))
		return;
	pkt->flags |= PKT_ICMP_ERROR;
	if (pkt->family == 6)
		parse_inner6(frame, offset, pkt);
	else
		parse_inner4(frame, offset, pkt);
}

/*
 * Flows of GRE have no ports. conntrack takes version 1 (RFC 2637) with nothing but PPP inside, and
 * each call is an entry of its own (gre_pkt_to_tuple() in nf_conntrack_proto_gre.c).
 */
static __always_inline void parse_gre(const struct frame *frame, __u32 offset, struct pkt *pkt)
{
	const struct gre_header *gre;

	pkt->flags |= PKT_HAS_L4;
	pkt->payload = bytes_between(offset, frame->ip_end);
	if (pkt->payload < sizeof(*gre))
		return;
	gre = header_at(frame, offset, sizeof(*gre), pkt);
	if (!gre || (gre->flags & bpf_htons(7)) != bpf_htons(1))
		return;
	pkt->sport = gre->call;
	if (gre->proto != bpf_htons(0x880b))
		pkt->flags |= PKT_BAD_L4_HEADER;
}

static __always_inline void parse_l4(const struct frame *frame, __u32 offset, struct pkt *pkt)
{
	pkt->l4_offset = offset;
	pkt->l4_bytes = bytes_between(offset, frame->ip_end);
	switch (pkt->l4_proto) {
	case IPPROTO_TCP:
		return parse_tcp(frame, offset, pkt);
	case IPPROTO_UDP:
		return parse_udp(frame, offset, pkt);
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_UDPLITE:
		return parse_ports(frame, offset, pkt);
	case IPPROTO_GRE:
		return parse_gre(frame, offset, pkt);
	case IPPROTO_ICMP:
		if (pkt->family == 4)
			return parse_icmp(frame, offset, pkt);
		break;
	case IPPROTO_ICMPV6:
		if (pkt->family == 6)
			return parse_icmp(frame, offset, pkt);
		break;
	}
	pkt->flags |= PKT_HAS_L4;
	pkt->payload = bytes_between(offset, frame->ip_end);
}

#endif
