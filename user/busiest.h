/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Of a limit that each aggregate or destination has for itself: which of them uses it most, and how
 * fast. A seat has no counters, only the time at which its budget would be full again, which each
 * admitted flow moves on: flows are told from how it moves between looks.
 *
 * Not everybody can be looked at that closely. Those are whose time is furthest ahead: first who has
 * spent much of the burst, then the latest, and last who came only once, so that a flood of strangers
 * hides nobody. Who opens one of BUSIEST_SEATS flows of those that came again is probably among them.
 *
 * Pure. Times are those of the datapath's coarse clock (clock.h).
 */
#ifndef WEIR_BUSIEST_H
#define WEIR_BUSIEST_H

#include <stdbool.h>
#include <stddef.h>
#include "bpf/seat.h"

#define BUSIEST_SEATS	32
#define BUSIEST_LOOKS	8
#define BUSIEST_IDLE_NS	1000000000ULL

struct busiest_seat {
	const struct source_hot	*hot;	/* in the live table */
	struct source_hot	seen;	/* what stood there at the last look */
	__u64			flows;	/* admitted between the first look and the last */
};

/* To begin with: the pace of the limit, and 0. */
struct busiest {
	struct pace		pace;
	size_t			closed;		/* how many had no room for one more flow when offered */
	__u64			looked_ns;	/* 0: not yet */
	size_t			count;
	struct busiest_seat	seat[BUSIEST_SEATS];
};

/* Was not charged for BUSIEST_IDLE_NS: no use to offer it. A free seat is idle, too. */
bool busiest_idle(const struct source_hot *hot, __u64 now_ns);
/* A seat of the limit; hot stays valid until the last look. */
void busiest_offer(struct busiest *busiest, const struct source_hot *hot, __u64 now_ns);

/*
 * Looks at those that were chosen; who lost his seat to another one is chosen no more. The first look
 * counts nothing. With BUSIEST_LOOKS in a tick of the clock, flows are exact for a budget that is
 * ahead of the clock, or whose flows cost at least a tick; else they are at most an eighth too few.
 */
void busiest_look(struct busiest *busiest, __u64 (*clock_ns)(void));

/* The one with the most used: spent of the burst, and admitted between the looks. NULL: all rest. */
const struct busiest_seat *busiest_pick(const struct busiest *busiest);
/* The most flows that one of them was admitted between the looks. */
__u64 busiest_flows(const struct busiest *busiest);

/* How much of the effective burst a budget has spent, in percent. */
double pace_spent_percent(const struct pace *pace, __u64 tat_ns, __u64 now_ns);

#endif
