/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The answer to a SYN, written over it. But for this and forward.h weir writes no byte of a frame.
 *
 * Tags and the PPPoE session stay, addresses and ports change sides, TCP options are left out: the
 * answer is a bare SYN-ACK, never longer than the SYN. Like parse.h it has packet pointers, and no
 * maps and no helpers, so it compiles natively and is fuzzed.
 */
#ifndef WEIR_REPLY_H
#define WEIR_REPLY_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include "bpf/cookie.h"
#include "bpf/frame.h"
#include "bpf/wire.h"

#define REPLY_TTL	64
#define REPLY_FRAME_MIN	60	/* what an Ethernet frame has at least (IEEE 802.3), without its sum */

/* Can this SYN be answered? Not behind IP options or extension headers, nor as a fragment. */
static __always_inline bool reply_fits(const struct pkt *syn)
{
	__u32 ip_bytes = syn->family == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

	return syn->l3_offset + ip_bytes == syn->l4_offset &&
	       !(syn->flags & (PKT_FRAGMENT_FIRST | PKT_FRAGMENT_LATER));
}

/* RFC 1071: the checksum that a sum of 32-bit words stands for */
static __always_inline __u16 reply_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

static __always_inline void reply_link(__u16 *mac)
{
	for (int i = 0; i < ETH_ALEN / 2; i++) {
		__u16 word = mac[i];

		mac[i] = mac[i + ETH_ALEN / 2];
		mac[i + ETH_ALEN / 2] = word;
	}
}

/* The rest returns false when its header is out of reach. No PPPoE header is none out of reach. */
static __always_inline bool reply_pppoe(const struct frame *frame, const struct pkt *syn)
{
	__u32 offset = sizeof(struct ethhdr) + syn->vlan_tags * sizeof(struct vlan_tag);
	struct pppoe_session *pppoe;

	if (offset + sizeof(*pppoe) != syn->l3_offset)
		return true;
	pppoe = (void *)frame_at(frame, offset, sizeof(*pppoe));
	if (!pppoe)
		return false;
	pppoe->length = bpf_htons(sizeof(pppoe->proto) +
				  (syn->family == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) +
				  sizeof(struct tcp_header));
	return true;
}

static __always_inline bool reply_ip4(const struct frame *frame, const struct pkt *syn)
{
	__be32 *word = (void *)frame_at(frame, syn->l3_offset, sizeof(struct iphdr));
	__be32 first = bpf_htonl(0x45000000 + sizeof(struct iphdr) + sizeof(struct tcp_header));
	__be32 fragment = bpf_htonl(0x4000);	/* don't */
	__be32 ttl = bpf_htonl(REPLY_TTL << 24 | IPPROTO_TCP << 16);
	__u64 sum = (__u64)first + fragment + ttl + syn->saddr[0] + syn->daddr[0];

	if (!word)
		return false;
	word[0] = first;
	word[1] = fragment;
	word[2] = ttl | bpf_htonl(bpf_ntohs(reply_fold(sum)));
	word[3] = syn->daddr[0];
	word[4] = syn->saddr[0];
	return true;
}

static __always_inline bool reply_ip6(const struct frame *frame, const struct pkt *syn)
{
	__be32 *word = (void *)frame_at(frame, syn->l3_offset, sizeof(struct ipv6hdr));

	if (!word)
		return false;
	word[0] = bpf_htonl(0x60000000);
	word[1] = bpf_htonl(sizeof(struct tcp_header) << 16 | IPPROTO_TCP << 8 | REPLY_TTL);
	for (int i = 0; i < 4; i++) {
		word[2 + i] = syn->daddr[i];
		word[6 + i] = syn->saddr[i];
	}
	return true;
}

static __always_inline void reply_tcp(__be32 *word, const struct pkt *syn,
				      const struct cookie *cookie)
{
	/* the window is as wide as can be said: whoever tracks it then takes the RST for inside */
	__be32 flags = bpf_htonl(sizeof(struct tcp_header) / 4 << 28 |
				 (TCP_SYN | TCP_ACK) << 16 | 0xffff);
	__be32 ports = bpf_htonl((__u32)bpf_ntohs(syn->dport) << 16 | bpf_ntohs(syn->sport));
	__be32 seq = bpf_htonl(cookie->seq), ack = bpf_htonl(cookie->ack);
	__u64 sum = (__u64)ports + seq + ack + flags + bpf_htonl(IPPROTO_TCP) +
		    bpf_htonl(sizeof(struct tcp_header));

	for (int i = 0; i < 4; i++)
		sum += (__u64)syn->saddr[i] + syn->daddr[i];
	word[0] = ports;
	word[1] = seq;
	word[2] = ack;
	word[3] = flags;
	word[4] = bpf_htonl((__u32)bpf_ntohs(reply_fold(sum)) << 16);
}

/*
 * Writes the answer over the SYN in data .. data_end, which pkt was parsed from. Returns the bytes
 * of the answer, at most syn->bytes; 0: nothing was written.
 */
static __always_inline __u32 reply_write(void *data, void *data_end, const struct pkt *syn,
					 const struct cookie *cookie)
{
	struct frame frame = { .data = data, .data_end = data_end };
	__u32 end = syn->l4_offset + sizeof(struct tcp_header);
	void *mac, *tcp;

	if (!reply_fits(syn))
		return 0;
	/* the last header first: where it is in reach, so are those before it */
	tcp = (void *)frame_at(&frame, syn->l4_offset, sizeof(struct tcp_header));
	mac = (void *)frame_at(&frame, 0, 2 * ETH_ALEN);
	if (!tcp || !mac || !reply_pppoe(&frame, syn) ||
	    !(syn->family == 6 ? reply_ip6(&frame, syn) : reply_ip4(&frame, syn)))
		return 0;
	reply_link(mac);
	reply_tcp(tcp, syn, cookie);
	if (end < REPLY_FRAME_MIN)
		end = REPLY_FRAME_MIN;
	return end < syn->bytes ? end : syn->bytes;
}

#endif
