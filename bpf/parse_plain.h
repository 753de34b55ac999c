/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The packet that nearly all are: Ethernet, IPv4 without options or fragments, TCP or UDP, and sound
 * as far as parse.h looks. It is read in one go, with one question for where the memory ends.
 *
 * Whatever is not like that is left to parse(), which knows what to say of it; what is read here is
 * what parse() would have read (tests/parse.c and the fuzzer hold one against the other).
 */
#ifndef WEIR_PARSE_PLAIN_H
#define WEIR_PARSE_PLAIN_H

#include <linux/if_ether.h>
#include "bpf/parse_l4.h"

#define PLAIN_L3	sizeof(struct ethhdr)
#define PLAIN_L4	(PLAIN_L3 + sizeof(struct iphdr))
#define PLAIN_VERSION	0x45	/* version and header length */

/* RFC 1071 over a header without options */
static __always_inline bool plain_sum_right(const struct iphdr *ip)
{
	const __be32 *word = (const __be32 *)ip;
	__u64 sum = (__u64)word[0] + word[1] + word[2] + word[3] + word[4];

	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* ip_end: where the IP packet ends in the frame. False: something is wrong with it. */
static __always_inline bool plain_tcp(const struct tcp_header *tcp, __u32 ip_end, struct pkt *pkt)
{
	__u32 size = (tcp->data_offset >> 4) * 4;

	if (size < sizeof(*tcp) || PLAIN_L4 + size > ip_end)
		return false;
	pkt->flags = size > sizeof(*tcp) ? PKT_HAS_L4 | PKT_TCP_OPTIONS : PKT_HAS_L4;
	pkt->tcp_seq = bpf_ntohl(tcp->seq);
	pkt->tcp_ack = bpf_ntohl(tcp->ack);
	pkt->tcp_flags = tcp->flags;
	pkt->tcp_window = bpf_ntohs(tcp->window);
	pkt->payload = ip_end - PLAIN_L4 - size;
	return true;
}

static __always_inline bool plain_udp(const struct ports_header *udp, __u32 ip_end, struct pkt *pkt)
{
	__u32 length = bpf_ntohs(udp->udp_length);

	if (length < sizeof(*udp) || PLAIN_L4 + length > ip_end)
		return false;
	pkt->flags = PKT_HAS_L4;
	pkt->payload = ip_end - PLAIN_L4 - sizeof(*udp);
	return true;
}

/* As parse(), of a frame with an Ethernet header. False: it is not plain, and pkt is void. */
static __always_inline bool parse_plain(const void *data, const void *data_end, __u32 bytes,
					struct pkt *pkt)
{
	const struct ethhdr *eth = data;
	const struct iphdr *ip = data + PLAIN_L3;
	const struct ports_header *ports = data + PLAIN_L4;
	const struct tcp_header *tcp = data + PLAIN_L4;
	__u32 ip_end;

	if ((const void *)(ports + 1) > data_end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	    *(const __u8 *)ip != PLAIN_VERSION || ip->frag_off & bpf_htons(0x3fff))
		return false;
	ip_end = PLAIN_L3 + bpf_ntohs(ip->tot_len);
	if (ip_end > bytes || ip_end < PLAIN_L4 + sizeof(*ports) || !plain_sum_right(ip))
		return false;
	__builtin_memset(pkt, 0, sizeof(*pkt));
	if (ip->protocol == IPPROTO_TCP) {
		if ((const void *)(tcp + 1) > data_end || !plain_tcp(tcp, ip_end, pkt))
			return false;
	} else if (ip->protocol != IPPROTO_UDP || !plain_udp(ports, ip_end, pkt)) {
		return false;
	}
	pkt->saddr[0] = ip->saddr;
	pkt->daddr[0] = ip->daddr;
	pkt->sport = ports->sport;
	pkt->dport = ports->dport;
	pkt->family = 4;
	pkt->l4_proto = ip->protocol;
	pkt->bytes = bytes;
	pkt->l3_offset = PLAIN_L3;
	pkt->l4_offset = PLAIN_L4;
	pkt->l4_bytes = ip_end - PLAIN_L4;
	pkt->ttl = ip->ttl;
	pkt->tos = ip->tos;
	return true;
}

#endif
