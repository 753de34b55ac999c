/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet on its way to the next hop: what a router changes in a frame, and which packets XDP does
 * not forward by itself. Those have business with the kernel: it answers them (TTL, MTU), puts them
 * together, reads their options, or knows what stands beside the frame (tags).
 *
 * Like reply.h it has packet pointers, and no maps and no helpers, so it compiles natively.
 */
#ifndef WEIR_FORWARD_BPF_H
#define WEIR_FORWARD_BPF_H

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include "bpf/frame.h"

/* Of a source or a destination: one that a router forwards, RFC 1812 5.3.7, RFC 4291 2.5 to 2.7. */
static __always_inline bool forward_unicast(__u8 family, const __be32 addr[4])
{
	__u32 first = bpf_ntohl(addr[0]);

	if (family == 6)	/* ::/32, fe80::/10, ff00::/8 */
		return first && first >> 22 != 0xfe800000 >> 22 && first >> 24 != 0xff;
	if (first >> 16 == 0xa9fe)
		return false;
	first >>= 24;
	return first && first != 127 && first < 224;
}

/* May it be forwarded, as far as its headers tell? */
static __always_inline bool forward_fits(const struct pkt *pkt)
{
	__u32 ip_bytes = pkt->family == 6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);

	/* no fragment, no error, nothing broken; no tags, no PPPoE; no options, no extension headers */
	return !(pkt->flags & ~(PKT_HAS_L4 | PKT_TCP_OPTIONS)) &&
	       pkt->l3_offset == sizeof(struct ethhdr) &&
	       pkt->l4_offset == pkt->l3_offset + ip_bytes && pkt->ttl > 1 &&
	       forward_unicast(pkt->family, pkt->saddr) && forward_unicast(pkt->family, pkt->daddr);
}

/* RFC 1624: the sum of the header grows by what the TTL loses. */
static __always_inline void forward_age4(struct iphdr *ip)
{
	__u32 check = ip->check + bpf_htons(0x0100);

	ip->check = check + (check >= 0xffff);
	ip->ttl--;
}

static __always_inline bool forward_same(const __u16 *a, const __u16 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]));
}

/*
 * Makes of the frame in data .. data_end, which pkt was parsed from, the one that goes to the next
 * hop. own: the address of the device that it came in by, since XDP also sees frames that are for
 * others. False: it is not for us, or not all of it is here; then nothing was written.
 */
static __always_inline bool forward_write(void *data, void *data_end, const struct pkt *pkt,
					  const void *own, const void *from, const void *to)
{
	struct frame frame = { .data = data, .data_end = data_end };
	__u16 *mac = (void *)frame_at(&frame, 0, sizeof(struct ethhdr));
	struct ipv6hdr *ip6;
	struct iphdr *ip4;

	if (!mac || data + pkt->bytes != data_end || !forward_same(mac, own))
		return false;
	if (pkt->family == 6) {
		ip6 = (void *)frame_at(&frame, sizeof(struct ethhdr), sizeof(*ip6));
		if (!ip6)
			return false;
		ip6->hop_limit--;
	} else {
		ip4 = (void *)frame_at(&frame, sizeof(struct ethhdr), sizeof(*ip4));
		if (!ip4)
			return false;
		forward_age4(ip4);
	}
	__builtin_memcpy(mac, to, ETH_ALEN);
	__builtin_memcpy(mac + ETH_ALEN / 2, from, ETH_ALEN);
	return true;
}

#endif
