/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Seats: per-key rate limits in a table of fixed size, four seats in a line of 64 bytes.
 *
 * A key may sit only in the line that its keyed hash chooses, so one key costs one cache line,
 * found or not. A seat is the key itself, never a fingerprint: nobody is taken for somebody else.
 * Its second word holds the GCRA state, which is not behind the time at which the key was last
 * seen, but for a step, and above it, in this order, what protects the seat from newcomers:
 *
 *  - A key that was seen once is replaced by any newcomer, the one not seen for longest first.
 *  - A key that came again is not replaced while another in its line has come only once. When all
 *    four have come again, a newcomer gets no seat but takes that mark off the one not seen for
 *    longest; unless it comes again before the next newcomer does, that one gets its seat. So a
 *    heavy key loses its seat only to as many keys as heavy, and a heavy newcomer gets one soon.
 *  - A proven key is not replaced before it was away for PROVEN_KEEP_NS. One seat in each line stays
 *    unproven.
 *
 * A newcomer without a seat is not limited by itself: the shared budgets still hold it.
 *
 * The state goes in steps of 256 ns, and what a flow costs is rounded up to them: a limit never admits
 * more than it says, and less by up to 256 ns a flow: at 100k/second 2.4 %. Bursts are so many of these
 * costs (compile.c).
 *
 * Two CPUs can take one seat in the same instant. The seat is then one's key with the other's
 * state, at most its burst and a second ahead of the clock. Charges of a seated key are atomic: none
 * is lost, and at most CPUs - 1 flows are admitted beyond its burst.
 */
#ifndef WEIR_SEAT_H
#define WEIR_SEAT_H

#include <stdbool.h>
#include "gcra.h"

#define PROVEN_KEEP_NS	(15 * 60 * 1000000000ULL)

struct seat {
	__u64	word;	/* what stood there; 0: the seat is new for this key */
	__u32	way;	/* number of the seat in its line */
	bool	none;	/* no seat was to be had */
};

/*
 * What a seat is worth, with its number in the low two bits. The key's own seat is below 4; the
 * others come in the order in which they are replaced: free, seen once, came again, proven.
 */
static __always_inline __u64 seat_worth(const struct source_hot *hot, __u32 way, __u64 key,
					__u64 who, __u64 now_ns)
{
	__u64 word = hot->word, differs = (hot->key ^ key) | ((word & SEAT_WHO) ^ who);
	__u64 here = bit_less(now_ns, SEAT_TAT_NS(word) + PROVEN_KEEP_NS);
	__u64 worth = (word & SEAT_TAT) + only_if(here, word & (SEAT_PROVEN | SEAT_AGAIN));

	return only_if(bit_any(differs), (worth << 2) + 4) | way;
}

/* The seat of a key, or one for it. Writes nothing but the mark of the next one to be replaced. */
static __always_inline struct seat seat_find(struct source_line *line, __u64 key, __u64 who,
					     __u64 now_ns)
{
	__u64 least = least_of(
		least_of(seat_worth(&line->way[0], 0, key, who, now_ns),
			    seat_worth(&line->way[1], 1, key, who, now_ns)),
		least_of(seat_worth(&line->way[2], 2, key, who, now_ns),
			    seat_worth(&line->way[3], 3, key, who, now_ns)));
	struct source_hot *hot = &line->way[least & 3];
	struct seat seat = {
		.word = only_if(bit_less(least, 4), *(volatile __u64 *)&hot->word),
		.way = least & 3,
		.none = bit_less((SEAT_AGAIN << 2) - 1, least),
	};

	if (seat.none && least < SEAT_PROVEN << 2)
		__sync_fetch_and_and(&hot->word, ~SEAT_AGAIN);
	return seat;
}

/* The line is on its way from memory. */
static __always_inline void seat_foresee(struct source_line *line)
{
	((volatile __u8 *)&line->way[0].word)[SEAT_ZERO] = 0;
}

/* 1 if no further flow of the key may come, else 0. */
static __always_inline __u64 seat_closed(const struct seat *seat, __u64 now_ns,
					 const struct pace *pace)
{
	return gcra_closed(SEAT_TAT_NS(seat->word), now_ns, pace);
}

/* What a flow costs a seat, in steps and in ns: not less than the rate says. */
static __always_inline __u64 seat_steps(__u64 ns)
{
	return (ns + SEAT_STEP_NS - 1) >> SEAT_TAT_SHIFT;
}

static __always_inline __u64 seat_cost_ns(__u64 cost_ns)
{
	return seat_steps(cost_ns) << SEAT_TAT_SHIFT;
}

/* A time: not later, so that a budget is never further ahead of the clock than by what was charged. */
static __always_inline __u64 seat_time(__u64 ns)
{
	return ns >> SEAT_TAT_SHIFT;
}

/*
 * The key was seen, and charged with cost_ns. line: as for seat_find(). who: with the marks that a
 * seat which is new for the key begins with.
 */
static __always_inline void seat_take(struct source_line *line, const struct seat *seat, __u64 key,
				      __u64 who, __u64 now_ns, const struct pace *pace,
				      __u64 cost_ns)
{
	struct source_hot *hot = &line->way[seat->way & 3];
	__u64 was, word, found, cost = seat_steps(cost_ns);

	if (seat->none)
		return;
	if (!seat->word) {
		hot->word = who | (seat_time(now_ns) + cost);
		hot->key = key;
		return;
	}
	/* twice: another CPU may have charged it, or have taken off its mark */
	was = seat->word;
	for (int i = 0; i < 2; i++) {
		word = (was & ~SEAT_TAT) | SEAT_AGAIN | SEAT_MORE |
		       (seat_time(now_ns + gcra_ahead_ns(SEAT_TAT_NS(was), now_ns, pace)) + cost);
		if (word == was)
			return;
		found = __sync_val_compare_and_swap(&hot->word, was, word);
		if (found == was)
			return;
		was = found;
	}
	/* by now it was brought to the clock */
	__sync_fetch_and_add(&hot->word, cost);
}

/* A way of a line where nobody has come again, by age; its number in the low two bits. */
static __always_inline __u64 seat_age(const struct source_line *line, __u32 way)
{
	return (line->way[way].word & SEAT_TAT) << 2 | way;
}

/*
 * The short way of seat_find() and seat_take() for a key of which nothing is charged, where it has no seat yet and
 * nobody in the line came again or is proven. Else false, and nothing was done.
 */
static __always_inline bool seat_take_first(struct source_line *line, __u64 key, __u64 who, __u64 now_ns)
{
	struct source_hot *way = line->way;
	__u64 least;

	if ((way[0].word | way[1].word | way[2].word | way[3].word) & (SEAT_AGAIN | SEAT_PROVEN) ||
	    way[0].key == key || way[1].key == key || way[2].key == key || way[3].key == key)
		return false;
	least = least_of(least_of(seat_age(line, 0), seat_age(line, 1)),
			 least_of(seat_age(line, 2), seat_age(line, 3)));
	way[least & 3].word = who | seat_time(now_ns);
	way[least & 3].key = key;
	return true;
}

/* A two-way flow with the key has lately existed: its seat is kept, if it has one and others are left. */
static __always_inline void seat_prove(struct source_line *line, __u64 key, __u64 who, __u64 now_ns)
{
	__u64 others = 0, mine = SOURCE_WAYS;

	for (__u32 i = 0; i < SOURCE_WAYS; i++) {
		__u64 word = *(volatile __u64 *)&line->way[i].word;
		__u64 here = bit_less(now_ns, SEAT_TAT_NS(word) + PROVEN_KEEP_NS);

		if (word && line->way[i].key == key && (word & SEAT_WHO) == who)
			mine = i;
		else
			others += here & bit_any(word & SEAT_PROVEN);
	}
	if (mine < SOURCE_WAYS && others < SOURCE_WAYS - 1)
		__sync_fetch_and_or(&line->way[mine & (SOURCE_WAYS - 1)].word, SEAT_PROVEN);
}

#endif
