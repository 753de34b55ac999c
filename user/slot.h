/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which budget a limit keeps its state in, which entry of map "engaged" a destination with a rate of
 * its own has, and which counter a block entry: numbers that stay over a reload, so that none is
 * forgotten. What is new gets a number that the policy before did not use, as long as there is one.
 */
#ifndef WEIR_SLOT_H
#define WEIR_SLOT_H

#include "policy.h"
#include "table.h"

#define HIT_STATIC 1	/* counts all block entries that have no counter of their own */

/* True for limits that keep one state for all; the others keep theirs with each source. */
bool limit_has_slot(const struct limit *limit);

/* slot[i] is filled for policy->limit[i]; 0: it keeps none. before may be NULL. */
int slots_of_limits(const struct policy *policy, const struct arena *before, __u32 *slot,
		    struct fail *fail);

/*
 * The slots that a new arena gives to a limit, or to a block entry, that did not have them in the
 * arena before (NULL: there was none): what others left in them has to go.
 */
struct slots_fresh {
	__u32	*budget, *hit;		/* owned */
	size_t	budgets, hits;
};
int slots_fresh(const struct arena *before, const struct arena *after, struct slots_fresh *fresh,
		struct fail *fail);
void slots_fresh_free(struct slots_fresh *fresh);

/* The number of the rule that policy->challenge.to[i] has. Limit i is rule i + 1, and behind the
 * limits there is room for one that is not in the policy (policy.guard). */
static inline __u32 engage_rule_number(const struct policy *policy, size_t i)
{
	return policy->limit_count + 2 + i;
}

/* slot[i] is filled for policy->challenge.to[i]. before may be NULL. */
int slots_of_engage(const struct policy *policy, const struct arena *before, __u32 *slot,
		    struct fail *fail);

/* The slot of rule `number` of an arena; 0: it has none, or there is no such rule. */
__u32 slot_of_rule(const struct arena *arena, size_t number);

/*
 * hit[i] is filled for policy->block.at[i]. An entry with a timeout or a comment, which somebody
 * added for a reason, has a counter of its own while there are any; all others share HIT_STATIC.
 */
int slots_of_block(const struct policy *policy, const struct arena *before, __u16 *hit,
		   struct fail *fail);

#endif
