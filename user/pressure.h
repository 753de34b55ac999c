/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How new flows are paced when conntrack's table fills up. Pure: numbers in, numbers out.
 *
 * The law: new entries a second times the time that an unreplied one lives must fit into the
 * entries that are free. It is computed again with every beat from what is free by then, so the
 * admission slows down as the table fills and comes to a stop before the end of it, however small
 * the room was at the beginning. A fixed rate does not: 250 a second fill the last 2 % of 262144
 * entries in 20 seconds.
 *
 *	calm	nothing is paced
 *	tight	sources that are not proven are paced: all that they can have open at a time fits
 *	full	proven ones too, but they may use up the room in PRESSURE_PROVEN_NS if it came to
 *		that: most of their entries are answered and end soon. The others have an eighth of
 *		the room then (PRESSURE_STRANGERS)
 *
 * What the reserve holds back is not free. Once nothing else is left the level is full, and only
 * what the policy reserves it for gets in. A small margin is never free: packets that are on their
 * way through the kernel hold entries too.
 */
#ifndef WEIR_PRESSURE_H
#define WEIR_PRESSURE_H

#include "abi.h"

#define PRESSURE_PROVEN_NS	10000000000ULL
#define PRESSURE_STRANGERS	8
#define PRESSURE_MARGIN(max) ((max) / 1024 + 8)	/* entries */
#define PRESSURE_HYSTERESIS	5	/* percent of the table below a mark, where its level ends */

/* What the policy says; percent of nf_conntrack_max, 0: not set. */
struct pressure_marks {
	unsigned int	tight, full, reserve;
};

struct pressure_seen {
	__u64		count, max;	/* nf_conntrack_count, _max; max 0: no limit, or not known */
	__u64		unreplied_ns;	/* how long an entry lives that nobody answered */
	enum pressure	before;		/* the level of the beat before */
};

/* All but now->beat_ns, which is 0. */
void pressure_of(const struct pressure_marks *marks, const struct pressure_seen *seen,
		 struct pressure_now *now);

/* Flows a second that a cost admits; 0: no limit. */
double pressure_rate(__u64 cost_ns);

/* "calm", "tight" or "full" */
const char *pressure_name(__u32 level);

/* True while what was published last is acted upon. now_ns: the clock that beat_ns was read from. */
int pressure_fresh(const struct pressure_now *now, __u64 now_ns);

#endif
