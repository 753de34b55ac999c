/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sources of which a flow was admitted lately, two bits of a word each (Bloom, 1970): who is not found was
 * not admitted, who is found may have been. Small enough to stay in a CPU's own cache, where the table of
 * sources, which knows, does not.
 *
 * A line has two halves that take turns of 8.6 s. A half is emptied by the first one that uses it in its
 * turn, so a bit stands for one turn at least and for two at most. What others add to a half while one
 * empties it may be lost.
 */
#ifndef WEIR_BLOOM_H
#define WEIR_BLOOM_H

#include <stdbool.h>
#include "abi.h"

#define BLOOM_TURN(now_ns)	((__u32)((now_ns) >> 33))

/* hash_line() takes bits from 32 on; the top is left for the word, and the lower half for its bits. */
static __always_inline __u32 bloom_word(__u64 hash)
{
	__u32 word = (hash >> 56) * BLOOM_WORDS >> 8;

	/* Linux 6.1 has to see that it is compared */
	asm volatile("" : "+r"(word));
	return word;
}

static __always_inline __u32 bloom_bits(__u64 hash)
{
	return 1U << (hash >> 27 & 31) | 1U << (hash >> 22 & 31);
}

static __always_inline void bloom_add(struct bloom_line *line, __u64 hash, __u64 now_ns)
{
	__u32 turn = BLOOM_TURN(now_ns), word = bloom_word(hash), bits = bloom_bits(hash);
	struct bloom_half *half = &line->half[turn & 1];

	/* later: this CPU was held up, and its turn is over */
	if ((__s32)(turn - *(volatile __u32 *)&half->turn) > 0) {
		for (__u32 i = 0; i < BLOOM_WORDS; i++)
			half->bits[i] = 0;
		*(volatile __u32 *)&half->turn = turn;
	}
	if (word < BLOOM_WORDS && (half->bits[word] & bits) != bits)
		__sync_fetch_and_or(&half->bits[word], bits);
}

/* Was it added within 8.5 s? False is certain. */
static __always_inline bool bloom_maybe(const struct bloom_line *line, __u64 hash, __u64 now_ns)
{
	__u32 turn = BLOOM_TURN(now_ns), word = bloom_word(hash);
	const struct bloom_half *now = &line->half[turn & 1], *before = &line->half[~turn & 1];
	__u32 bits = bloom_bits(hash);

	if (word >= BLOOM_WORDS)
		return true;
	return (now->turn == turn && (now->bits[word] & bits) == bits) ||
	       (before->turn == turn - 1 && (before->bits[word] & bits) == bits);
}

#endif
