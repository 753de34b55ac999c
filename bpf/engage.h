/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Are strangers challenged now? They are when their SYNs come faster than the policy says, to one
 * destination prefix or to everywhere, or when the connection table is under pressure.
 *
 * The longest prefix that has a rate is asked first. What it challenges does not count for the rate
 * to everywhere: a flood of one prefix leaves strangers to the others alone.
 *
 * The rate is watched with two budgets (budget.h), so that no CPU writes to shared memory for each
 * packet. As long as all is calm each unproven SYN takes its share of one that fills at the rate
 * of the policy; when it is empty, challenges begin. From then on each takes its share of one that
 * fills at half that rate, and challenges go on until that one has not been empty for
 * ENGAGE_HOLD_NS. In between nothing flips. Nobody asks it for ENGAGE_STEP_NS after it was found
 * empty: it would be so again, and most SYNs of a flood are spared the question.
 *
 * The budgets hold ENGAGE_BURST_NS worth of SYNs, or what GCRA needs at least: so many unproven
 * SYNs of a flood get through before it is noticed.
 */
#ifndef WEIR_ENGAGE_H
#define WEIR_ENGAGE_H

#include <stdbool.h>
#include "budget.h"
#include "pressed.h"
#include "scene.h"

#define ENGAGE_HOLD_NS	10000000000ULL
#define ENGAGE_STEP_NS	250000000ULL	/* between two times that the end is moved on */
#define ENGAGE_BURST_NS	20000000ULL

/* Takes the share of one SYN. False: the budget is empty. */
static __always_inline bool engage_take(__u32 slot, __u64 cost_ns, __u64 now_ns)
{
	struct rule rule = { .cost_ns = cost_ns, .burst_ns = ENGAGE_BURST_NS, .slot = slot };
	struct pace pace = pace_of(&rule);
	struct budget_use *use = budget_use_of(slot);
	struct budget *shared = budget_of(slot);

	if (!use || !shared)
		return true;
	if (!budget_open(shared, use, &pace, now_ns))
		return false;
	budget_spend(use);
	return true;
}

/*
 * An unproven SYN has come: does the rate of a slot of map "engaged" challenge it? cost_ns: 1e9 / that
 * rate, not 0. A function of its own, since it may be asked twice.
 */
__noinline int weir_engage(__u32 slot, __u64 cost_ns, __u64 now_ns)
{
	struct engage *state = engaged_of(slot);
	__u64 until_ns;

	if (!state)
		return false;
	until_ns = *(volatile __u64 *)&state->until_ns;
	if (now_ns >= until_ns) {
		if (engage_take(BUDGET_ENGAGE + slot, cost_ns, now_ns))
			return false;
		if (__sync_val_compare_and_swap(&state->until_ns, until_ns,
						now_ns + ENGAGE_HOLD_NS) == until_ns) {
			state->since_ns = now_ns;
			state->times++;
		}
		return true;
	}
	if (until_ns - now_ns < ENGAGE_HOLD_NS - ENGAGE_STEP_NS &&
	    !engage_take(BUDGET_RELEASE + slot, 2 * cost_ns, now_ns))
		__sync_val_compare_and_swap(&state->until_ns, until_ns, now_ns + ENGAGE_HOLD_NS);
	return true;
}

/* Does the rate of its destination challenge it? page: of the policy. */
__noinline int weir_engage_to(const struct pkt *pkt, const struct policy_page *page, __u64 now_ns)
{
	struct scene scene = {};
	const struct class *destination;
	const struct rule *rule;

	if (!pkt || !page)
		return false;
	scene_policy(&scene, page);
	destination = scene_ask(&scene, pkt->family, &pkt->daddr, true);
	if (!destination || !destination->engage_rule)
		return false;
	rule = rule_of(&scene.arena, scene.head->rule, destination->engage_rule);
	return rule && weir_engage(rule->slot, rule->cost_ns, now_ns);
}

/* Is there anything that may challenge? Asked before memory is touched for a SYN. */
static __always_inline bool engage_may(const struct policy_knobs *knobs, __u64 now_ns)
{
	return knobs->flags & KNOB_ENGAGE_TO || knobs->challenge_cost_ns ||
	       pressure_rules(pressure_now(), now_ns);
}

/* Is an unproven SYN challenged? page: of the knobs' policy. */
static __always_inline bool engage(const struct pkt *pkt, const struct policy_knobs *knobs,
				   const struct policy_page *page, __u64 now_ns)
{
	if (knobs->flags & KNOB_ENGAGE_TO && weir_engage_to(pkt, page, now_ns))
		return true;
	if (knobs->challenge_cost_ns && weir_engage(0, knobs->challenge_cost_ns, now_ns))
		return true;
	return pressure_rules(pressure_now(), now_ns);
}

#endif
