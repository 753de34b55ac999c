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

static __always_inline bool plain_tcp(const struct tcp_header *tcp, __u32 ip_end)
{
	__u32 size = (tcp->data_offset >> 4) * 4;

	return size >= sizeof(*tcp) && PLAIN_L4 + size <= ip_end;
}

static __always_inline bool plain_udp(const struct ports_header *udp, __u32 ip_end)
{
	__u32 length = bpf_ntohs(udp->udp_length);

	return length >= sizeof(*udp) && PLAIN_L4 + length <= ip_end;
}

/* Looks at a frame with an Ethernet header; arguments as for parse(). False: it is not plain. */
static __always_inline bool plain_look(const void *data, const void *data_end, __u32 bytes,
				       struct plain *plain)
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
	plain->saddr = ip->saddr;
	plain->daddr = ip->daddr;
	plain->sport = ports->sport;
	plain->dport = ports->dport;
	plain->l4_proto = ip->protocol;
	plain->tcp_flags = 0;
	if (ip->protocol == IPPROTO_UDP)
		return plain_udp(ports, ip_end);
	if (ip->protocol != IPPROTO_TCP || (const void *)(tcp + 1) > data_end)
		return false;
	plain->tcp_flags = tcp->flags;
	return plain_tcp(tcp, ip_end);
}

static __always_inline void plain_fill_tcp(const struct tcp_header *tcp, struct pkt *pkt)
{
	__u32 size = (tcp->data_offset >> 4) * 4;

	if (size > sizeof(*tcp))
		pkt->flags |= PKT_TCP_OPTIONS;
	pkt->tcp_seq = bpf_ntohl(tcp->seq);
	pkt->tcp_ack = bpf_ntohl(tcp->ack);
	pkt->tcp_flags = tcp->flags;
	pkt->tcp_window = bpf_ntohs(tcp->window);
	pkt->payload = pkt->l4_bytes - size;
}

/*
 * Fills all of pkt, of a frame that was looked at and found plain; it is read again, so that nothing
 * has to be kept. False: it can't be, and pkt is void.
 */
static __always_inline bool plain_fill(const void *data, const void *data_end, __u32 bytes,
				       struct pkt *pkt)
{
	const struct iphdr *ip = data + PLAIN_L3;
	const struct ports_header *ports = data + PLAIN_L4;
	const struct tcp_header *tcp = data + PLAIN_L4;

	if ((const void *)(ports + 1) > data_end)
		return false;
	__builtin_memset(pkt, 0, sizeof(*pkt));
	pkt->flags = PKT_HAS_L4;
	pkt->saddr[0] = ip->saddr;
	pkt->daddr[0] = ip->daddr;
	pkt->sport = ports->sport;
	pkt->dport = ports->dport;
	pkt->family = 4;
	pkt->l4_proto = ip->protocol;
	pkt->bytes = bytes;
	pkt->l3_offset = PLAIN_L3;
	pkt->l4_offset = PLAIN_L4;
	pkt->l4_bytes = bpf_ntohs(ip->tot_len) - sizeof(*ip);
	pkt->payload = pkt->l4_bytes - sizeof(*ports);
	pkt->ttl = ip->ttl;
	pkt->tos = ip->tos;
	if (ip->protocol != IPPROTO_TCP)
		return true;
	if ((const void *)(tcp + 1) > data_end)
		return false;
	plain_fill_tcp(tcp, pkt);
	return true;
}

#endif
