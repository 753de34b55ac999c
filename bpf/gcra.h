/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A rate limit in one word (GCRA, ITU-T I.371): the theoretical arrival time, at which the budget
 * would be full again. A flow is admitted while that time is less than a burst ahead of the clock,
 * and moves it on by the cost of one flow. No refill, no division, no lock.
 *
 * The clock stands still for a tick (1-10 ms), so what one tick is worth must fit into the burst,
 * or the limit would throttle below its rate: the smallest effective burst is TICK_NS plus one
 * flow. A limit of 200/second can thus let 3 flows through in one instant, one of 100k/second
 * 1001, however small the burst is that was asked for.
 */
#ifndef WEIR_GCRA_H
#define WEIR_GCRA_H

#include "abi.h"
#include "mask.h"

#define TICK_NS	10000000ULL	/* the coarsest clock: CONFIG_HZ=100 */

/* A limit as the datapath computes with it; all 0: no limit, always open. */
struct pace {
	__u64	cost_ns;	/* per flow */
	__u64	burst_ns;	/* effective */
	__u32	slot;		/* of the shared budget; 0: none */
};

static __always_inline struct pace pace_of(const struct rule *rule)
{
	__u64 least_ns = TICK_NS * bit_any(rule->cost_ns) + rule->cost_ns;

	return (struct pace){
		.cost_ns = rule->cost_ns,
		.burst_ns = most_of(rule->burst_ns, least_ns),
		.slot = rule->slot,
	};
}

/*
 * What the budget is ahead of the clock. It can be more than a burst when the rule was changed, or
 * when two CPUs took the same place in a table at once: that debt is remitted, but for SKEW_NS,
 * since a CPU that was held up reads an older clock and must not remit what others have charged.
 */
#define SKEW_NS	1000000000ULL

static __always_inline __u64 gcra_ahead_ns(__u64 tat_ns, __u64 now_ns, const struct pace *pace)
{
	return least_of(most_of(tat_ns, now_ns) - now_ns, pace->burst_ns + SKEW_NS);
}

/* 1 if no further flow may come, else 0. */
static __always_inline __u64 gcra_closed(__u64 tat_ns, __u64 now_ns, const struct pace *pace)
{
	__u64 ahead_ns = least_of(most_of(tat_ns, now_ns) - now_ns, pace->burst_ns);

	return bit_less(pace->burst_ns, ahead_ns + pace->cost_ns);
}

#endif
