/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is the transport checksum wrong, as nf_checksum() in net/netfilter/utils.c finds it? RFC 1071 over
 * all bytes behind the IP header, for TCP, UDP and ICMP; others, and those longer than a jumbo frame,
 * are never wrong here.
 *
 * Asked only when the operator wants it: it walks over the whole packet, and a sender on a veth or
 * virtio device leaves the sum to an offload that never happens (CHECKSUM_PARTIAL). The kernel
 * knows that of its own packets; XDP does not see it.
 */
#ifndef WEIR_CHECKSUM_H
#define WEIR_CHECKSUM_H

#include <linux/in.h>
#include <linux/in6.h>
#include <bpf/bpf_endian.h>
#include "state.h"

#define CHECKSUM_CHUNKS	18	/* of CHECKSUM_CHUNK bytes: jumbo frames; Linux 6.1 can't follow 64 KiB */

static __always_inline bool checksum_covers(const struct pkt *pkt)
{
	if (pkt->l4_bytes >= (CHECKSUM_CHUNKS + 1) * CHECKSUM_CHUNK)
		return false;
	return pkt->l4_proto == IPPROTO_TCP || pkt->l4_proto == IPPROTO_UDP ||
	       pkt->l4_proto == IPPROTO_ICMP || pkt->l4_proto == IPPROTO_ICMPV6;
}

/* An UDP sender may leave it out: the field is 0 then. */
static __always_inline bool checksum_left_out(struct xdp_md *ctx, const struct pkt *pkt)
{
	__be16 field = 0;

	return pkt->l4_proto == IPPROTO_UDP &&
	       (bpf_xdp_load_bytes(ctx, pkt->l4_offset + 6, &field, sizeof(field)) || !field);
}

/* The sum of the addresses, length and protocol that stand in for the IP header. */
static __always_inline __u32 checksum_pseudo(const struct pkt *pkt, __u32 length)
{
	__u64 sum;

	if (pkt->l4_proto == IPPROTO_ICMP)
		return 0;
	sum = (__u32)bpf_csum_diff(NULL, 0, (__be32 *)pkt->saddr, sizeof(pkt->saddr), 0);
	sum += (__u32)bpf_csum_diff(NULL, 0, (__be32 *)pkt->daddr, sizeof(pkt->daddr), 0);
	sum += bpf_htons(length) + bpf_htons(pkt->l4_proto);
	return (sum & 0xffffffff) + (sum >> 32);
}

static __always_inline bool checksum_folds(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* The sum of what is behind the last whole chunk, zeros behind it: the sum goes on in words. */
static __always_inline int checksum_rest(struct xdp_md *ctx, struct scratch *scratch, __u32 offset,
					 __u32 size, __u32 *sum)
{
	size %= CHECKSUM_CHUNK;
	if (!size)
		return 0;
	/* Linux 6.1 does not learn from "not 0" that it is at least 1, but from this sum it does */
	size--;
	asm volatile("" : "+r"(size));
	size = (size & (CHECKSUM_CHUNK - 1)) + 1;
	*(__u32 *)(scratch->chunk + ((size - 1) & (CHECKSUM_CHUNK - 4))) = 0;
	/* the same size, but Linux 6.1 sees, too, that it is not 0 */
	size--;
	asm volatile("" : "+r"(size));
	size = (size & (CHECKSUM_CHUNK - 1)) + 1;
	if (bpf_xdp_load_bytes(ctx, offset, scratch->chunk, size))
		return -1;
	*sum = bpf_csum_diff(NULL, 0, (__be32 *)scratch->chunk, (size + 3) & ~3U, *sum);
	return 0;
}

/* ctx: the packet that pkt was read from. Called once by the verifier, not for each way to it. */
__noinline int weir_checksum_wrong(struct xdp_md *ctx, const struct pkt *pkt)
{
	struct scratch *scratch = scratch_of_cpu();
	__u32 offset, size, chunks, sum;

	if (!pkt || !scratch || !checksum_covers(pkt) || checksum_left_out(ctx, pkt))
		return false;
	offset = pkt->l4_offset;
	size = pkt->l4_bytes;
	chunks = size / CHECKSUM_CHUNK;
	asm volatile("" : "+r"(chunks));	/* or the constant bound of the loop is left out */
	sum = checksum_pseudo(pkt, size);
	for (__u32 i = 0; i < CHECKSUM_CHUNKS && i < chunks; i++) {
		if (bpf_xdp_load_bytes(ctx, offset + i * CHECKSUM_CHUNK, scratch->chunk,
				       CHECKSUM_CHUNK))
			return false;
		sum = bpf_csum_diff(NULL, 0, (__be32 *)scratch->chunk, CHECKSUM_CHUNK, sum);
	}
	if (checksum_rest(ctx, scratch, offset + size / CHECKSUM_CHUNK * CHECKSUM_CHUNK, size, &sum))
		return false;
	return !checksum_folds(sum);
}

#endif
