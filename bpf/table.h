/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Longest match of an address in a compiled prefix table; abi.h tells its layout, user/table.c
 * builds it. No maps and no helpers: whoever includes this defines arena_line().
 *
 * A random address costs two or three lines, of which one is cold: a fan that stays in the cache,
 * then a bucket. The search inside a bucket has no branches, since a flood of random addresses
 * would have each of them mispredicted.
 */
#ifndef WEIR_TABLE_BPF_H
#define WEIR_TABLE_BPF_H

#include <stdbool.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include "abi.h"

/* A line of the arena, or NULL if it has no such line. */
static __always_inline const void *arena_line(void *arena, __u32 line);

/*
 * Which range of the bucket the address lies in: how many edges it has reached. All lanes of a
 * word are compared by one subtraction: the lane's top bit is set before and survives if the
 * address is not below the edge, and no lane borrows from the next.
 */
static __always_inline __u32 bucket_range(const struct table_bucket *bucket, __u32 width, __u64 bits)
{
	__u64 narrow = ~width >> 4 & 1, wide = ~width >> 5 & 1;
	__u64 lanes = 1 | narrow << 16 | wide << 32 | narrow << 48;
	__u64 top = lanes << width;
	__u64 address = (bits >> (64 - width)) * lanes | top;
	__u64 reached;

	reached = ((address - bucket->edge[0]) & top) >> width;
	reached += ((address - bucket->edge[1]) & top) >> width;
	reached += ((address - bucket->edge[2]) & top) >> width;
	reached += ((address - bucket->edge[3]) & top) >> width;
	reached += ((address - bucket->edge[4]) & top) >> width;
	return reached * lanes >> (63 - width);
}

#define TABLE_LOST	(~0U)	/* no ref: a line is not to be had, or the table is broken */

/* The ref that a node leads the address to. bits: what is left of it, from the top. */
static __always_inline __u32 table_step(void *arena, __u32 ref, __u64 bits)
{
	__u32 kind = ref >> TABLE_LINE_BITS, line = ref & TABLE_LINE_MASK;
	__u32 stride = kind & TABLE_WIDTH_MASK, range;
	const struct table_bucket *bucket;
	const __u32 *refs;
	__u64 at;

	if (kind & TABLE_BUCKET) {
		bucket = arena_line(arena, line);
		if (!bucket)
			return TABLE_LOST;
		range = bucket_range(bucket, stride, bits);
		return bucket->value[bucket->choice >> 2 * (range & 31) & 3];
	}
	at = bits >> (64 - stride);
	line += at >> 4;
	refs = arena_line(arena, line);
	return refs ? refs[at & 15] : TABLE_LOST;
}

/*
 * The class that a table gives a key of up to 128 bits, from the top; 0 when the table is broken.
 */
static __always_inline __u32 table_walk(void *arena, __u32 ref, __u64 bits, __u64 rest)
{
	for (int i = 0; i < TABLE_DEPTH; i++) {
		__u32 stride = ref >> TABLE_LINE_BITS & TABLE_WIDTH_MASK;

		if (!(ref >> TABLE_LINE_BITS))
			return ref;
		ref = table_step(arena, ref, bits);
		if (ref == TABLE_LOST)
			return 0;
		bits = bits << stride | rest >> (64 - stride);
		rest <<= stride;
	}
	return 0;
}

/*
 * The class of the most specific prefix that covers the address; 0 when none does, when root is 0,
 * and when the table is broken.
 */
static __always_inline __u32 table_find(void *arena, __u32 root, int family, const __be32 addr[4])
{
	__u64 bits = (__u64)bpf_ntohl(addr[0]) << 32, rest = 0;

	if (family == 6) {
		bits |= bpf_ntohl(addr[1]);
		rest = (__u64)bpf_ntohl(addr[2]) << 32 | bpf_ntohl(addr[3]);
	}
	return table_walk(arena, root, bits, rest);
}

#endif
