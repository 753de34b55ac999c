/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decisions without branches. On random data a branch is guessed wrong half of the time, and each
 * one doubles the ways that the verifier walks through everything behind it.
 *
 * bit_*() is 1 or 0, mask_*() all ones or 0. A mask is for data: where one meets a constant, newer
 * verifiers walk both ways (kernel/bpf/verifier.c, maybe_fork_scalars), so multiply or shift the
 * bit instead. The empty asm statements keep the compiler from making branches again.
 */
#ifndef WEIR_MASK_H
#define WEIR_MASK_H

#include <linux/types.h>

static __always_inline __u64 bit_top(__u64 word)
{
	word >>= 63;
	asm volatile("" : "+r"(word));
	return word;
}

/* Is any bit set? */
static __always_inline __u64 bit_any(__u64 word)
{
	word |= -word;
	asm volatile("" : "+r"(word));
	return bit_top(word);
}

/* Is a < b? Both below 2^63. */
static __always_inline __u64 bit_less(__u64 a, __u64 b)
{
	return bit_top(a - b);
}

static __always_inline __u64 mask_of(__u64 bit)
{
	bit = -bit;
	asm volatile("" : "+r"(bit));
	return bit;
}

/* The data if the bit is set, else 0. */
static __always_inline __u64 only_if(__u64 bit, __u64 data)
{
	asm volatile("" : "+r"(data));
	return data & mask_of(bit);
}

/* The smaller of two below 2^63. */
static __always_inline __u64 least_of(__u64 a, __u64 b)
{
	return b + only_if(bit_less(a, b), a - b);
}

/* The larger of two below 2^63. */
static __always_inline __u64 most_of(__u64 a, __u64 b)
{
	return b + only_if(bit_less(b, a), a - b);
}

#endif
