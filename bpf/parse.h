/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes -> struct pkt. The only file with packet pointers; no maps, no helpers, so that it also
 * compiles natively and is fuzzed.
 *
 * It states facts and judges nothing: what is wrong with a packet is a flag, and sane.h turns the
 * flags into reasons. Reading stops at the first header that can't be trusted; what was read
 * before it stays in struct pkt, the rest is 0.
 *
 * Two ends bound what is read. data_end: behind it there is no memory. The end of the IP packet,
 * as its length says: behind it there is padding. A header that crosses the second one, or the
 * end of the frame, is PKT_TRUNCATED (in a first fragment: simply not there, see sane.h). One
 * that the frame has, but not before data_end (a multi-buffer frame that keeps its headers in the
 * second buffer), is PKT_TOO_DEEP: nobody's fault, and passed.
 */
#ifndef WEIR_PARSE_H
#define WEIR_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include "bpf/pkt.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define PARSE_VLAN_TAGS		2
#define PARSE_EXTENSIONS	6	/* RFC 8200 4.1 names no more before the upper layer */
#define PARSE_INNER_EXTENSIONS	2
#define PARSE_OFFSET_MAX	0x7ff	/* bytes into the frame; 2^n - 1 */

/* The compiler forgets how it computed x: what is checked is then what is used. */
#define PARSE_HIDE(x) __asm__ volatile("" : "+r"(x))

/* Where packet pointers come from, and where they end. */
struct frame {
	const __u8	*data;
	const __u8	*data_end;
	__u32		bytes;		/* whole frame, padding included */
	__u32		ip_end;		/* offset behind the IP packet */
	__u32		unknown;	/* any bytes of the frame, never compared: see merge() */
};

struct vlan_tag {
	__be16	tci;
	__be16	proto;
};

struct pppoe_session {		/* RFC 2516, with the PPP protocol number */
	__u8	version_type;
	__u8	code;
	__be16	session;
	__be16	length;
	__be16	proto;
};

struct ipv6_extension {		/* RFC 8200 4; AH counts in other units: RFC 4302 */
	__u8	next;
	__u8	length;
	__be16	fragment;	/* only in the fragment header, where length is reserved */
	__be32	rest;
};

struct ports_header {		/* TCP, UDP, UDP-Lite, SCTP and DCCP agree on 4 bytes */
	__be16	sport;
	__be16	dport;
	__be16	udp_length;
	__be16	udp_checksum;
};

struct tcp_header {		/* RFC 9293 3.1 */
	__be16	sport;
	__be16	dport;
	__be32	seq;
	__be32	ack;
	__u8	data_offset;	/* upper nibble, in words */
	__u8	flags;
	__be16	window;
	__be16	checksum;
	__be16	urgent;
};

struct gre_header {		/* RFC 2784, RFC 2637 */
	__be16	flags;		/* the version is the lowest 3 bits */
	__be16	proto;
	__be16	length;
	__be16	call;
};

struct icmp_header {		/* ICMP (RFC 792) and ICMPv6 (RFC 4443) */
	__u8	type;
	__u8	code;
	__be16	checksum;
	__be16	id;		/* of queries */
	__be16	sequence;
};

/*
 * The same value, but the verifier takes it for an unknown one: paths that differ only by it are
 * one path from here on. Without it the rest is read once for each number of tags, each chain of
 * extension headers and each set of flags.
 */
static __always_inline __u32 merge(const struct frame *frame, __u32 value)
{
	value ^= frame->unknown;
	PARSE_HIDE(value);
	return value ^ frame->unknown;
}

/* Is there no memory from at on? The compiler must not fold data_end into its own arithmetic. */
static __always_inline bool is_behind(const struct frame *frame, const void *at)
{
	const __u8 *data_end = frame->data_end;

	PARSE_HIDE(data_end);
	return (const __u8 *)at > data_end;
}

/* Pointer to size bytes at offset, or NULL: data_end or PARSE_OFFSET_MAX come first. */
static __always_inline const void *frame_at(const struct frame *frame, __u32 offset, __u32 size)
{
	const __u8 *at;

	if (offset > PARSE_OFFSET_MAX)
		return NULL;
	PARSE_HIDE(offset);
	offset &= PARSE_OFFSET_MAX;	/* same bounds on every path: the verifier merges them */
	at = frame->data + offset;
	PARSE_HIDE(at);
	return is_behind(frame, at + size) ? NULL : at;
}

/* The same for what must lie inside of the IP packet; says in pkt->flags why it is not there. */
static __always_inline const void *header_at(const struct frame *frame, __u32 offset, __u32 size,
					     struct pkt *pkt)
{
	const void *at;

	if (offset + size > frame->ip_end) {
		pkt->flags |= PKT_TRUNCATED;
		return NULL;
	}
	at = frame_at(frame, offset, size);
	if (!at)
		pkt->flags |= PKT_TOO_DEEP;
	return at;
}

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

/* ICMP messages that quote the packet they complain about (icmp_is_err() in the kernel) */
static __always_inline bool icmp_is_error(__u8 family, __u8 type)
{
	if (family == 6)
		return type < 128;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* ICMP messages with an identifier that ties question and answer: conntrack's invmap[] */
static __always_inline bool icmp_is_query(__u8 family, __u8 type)
{
	if (family == 6)
		return type == 128 || type == 129 || type == 139 || type == 140;
	return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

static __always_inline bool has_ports(__u8 l4_proto)
{
	return l4_proto == IPPROTO_TCP || l4_proto == IPPROTO_UDP || l4_proto == IPPROTO_SCTP ||
	       l4_proto == IPPROTO_DCCP || l4_proto == IPPROTO_UDPLITE;
}

/* Is it an extension header, one that can be stepped over? */
static __always_inline bool is_extension(__u8 proto)
{
	const __u64 extensions = 1ULL << IPPROTO_HOPOPTS | 1ULL << IPPROTO_ROUTING |
				 1ULL << IPPROTO_FRAGMENT | 1ULL << IPPROTO_AH |
				 1ULL << IPPROTO_DSTOPTS;

	return proto < 64 && extensions >> proto & 1;
}

static __always_inline __u32 extension_size(__u8 proto, __u8 length)
{
	if (proto == IPPROTO_FRAGMENT)
		return 8;		/* the byte is reserved and may hold anything */
	if (proto == IPPROTO_AH)
		return (length + 2) * 4;
	return (length + 1) * 8;
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

/* Flows of GRE have no ports. conntrack takes version 1 (RFC 2637) with nothing but PPP inside. */
static __always_inline void parse_gre(const struct frame *frame, __u32 offset, struct pkt *pkt)
{
	const struct gre_header *gre;

	pkt->flags |= PKT_HAS_L4;
	pkt->payload = bytes_between(offset, frame->ip_end);
	if (pkt->payload < sizeof(*gre))
		return;
	gre = header_at(frame, offset, sizeof(*gre), pkt);
	if (gre && (gre->flags & bpf_htons(7)) == bpf_htons(1) && gre->proto != bpf_htons(0x880b))
		pkt->flags |= PKT_BAD_L4_HEADER;
}

static __always_inline void parse_l4(const struct frame *frame, __u32 offset, struct pkt *pkt)
{
	pkt->l4_offset = offset;
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

/*
 * What a fragment is: offset and length of its payload in bytes; more: it is not the last one.
 * False: it has no L4 header.
 */
static __always_inline bool parse_fragment(__u32 offset, __u32 length, bool more, struct pkt *pkt)
{
	pkt->fragment_offset = offset / 8 > 255 ? 255 : offset / 8;
	if (offset + length > 0xffff && (offset || more))
		pkt->flags |= PKT_BAD_IP_HEADER;	/* reassembled, it would be too long */
	if (offset)
		pkt->flags |= PKT_FRAGMENT_LATER;
	else if (more)
		pkt->flags |= PKT_FRAGMENT_FIRST;
	return !offset;
}

/* RFC 1071 over a header of size bytes, 20 of them known to be there */
static __always_inline void check_ip4_sum(const struct frame *frame, const struct iphdr *ip,
					  __u32 size, struct pkt *pkt)
{
	const __be32 *word = (const __be32 *)ip;
	__u64 sum = 0;

	for (__u32 i = 0; i < 5; i++)
		sum += word[i];
	for (__u32 i = 5; i < 15 && i * 4 < size; i++) {
		if (is_behind(frame, word + i + 1)) {
			pkt->flags |= PKT_TOO_DEEP;
			return;
		}
		sum += word[i];
	}
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	if (sum != 0xffff)
		pkt->flags |= PKT_BAD_IP_CHECKSUM;
}

/* IP headers: return the offset of the L4 header, 0 if there is none to be read. */
static __always_inline __u32 parse_ip4(struct frame *frame, __u32 offset, struct pkt *pkt)
{
	const struct iphdr *ip = header_at(frame, offset, sizeof(*ip), pkt);
	__u32 size, total, fragment;
	bool whole;

	pkt->family = 4;
	if (!ip)
		return 0;
	pkt->saddr[0] = ip->saddr;
	pkt->daddr[0] = ip->daddr;
	pkt->l4_proto = ip->protocol;
	pkt->ttl = ip->ttl;
	pkt->tos = ip->tos;
	size = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (!total && frame->bytes > 0xffff)	/* merged by GRO beyond what the field can say */
		total = frame->bytes - offset;
	if (ip->version != 4 || size < sizeof(*ip) || total < size) {
		pkt->flags |= PKT_BAD_IP_HEADER;
		return 0;
	}
	frame->ip_end = offset + total;
	if (frame->ip_end > frame->bytes) {
		pkt->flags |= PKT_TRUNCATED;
		return 0;
	}
	fragment = bpf_ntohs(ip->frag_off);
	whole = parse_fragment((fragment & 0x1fff) * 8, total - size, fragment & 0x2000, pkt);
	offset = merge(frame, whole ? offset + size : 0);
	check_ip4_sum(frame, ip, size, pkt);
	return offset;
}

/* The fragment header of a packet, where its payload begins; both 0: there is none. */
struct fragment6 {
	__u32	field;		/* offset in bytes and the M bit; the two reserved bits are ignored */
	__u32	payload;
};

/*
 * Moves *offset behind the extension headers, and pkt->l4_proto with it, or to the payload of a
 * later fragment. False, with a flag in pkt: the chain is broken or too long.
 */
static __always_inline bool skip_extensions(const struct frame *frame, __u32 *offset,
					    struct fragment6 *fragment, struct pkt *pkt)
{
	const struct ipv6_extension *extension;
	__u8 proto;

	for (int i = 0; i < PARSE_EXTENSIONS && is_extension(pkt->l4_proto); i++) {
		extension = header_at(frame, *offset, sizeof(*extension), pkt);
		if (!extension)
			return false;
		proto = pkt->l4_proto;
		pkt->l4_proto = extension->next;
		*offset = merge(frame, *offset + extension_size(proto, extension->length));
		if (proto != IPPROTO_FRAGMENT)
			continue;
		fragment->field = merge(frame, bpf_ntohs(extension->fragment) & 0xfff9);
		fragment->payload = *offset;
		if (fragment->field & 0xfff8)
			return true;
	}
	if (!is_extension(pkt->l4_proto))
		return true;
	pkt->flags |= PKT_TOO_DEEP;
	return false;
}

static __always_inline __u32 parse_ip6(struct frame *frame, __u32 offset, struct pkt *pkt)
{
	const struct ipv6hdr *ip = header_at(frame, offset, sizeof(*ip), pkt);
	struct fragment6 fragment = {};
	__u32 length;
	bool readable;

	pkt->family = 6;
	if (!ip)
		return 0;
	set_address6(pkt->saddr, &ip->saddr);
	set_address6(pkt->daddr, &ip->daddr);
	pkt->l4_proto = ip->nexthdr;
	pkt->ttl = ip->hop_limit;
	pkt->tos = bpf_ntohs(*(const __be16 *)ip) >> 4;
	length = bpf_ntohs(ip->payload_len);
	if (ip->version != 6) {
		pkt->flags |= PKT_BAD_IP_HEADER;
		return 0;
	}
	offset += sizeof(*ip);
	frame->ip_end = offset + length;
	if (!length && pkt->l4_proto == IPPROTO_HOPOPTS)	/* a jumbogram, RFC 2675 */
		frame->ip_end = frame->bytes;
	if (frame->ip_end > frame->bytes) {
		pkt->flags |= PKT_TRUNCATED;
		return 0;
	}
	frame->ip_end = merge(frame, frame->ip_end);
	readable = skip_extensions(frame, &offset, &fragment, pkt);
	pkt->flags = merge(frame, pkt->flags);
	fragment.field = merge(frame, fragment.field);
	if (!fragment.field)
		return readable ? offset : 0;
	length = frame->ip_end - fragment.payload;
	if (fragment.field & 1 && length % 8)	/* RFC 8200 4.5: discarded by everybody */
		pkt->flags |= PKT_BAD_IP_HEADER;
	if (!parse_fragment(fragment.field & 0xfff8, length, fragment.field & 1, pkt))
		return 0;
	return readable ? offset : 0;
}

/* Ethernet, tags, PPPoE: returns the Ethernet type of what follows at *offset, or sets a flag. */
static __always_inline __be16 parse_link(struct frame *frame, __u32 *offset, struct pkt *pkt)
{
	const struct ethhdr *eth = header_at(frame, 0, sizeof(*eth), pkt);
	const struct vlan_tag *tag;
	const struct pppoe_session *pppoe;
	__u32 length;
	__be16 proto;

	if (!eth)
		return 0;
	proto = eth->h_proto;
	frame->unknown = *(const __u32 *)eth->h_dest;
	*offset = merge(frame, sizeof(*eth));
	for (int i = 0; i < PARSE_VLAN_TAGS; i++) {
		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		tag = header_at(frame, *offset, sizeof(*tag), pkt);
		if (!tag)
			return 0;
		pkt->vlan_tags++;
		proto = tag->proto;
		*offset = merge(frame, *offset + sizeof(*tag));
	}
	if (proto == bpf_htons(ETH_P_8021Q) || proto == bpf_htons(ETH_P_8021AD)) {
		pkt->flags |= PKT_TOO_DEEP;
		return 0;
	}
	if (proto != bpf_htons(ETH_P_PPP_SES))
		return proto;
	pppoe = header_at(frame, *offset, sizeof(*pppoe), pkt);
	if (!pppoe)
		return 0;
	length = *offset + offsetof(struct pppoe_session, proto) + bpf_ntohs(pppoe->length);
	if (length > frame->bytes) {
		pkt->flags |= PKT_TRUNCATED;
		return 0;
	}
	frame->bytes = length;		/* the rest is padding, whatever IP says */
	frame->ip_end = length;
	*offset += sizeof(*pppoe);
	if (pppoe->proto == bpf_htons(0x0021))
		return bpf_htons(ETH_P_IP);
	if (pppoe->proto == bpf_htons(0x0057))
		return bpf_htons(ETH_P_IPV6);
	return bpf_htons(ETH_P_PPP_SES);
}

/* No Ethernet header: the version nibble is all there is. */
static __always_inline __be16 parse_version(struct frame *frame, struct pkt *pkt)
{
	const __u8 *first = header_at(frame, 0, 4, pkt);

	if (!first)
		return 0;
	frame->unknown = *(const __u32 *)first;
	if (*first >> 4 == 4)
		return bpf_htons(ETH_P_IP);
	if (*first >> 4 == 6)
		return bpf_htons(ETH_P_IPV6);
	return bpf_htons(ETH_P_PPP_SES);
}

/*
 * Fills all of pkt. data .. data_end: the linear part of the frame. bytes: the whole frame, as
 * bpf_xdp_get_buff_len() or skb->len tell it; not less than data_end - data.
 * l3: the frame begins with the IP header (tun, ppp, wireguard).
 */
static __always_inline void parse(const void *data, const void *data_end, __u32 bytes, bool l3,
				  struct pkt *pkt)
{
	struct frame frame = { .data = data, .data_end = data_end, .bytes = bytes, .ip_end = bytes };
	__u32 offset = 0;
	__be16 proto;

	__builtin_memset(pkt, 0, sizeof(*pkt));
	pkt->bytes = bytes;
	proto = l3 ? parse_version(&frame, pkt) : parse_link(&frame, &offset, pkt);
	if (pkt->flags)
		return;
	pkt->l3_offset = offset;
	offset = merge(&frame, offset);
	if (proto == bpf_htons(ETH_P_IP))
		offset = parse_ip4(&frame, offset, pkt);
	else if (proto == bpf_htons(ETH_P_IPV6))
		offset = parse_ip6(&frame, offset, pkt);
	else
		pkt->flags |= PKT_NOT_IP;
	if (!pkt->family || !offset)
		return;
	pkt->flags = merge(&frame, pkt->flags);
	frame.ip_end = merge(&frame, frame.ip_end);
	parse_l4(&frame, merge(&frame, offset), pkt);
	pkt->flags = merge(&frame, pkt->flags);
}

#endif
