/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who has proved that he is there: a compact set of sources that ages.
 *
 * A source may stand only in the line that its keyed hash chooses, the same that holds its SYNs
 * which wait (retransmit.h): whether it is proven costs one cache line, found or not. A mark is 20
 * bits of another keyed hash and the time at which the proof ends, so a stranger is taken for
 * somebody proven with a chance of at most PROVEN_WAYS / 2^20, four in a million.
 *
 * How long a proof lasts tells how good it is, and no proof pushes out one that lasts longer than
 * itself: a flood, which proves nothing, changes nothing here; whoever repeats spoofed SYNs can
 * only push out others that did no more; a source with a two-way flow stays in. Of more than four
 * such sources in a line the one whose proof ends first is forgotten, and is challenged again.
 *
 * The clock of the marks goes round in 4.9 hours, so a mark that nobody has written over may hold
 * again for a quarter of an hour by then.
 *
 * CPUs write without a lock: a mark is one store, and the worst is that one is lost.
 */
#ifndef WEIR_PROVEN_H
#define WEIR_PROVEN_H

#include <stdbool.h>
#include "source.h"

#define PROVEN_TICK_SHIFT	32	/* 4.3 s */
#define PROVEN_TICK_BITS	12
#define PROVEN_TICK_MASK	((1U << PROVEN_TICK_BITS) - 1)

/* How long a proof lasts, in ticks; the last one may be partly over when it is given. */
enum proof {
	/* Somebody is there who answers a SYN-ACK: the client, or a host whose address was spoofed
	 * and that resets what it did not begin (RFC 9293 3.5.1). 17 s: time for the client's SYN
	 * to come again. */
	PROOF_ANSWER		= 4,
	/* The same SYN came again when a stack would repeat it: or a spoofer who plays it twice. */
	PROOF_RETRANSMISSION	= 32,
	/* A flow with data in both directions, or a handshake that was completed: 15 minutes. */
	PROOF_TWO_WAY		= 210,
};

/* A source in the set. */
struct proven_key {
	__u32	line;
	__u32	mark;		/* not 0; the time is 0 */
};

static __always_inline struct proven_key proven_key(const struct pkt *pkt, __u8 length6, __u32 mask,
						    const volatile __u64 key[4])
{
	struct source source = source_of(pkt, ROLE_OUTSIDE, length6, key);
	__u64 hash = source_hash(&source, key);
	__u64 mark = hash_word(hash, key) >> 32 & ~PROVEN_TICK_MASK;

	return (struct proven_key){
		.line = hash_line(hash, mask),
		.mark = mark | (bit_any(mark) ^ 1) << PROVEN_TICK_BITS,
	};
}

/* Is it a mark of that source? 1 or 0. */
static __always_inline __u64 proven_same(__u32 word, __u32 mark)
{
	return bit_any((word ^ mark) >> PROVEN_TICK_BITS) ^ 1;
}

/* Ticks that are left of a proof; 0: it is over. */
static __always_inline __u64 proven_left(__u32 word, __u64 now_ns)
{
	__u64 left = (word - (__u32)(now_ns >> PROVEN_TICK_SHIFT)) & PROVEN_TICK_MASK;

	return only_if(bit_less(left, PROOF_TWO_WAY + 1) & bit_any(word), left);
}

static __always_inline bool proven_in(const struct challenge_line *line, __u32 mark, __u64 now_ns)
{
	__u64 left = 0;

#pragma unroll
	for (__u32 i = 0; i < PROVEN_WAYS; i++) {
		__u32 word = *(volatile const __u32 *)&line->proven[i];

		left |= only_if(proven_same(word, mark), proven_left(word, now_ns));
	}
	return left;
}

enum proven_put {
	PROVEN_FULL = 0,	/* all places are taken by better ones */
	PROVEN_STILL,		/* a proof nearly as good as a fresh one is there */
	PROVEN_ANEW,
};

/* Notes a proof. */
static __always_inline enum proven_put proven_put(struct challenge_line *line, __u32 mark, enum proof proof,
				       __u64 now_ns)
{
	__u32 until = (__u32)(now_ns >> PROVEN_TICK_SHIFT) + proof;
	__u64 own = 0, best = ~0ULL >> 1;

	/* the source's own mark, else the one whose proof ends first, with its number below */
#pragma unroll
	for (__u32 i = 0; i < PROVEN_WAYS; i++) {
		__u32 word = *(volatile const __u32 *)&line->proven[i];
		__u64 left = proven_left(word, now_ns);
		__u64 mine = only_if(proven_same(word, mark), left);

		own |= mine;
		best = least_of(best, only_if(bit_any(mine) ^ 1, left + 1) * PROVEN_WAYS + i);
	}
	if (own && own + proof / 16 >= (__u64)proof)
		return PROVEN_STILL;
	if (best > (proof + 1ULL) * PROVEN_WAYS + PROVEN_WAYS - 1)
		return PROVEN_FULL;
	*(volatile __u32 *)&line->proven[best & (PROVEN_WAYS - 1)] =
		(mark & ~PROVEN_TICK_MASK) | (until & PROVEN_TICK_MASK);
	return PROVEN_ANEW;
}

#endif
