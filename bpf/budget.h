/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A budget that all CPUs share: the total, or one prefix.
 *
 * The shared word is not written per packet. A CPU claims a batch of flows from it with one atomic
 * addition and spends the batch from its own memory; once the budget is spent, the CPU remembers
 * until when, and drops without looking at the shared word again (it never moves back, so nothing
 * could be admitted earlier).
 *
 * A batch is at most BATCH_NS worth of the rate, at most 64 flows and at least one. What CPUs can
 * get out of step: each may hold one unspent batch, and each may claim one batch too many when all
 * claim in the same instant. Both were charged, so the rate over time stays exact; in any window
 *
 *	admitted <= rate * window + effective burst + 2 * CPUs * batch
 *
 * What is claimed is also counted by windows of nearly a second, to tell the busiest one. It is in the
 * line that a claim writes anyway, and out of step by what CPUs hold: at most a batch of each.
 */
#ifndef WEIR_BUDGET_H
#define WEIR_BUDGET_H

#include "gcra.h"

#define BATCH_NS	1000000ULL

static __always_inline __u32 budget_batch(__u64 cost_ns)
{
	if (cost_ns <= BATCH_NS / 64)
		return 64;
	if (cost_ns <= BATCH_NS / 16)
		return 16;
	return cost_ns <= BATCH_NS / 4 ? 4 : 1;
}

/* Charges flows to the shared word; returns flows, or 0 when that many do not fit. */
static __always_inline __u32 budget_claim(struct budget *shared, const struct pace *pace,
					  __u32 flows, __u64 tat_ns, __u64 now_ns)
{
	__u64 cost_ns = flows * pace->cost_ns;

	if (gcra_ahead_ns(tat_ns, now_ns, pace) + cost_ns > pace->burst_ns)
		return 0;
	if (tat_ns < now_ns &&
	    __sync_val_compare_and_swap(&shared->tat_ns, tat_ns, now_ns + cost_ns) == tat_ns)
		return flows;
	/* not idle, or another CPU has just woken it: either way it is at the clock by now */
	__sync_fetch_and_add(&shared->tat_ns, cost_ns);
	return flows;
}

/* Counts flows that were claimed. CPUs race for the turn of a window: one turns it, the others add. */
static __always_inline void budget_count(struct budget *shared, __u32 flows, __u64 now_ns)
{
	__u64 window = now_ns >> SOURCE_WINDOW_SHIFT << 32;
	__u64 found = *(volatile __u64 *)&shared->window;

	if (found < window &&
	    __sync_val_compare_and_swap(&shared->window, found, window | flows) == found) {
		shared->peak = most_of(shared->peak, (__u32)found);
		return;
	}
	__sync_fetch_and_add(&shared->window, flows);
}

/*
 * Does this CPU know, without asking, that it may admit no flow? Not of a time further away than a burst:
 * the rule was changed since.
 */
static __always_inline bool budget_spent(const struct budget_use *use, const struct pace *pace,
					 __u64 now_ns)
{
	return !use->credit && now_ns < use->closed_until_ns &&
	       use->closed_until_ns - now_ns <= pace->burst_ns;
}

/*
 * May this CPU admit one more flow? Spends nothing: what was claimed and then refused by another
 * limit stays for the next flow. use: this CPU's, of the same slot.
 */
static __always_inline bool budget_open(struct budget *shared, struct budget_use *use,
					const struct pace *pace, __u64 now_ns)
{
	__u32 batch = budget_batch(pace->cost_ns);
	__u64 found_ns, tat_ns;

	if (use->credit)
		return true;
	if (budget_spent(use, pace, now_ns))
		return false;
	found_ns = *(volatile __u64 *)&shared->tat_ns;
	tat_ns = gcra_ahead_ns(found_ns, now_ns, pace) + now_ns;
	if (tat_ns < found_ns)
		__sync_val_compare_and_swap(&shared->tat_ns, found_ns, tat_ns);
	else
		tat_ns = found_ns;
	use->credit = budget_claim(shared, pace, batch, tat_ns, now_ns);
	if (!use->credit && batch > 1)
		use->credit = budget_claim(shared, pace, 1, tat_ns, now_ns);
	if (use->credit) {
		budget_count(shared, use->credit, now_ns);
		return true;
	}
	use->closed_until_ns = tat_ns + pace->cost_ns - pace->burst_ns;
	return false;
}

/* Spends one flow; budget_open() has just said yes on this CPU. */
static __always_inline void budget_spend(struct budget_use *use)
{
	use->credit -= !!use->credit;
	use->admitted++;
}

#endif
