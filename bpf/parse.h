/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes -> struct pkt. Packet pointers live here, in parse_l4.h and in frame.h, nowhere else; no
 * maps, no helpers, so that it also compiles natively and is fuzzed.
 *
 * It states facts and judges nothing: what is wrong with a packet is a flag, and sane.h turns the
 * flags into reasons. Reading stops at the first header that can't be trusted; what was read
 * before it stays in struct pkt, the rest is 0.
 *
 * L4 checksums are not looked at: a sender on a veth or virtio device leaves them to an offload
 * that never happens, and its packets are good.
 */
#ifndef WEIR_PARSE_H
#define WEIR_PARSE_H

#include <linux/if_ether.h>
#include "bpf/parse_l4.h"

#define PARSE_VLAN_TAGS		2
#define PARSE_EXTENSIONS	6	/* RFC 8200 4.1 names no more before the upper layer */

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
		fragment->field |= merge(frame, bpf_ntohs(extension->fragment) & 0xfff9);
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
	/* a jumbogram, RFC 2675, or merged by GRO beyond what the field can say */
	if (!length && (pkt->l4_proto == IPPROTO_HOPOPTS || frame->bytes > 0xffff))
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

