// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "record.h"
#include "slot.h"

/* numbers below `end` that are in use now, or were before */
struct pool {
	__u8	*used;		/* enum use, by number */
	__u32	end, next, pass;
};
enum use {
	USE_NONE, USE_BEFORE, USE_NOW,
};

/* A number that nobody used; when these are gone, one that only the policy before did; 0: none. */
static __u32 pool_take(struct pool *pool)
{
	for (; pool->pass < USE_NOW; pool->pass++, pool->next = 0)
		for (; pool->next < pool->end; pool->next++)
			if (pool->used[pool->next] == pool->pass) {
				pool->used[pool->next] = USE_NOW;
				return pool->next;
			}
	return 0;
}

bool limit_has_slot(const struct limit *limit)
{
	return limit->kind == LIMIT_PREFIX || limit->kind == LIMIT_TOTAL;
}

__u32 slot_of_rule(const struct arena *arena, size_t number)
{
	const struct policy_head *head = (const struct policy_head *)arena->bytes;
	const struct rule *rule;

	if (!arena->lines || (size_t)head->rule * 2 + number >= arena->lines * 2)
		return 0;
	rule = (const struct rule *)(arena->bytes + (size_t)head->rule * POLICY_LINE);
	return rule[number].slot;
}

/* Keeps the slots of limits that were there before. */
static void keep_budgets(const struct policy *policy, const struct policy *before,
			 const struct arena *arena, __u32 *slot, struct pool *pool)
{
	size_t next = 0;	/* where the other policy probably has the next limit too */

	for (size_t i = 0; i < before->limit_count; i++) {
		__u32 old = slot_of_rule(arena, i + 1);

		if (!old || old >= pool->end || pool->used[old] == USE_NOW)
			continue;
		pool->used[old] = USE_BEFORE;
		for (size_t tried = 0; tried < policy->limit_count; tried++) {
			size_t n = (next + tried) % policy->limit_count;

			if (slot[n] || !limit_same_key(&policy->limit[n], &before->limit[i]))
				continue;
			slot[n] = old;
			pool->used[old] = USE_NOW;
			next = n + 1;
			break;
		}
	}
}

int slots_of_limits(const struct policy *policy, const struct arena *before, __u32 *slot,
		    struct fail *fail)
{
	struct pool pool = { .used = calloc(RULE_MAX, 1), .end = RULE_MAX };
	struct policy old;
	struct fail none;
	int result = 0;

	memset(slot, 0, policy->limit_count * sizeof(*slot));
	if (!pool.used)
		return fail_set(fail, EXIT_REFUSED, NULL, "no memory for the policy");
	pool.used[0] = USE_NOW;
	if (before && !record_read_text(before, &old, &none)) {
		keep_budgets(policy, &old, before, slot, &pool);
		policy_free(&old);
	}
	for (size_t i = 0; i < policy->limit_count && !result; i++) {
		if (slot[i] || !limit_has_slot(&policy->limit[i]))
			continue;
		slot[i] = pool_take(&pool);
		if (!slot[i])
			result = fail_set(fail, EXIT_USAGE, NULL, "more than %d limits in total",
					  RULE_MAX - 1);
	}
	free(pool.used);
	return result;
}

static void keep_engaged(const struct policy *policy, const struct policy *before,
			 const struct arena *arena, __u32 *slot, struct pool *pool)
{
	const struct challenge_conf *new = &policy->challenge, *old = &before->challenge;

	for (size_t i = 0; i < old->to_count; i++) {
		__u32 had = slot_of_rule(arena, engage_rule_number(before, i)) % ENGAGE_MAX;

		if (pool->used[had] == USE_NOW)
			continue;
		pool->used[had] = USE_BEFORE;
		for (size_t n = 0; n < new->to_count; n++) {
			if (slot[n] || prefix_compare(&new->to[n].prefix, &old->to[i].prefix))
				continue;
			slot[n] = had;
			pool->used[had] = USE_NOW;
			break;
		}
	}
}

int slots_of_engage(const struct policy *policy, const struct arena *before, __u32 *slot,
		    struct fail *fail)
{
	__u8 used[ENGAGE_MAX] = { USE_NOW };
	struct pool pool = { .used = used, .end = ENGAGE_MAX };
	size_t count = policy->challenge.to_count;
	struct policy old;
	struct fail none;

	memset(slot, 0, count * sizeof(*slot));
	if (before && !record_read_text(before, &old, &none)) {
		keep_engaged(policy, &old, before, slot, &pool);
		policy_free(&old);
	}
	for (size_t i = 0; i < count; i++) {
		if (!slot[i])
			slot[i] = pool_take(&pool);
		if (!slot[i])
			return fail_set(fail, EXIT_USAGE, NULL,
					"more than %d destinations with a rate of their own",
					ENGAGE_MAX - 1);
	}
	return 0;
}

/* ---- block entries ------------------------------------------------------------------------- */

static bool wants_counter(const struct entry *entry)
{
	return entry->comment || entry->until_ns != ~0ULL;
}

/* Keeps the counters of entries that were there before: both lists are in the same order. */
static void keep_counters(const struct entries *block, const struct arena *before, __u16 *hit,
			  struct pool *pool)
{
	struct record_walk walk;
	struct entry old;
	size_t i = 0;
	__u16 slot;

	record_walk_block(before, &walk);
	while (record_next(&walk, &old, &slot)) {
		if (slot <= HIT_STATIC || slot >= pool->end || pool->used[slot] == USE_NOW)
			continue;
		while (i < block->count && prefix_compare(&block->at[i].prefix, &old.prefix) < 0)
			i++;
		pool->used[slot] = USE_BEFORE;
		if (i == block->count || prefix_compare(&block->at[i].prefix, &old.prefix) ||
		    !wants_counter(&block->at[i]))
			continue;
		hit[i] = slot;
		pool->used[slot] = USE_NOW;
	}
}

int slots_of_block(const struct policy *policy, const struct arena *before, __u16 *hit,
		   struct fail *fail)
{
	struct pool pool = { .used = calloc(HIT_MAX, 1), .end = HIT_MAX };
	const struct entries *block = &policy->block;

	if (!pool.used)
		return fail_set(fail, EXIT_REFUSED, NULL, "no memory for the policy");
	memset(hit, 0, block->count * sizeof(*hit));
	pool.used[0] = pool.used[HIT_STATIC] = USE_NOW;
	if (before)
		keep_counters(block, before, hit, &pool);
	for (size_t i = 0; i < block->count; i++) {
		if (!hit[i] && wants_counter(&block->at[i]))
			hit[i] = pool_take(&pool);
		if (!hit[i])
			hit[i] = HIT_STATIC;
	}
	free(pool.used);
	return 0;
}

/* ---- what is new --------------------------------------------------------------------------- */

static void fresh_budgets(const struct policy *old, const struct arena *before,
			  const struct policy *new, const struct arena *after,
			  struct slots_fresh *fresh)
{
	const struct limit *had[RULE_MAX] = {};

	for (size_t i = 0; i < old->limit_count; i++)
		had[slot_of_rule(before, i + 1) % RULE_MAX] = &old->limit[i];
	for (size_t i = 0; i < new->limit_count; i++) {
		__u32 slot = slot_of_rule(after, i + 1) % RULE_MAX;

		if (slot && !(had[slot] && limit_same_key(had[slot], &new->limit[i])))
			fresh->budget[fresh->budgets++] = slot;
	}
}

static void fresh_hits(const struct arena *before, const struct arena *after,
		       struct slots_fresh *fresh)
{
	static const struct arena nothing;
	struct prefix had[HIT_MAX] = {};
	struct record_walk walk;
	struct entry entry;
	__u16 slot;

	record_walk_block(before ? before : &nothing, &walk);
	while (record_next(&walk, &entry, &slot))
		had[slot % HIT_MAX] = entry.prefix;
	record_walk_block(after, &walk);
	while (record_next(&walk, &entry, &slot))
		if (slot > HIT_STATIC && slot < HIT_MAX && prefix_compare(&had[slot], &entry.prefix))
			fresh->hit[fresh->hits++] = slot;
}

int slots_fresh(const struct arena *before, const struct arena *after, struct slots_fresh *fresh,
		struct fail *fail)
{
	struct policy old, new;
	struct fail none;

	*fresh = (struct slots_fresh){
		.budget = calloc(RULE_MAX, sizeof(*fresh->budget)),
		.hit = calloc(HIT_MAX, sizeof(*fresh->hit)),
	};
	if (!fresh->budget || !fresh->hit || record_read_text(after, &new, &none)) {
		slots_fresh_free(fresh);
		return fail_set(fail, EXIT_REFUSED, NULL, "no memory for the policy");
	}
	policy_init(&old);
	if (before)
		record_read_text(before, &old, &none);
	fresh_budgets(&old, before, &new, after, fresh);
	fresh_hits(before, after, fresh);
	policy_free(&old);
	policy_free(&new);
	return 0;
}

void slots_fresh_free(struct slots_fresh *fresh)
{
	free(fresh->budget);
	free(fresh->hit);
	*fresh = (struct slots_fresh){};
}
