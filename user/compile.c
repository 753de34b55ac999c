// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "bpf/seat.h"
#include "class.h"
#include "compile.h"
#include "fact.h"
#include "knob.h"
#include "record.h"
#include "reserve.h"
#include "slot.h"

static int no_memory(struct fail *fail)
{
	return fail_set(fail, EXIT_REFUSED, "free some, or load a shorter list",
			"no memory for the compiled policy");
}

static void *line_of(const struct arena *arena, __u32 line)
{
	return arena->bytes + (size_t)line * POLICY_LINE;
}

/* ---- rules --------------------------------------------------------------------------------- */

static __u64 times(__u64 a, __u64 b)
{
	__u64 product;

	return __builtin_mul_overflow(a, b, &product) ? ~0ULL : product;
}

/* Rule i + 1 is limit i; slot.h numbers the others. A burst is so many of what a flow costs, or the last one of
 * it would not fit into a seat. A limit whose burst is not given may burst what it admits in a second. */
static struct rule rule_of(const struct limit *limit, __u32 slot)
{
	__u64 cost_ns = rate_cost_ns(&limit->rate), flow_ns = slot ? cost_ns : seat_cost_ns(cost_ns);
	__u64 burst_ns = limit->burst ? times(limit->burst, flow_ns) : 1000000000ULL;

	/* no longer than the datapath's clock can count */
	if (burst_ns > 1ULL << 57)
		burst_ns = 1ULL << 57;
	return (struct rule){
		.cost_ns = cost_ns,
		.burst_ns = burst_ns > flow_ns ? burst_ns : flow_ns,
		.slot = slot,
	};
}

static int compile_rules(const struct policy *policy, const struct arena *before,
			 struct arena *arena, struct fail *fail)
{
	size_t count = policy->limit_count;
	size_t guard = policy->guard.rate.count ? count + 1 : 0;
	const struct challenge_conf *challenge = &policy->challenge;
	struct rule *rule;
	__u32 *slot, line;
	int result;

	if (count + !!guard >= RULE_MAX)
		return fail_set(fail, EXIT_USAGE, NULL, "%zu limits: at most %d are possible", count,
				RULE_MAX - 1);
	slot = calloc(count + challenge->to_count + 1, sizeof(*slot));
	line = arena_grow(arena, engage_rule_number(policy, challenge->to_count) / 2 + 1);
	if (!slot || !line) {
		free(slot);
		return no_memory(fail);
	}
	result = slots_of_limits(policy, before, slot, fail);
	rule = line_of(arena, line);
	for (size_t i = 0; i < count && !result; i++)
		rule[i + 1] = rule_of(&policy->limit[i], slot[i]);
	if (guard)
		rule[guard] = rule_of(&policy->guard, 0);
	if (!result)
		result = slots_of_engage(policy, before, slot, fail);
	for (size_t i = 0; i < challenge->to_count && !result; i++)
		rule[engage_rule_number(policy, i)] = (struct rule){
			.cost_ns = rate_cost_ns(&challenge->to[i].rate), .slot = slot[i],
		};
	((struct policy_head *)arena->bytes)->rule = line;
	free(slot);
	return result;
}

/* ---- tables -------------------------------------------------------------------------------- */

/* Appends the classes and the two tables. Returns the line of class 0, or 0 when memory is out. */
static __u32 compile_tables(struct arena *arena, const struct classes *classes,
			    const struct table_entry *entry, size_t count, __u32 root[2])
{
	__u32 line = arena_grow(arena, classes->count);
	size_t four = 0;
	long built[2];

	if (!line)
		return 0;
	memcpy(line_of(arena, line), classes->at, classes->count * sizeof(*classes->at));
	while (four < count && entry[four].prefix.family == 4)
		four++;
	built[0] = table_build(arena, entry, four, 4);
	built[1] = table_build(arena, entry + four, count - four, 6);
	if (built[0] < 0 || built[1] < 0)
		return 0;
	root[0] = built[0];
	root[1] = built[1];
	return line;
}

static int compile_side(struct arena *arena, struct facts *facts, const struct bypass_groups *bypass,
			const struct entries *block, const __u16 *hit, __u64 now_ns,
			__u32 *class_line, __u32 root[2])
{
	struct classes classes = { 0 };
	struct table_entry *entry = NULL;
	size_t count;
	int error = classes_merge(&classes, facts, block, hit, now_ns, &entry, &count);

	for (size_t i = 0; i < classes.count; i++) {
		struct class *class = &classes.at[i];

		class->bypass_blocks = bypass_blocks(bypass, class->bypass_to | class->bypass_from);
	}
	*class_line = error ? 0 : compile_tables(arena, &classes, entry, count, root);
	free(entry);
	classes_free(&classes);
	return *class_line ? 0 : -1;
}

static int compile_sources(const struct policy *policy, const struct bypass_groups *bypass,
			   const __u16 *hit, __u64 now_ns, struct arena *arena)
{
	struct facts facts = { 0 };
	__u32 line = 0, root[2];
	struct policy_head *head;
	int error = source_facts(policy, bypass, now_ns, &facts);

	if (!error)
		error = compile_side(arena, &facts, bypass, &policy->block, hit, now_ns, &line, root);
	facts_free(&facts);
	if (error)
		return error;
	head = line_of(arena, 0);
	head->source_class = line;
	head->source_root4 = root[0];
	head->source_root6 = root[1];
	return 0;
}

static int compile_destinations(const struct policy *policy, const struct bypass_groups *bypass,
				struct arena *arena)
{
	struct facts facts = { 0 };
	__u32 line = 0, root[2];
	struct policy_head *head;
	int error = destination_facts(policy, bypass, &facts);

	if (!error)
		error = compile_side(arena, &facts, bypass, NULL, NULL, 0, &line, root);
	facts_free(&facts);
	if (error)
		return error;
	head = line_of(arena, 0);
	head->destination_class = line;
	head->destination_root4 = root[0];
	head->destination_root6 = root[1];
	return 0;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int compile_lists(const struct policy *policy, const struct bypass_groups *bypass,
			 const struct arena *before, __u64 now_ns, struct arena *arena,
			 struct fail *fail)
{
	__u16 *hit = calloc(policy->block.count + 1, sizeof(*hit));
	int result;

	if (!hit)
		return no_memory(fail);
	result = slots_of_block(policy, before, hit, fail);
	if (!result && compile_sources(policy, bypass, hit, now_ns, arena))
		result = no_memory(fail);
	if (!result && compile_destinations(policy, bypass, arena))
		result = no_memory(fail);
	if (!result)
		result = record_write(arena, policy, hit, now_ns, fail);
	free(hit);
	return result;
}

int compile(const struct policy *policy, const struct arena *before, __u64 now_ns,
	    struct arena *arena, struct fail *fail)
{
	struct bypass_groups bypass;
	struct policy_head *head;
	int result;

	if (arena_grow(arena, 3) != POLICY_KNOBS)
		return no_memory(fail);
	if (bypass_gather(policy, &bypass, fail)) {
		arena_free(arena);
		return -fail->status;
	}
	compile_knobs(policy, line_of(arena, POLICY_KNOBS));
	result = compile_reserve(policy, line_of(arena, POLICY_RESERVE), fail);
	if (!result)
		result = bypass_compile(policy, &bypass, arena, fail);
	if (!result)
		result = compile_rules(policy, before, arena, fail);
	if (!result)
		result = compile_lists(policy, &bypass, before, now_ns, arena, fail);
	bypass_groups_free(&bypass);
	if (result) {
		arena_free(arena);
		return result;
	}
	head = line_of(arena, 0);
	head->magic = POLICY_MAGIC;
	head->lines = arena->lines;
	return 0;
}

int decompile(const struct arena *arena, __u64 now_ns, struct policy *policy, struct fail *fail)
{
	return record_read(arena, now_ns, policy, fail);
}

__u32 compiled_slot(const struct arena *arena, const struct limit *limit)
{
	struct policy policy;
	struct fail none;
	__u32 slot = 0;

	if (record_read_text(arena, &policy, &none))
		return 0;
	for (size_t i = 0; i < policy.limit_count && !slot; i++)
		if (limit_same_key(&policy.limit[i], limit))
			slot = slot_of_rule(arena, i + 1);
	policy_free(&policy);
	return slot;
}

bool compiled_guard(const struct arena *arena, struct limit *guard)
{
	const struct policy_head *head = (const struct policy_head *)arena->bytes;
	const struct policy_knobs *knobs = (const struct policy_knobs *)(head + 1);
	__u32 number = arena->lines > 1 ? knobs->destination_rule[ROLE_INSIDE] : 0;
	const struct rule *rule;
	struct policy policy;
	struct fail none;
	bool mine;

	if (!number || record_read_text(arena, &policy, &none))
		return false;
	mine = number == policy.limit_count + 1;
	policy_free(&policy);
	if (!mine || (size_t)head->rule * 2 + number >= arena->lines * 2)
		return false;
	rule = (const struct rule *)(arena->bytes + (size_t)head->rule * POLICY_LINE) + number;
	*guard = (struct limit){
		.kind = LIMIT_DESTINATION,
		.roles = 1 << ROLE_INSIDE,
		.rate = { (1000000000 + rule->cost_ns / 2) / rule->cost_ns, 1000000000 },
		.burst = rule->burst_ns / seat_cost_ns(rule->cost_ns),
	};
	return true;
}

__u32 compiled_hit(const struct arena *arena, const struct prefix *prefix)
{
	struct record_walk walk;
	struct entry entry;
	__u16 hit;

	record_walk_block(arena, &walk);
	while (record_next(&walk, &entry, &hit))
		if (!prefix_compare(&entry.prefix, prefix))
			return hit;
	return 0;
}

void compiled_hits(const struct arena *arena, const struct entries *block, __u16 *hit)
{
	struct record_walk walk;
	struct entry entry;
	size_t i = 0;
	__u16 slot;

	record_walk_block(arena, &walk);
	/* both are in order; entries that have ended are in the arena alone */
	while (i < block->count && record_next(&walk, &entry, &slot))
		if (!prefix_compare(&entry.prefix, &block->at[i].prefix))
			hit[i++] = slot > HIT_STATIC ? slot : 0;
}
