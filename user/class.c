// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "class.h"

/* ---- facts --------------------------------------------------------------------------------- */

int facts_add(struct facts *facts, const struct fact *fact)
{
	if (facts->count == facts->room) {
		size_t room = facts->room ? 2 * facts->room : 64;
		struct fact *at = realloc(facts->at, room * sizeof(*at));

		if (!at)
			return -ENOMEM;
		facts->at = at;
		facts->room = room;
	}
	facts->at[facts->count] = *fact;
	facts->at[facts->count].order = facts->count;
	facts->count++;
	return 0;
}

void facts_free(struct facts *facts)
{
	free(facts->at);
	*facts = (struct facts){ 0 };
}

static int fact_order(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);

	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

static void learn_rule(__u16 rule[ROLE_COUNT], const struct fact *fact)
{
	for (int role = 0; role < ROLE_COUNT; role++)
		if (fact->roles & 1 << role)
			rule[role] = fact->value;
}

static void learn_flag(struct class *class, __u32 flag, const struct fact *fact)
{
	class->flags = fact->value ? class->flags | flag : class->flags & ~flag;
}

static void learn(struct class *class, const struct fact *fact)
{
	switch ((enum fact_kind)fact->kind) {
	case FACT_TRUST:
		class->flags |= CLASS_TRUSTED;
		if (fact->until_ns > class->trust_until_ns)
			class->trust_until_ns = fact->until_ns;
		break;
	case FACT_BLOCK:
		class->flags |= CLASS_BLOCKED;
		class->hit = fact->value;
		if (fact->until_ns > class->block_until_ns)
			class->block_until_ns = fact->until_ns;
		break;
	case FACT_MARTIAN:
		if (fact->roles & 1 << ROLE_OUTSIDE)
			learn_flag(class, CLASS_MARTIAN, fact);
		if (fact->roles & 1 << ROLE_INSIDE)
			learn_flag(class, CLASS_MARTIAN_INSIDE, fact);
		break;
	case FACT_INSIDE:
		learn_flag(class, CLASS_INSIDE, fact);
		break;
	case FACT_OWN:
		learn_flag(class, CLASS_OWN, fact);
		break;
	case FACT_BYPASS_TO:
		class->bypass_to |= fact->groups;
		break;
	case FACT_BYPASS_FROM:
		class->bypass_from |= fact->groups;
		break;
	case FACT_SOURCE_RULE:
		learn_rule(class->source_rule, fact);
		break;
	case FACT_PREFIX_RULE:
		learn_rule(class->prefix_rule, fact);
		break;
	case FACT_AGGREGATE_RULE:
		learn_rule(class->aggregate_rule, fact);
		break;
	case FACT_DESTINATION_RULE:
		learn_rule(class->destination_rule, fact);
		break;
	case FACT_RESERVE:
		class->reserve |= 1 << fact->value;
		break;
	case FACT_ENGAGE_RULE:
		class->engage_rule = fact->value;
		break;
	}
}

/* ---- classes ------------------------------------------------------------------------------- */

void classes_free(struct classes *classes)
{
	free(classes->at);
	free(classes->bucket);
	*classes = (struct classes){ 0 };
}

static size_t class_hash(const struct class *class)
{
	const __u64 *word = (const __u64 *)class;
	__u64 hash = 0;

	for (size_t i = 0; i < sizeof(*class) / sizeof(*word); i++)
		hash = (hash ^ word[i] ^ word[i] >> 32) * 0x9e3779b97f4a7c15ULL;
	return hash >> 32;
}

static int classes_grow(struct classes *classes)
{
	size_t room = classes->room ? 2 * classes->room : 64, buckets = 4 * room;
	struct class *at = realloc(classes->at, room * sizeof(*at));
	__u32 *bucket;

	if (!at)
		return -ENOMEM;
	classes->at = at;
	bucket = calloc(buckets, sizeof(*bucket));
	if (!bucket)
		return -ENOMEM;
	free(classes->bucket);
	classes->bucket = bucket;
	classes->buckets = buckets;
	classes->room = room;
	for (size_t i = 0; i < classes->count; i++) {
		size_t slot = class_hash(&at[i]) & (buckets - 1);

		while (bucket[slot])
			slot = (slot + 1) & (buckets - 1);
		bucket[slot] = i + 1;
	}
	return 0;
}

/* The number of an equal class, which may be new. -ENOMEM: too many. */
static long intern(struct classes *classes, const struct class *class)
{
	size_t slot;

	if (classes->count == classes->room && classes_grow(classes))
		return -ENOMEM;
	slot = class_hash(class) & (classes->buckets - 1);
	for (; classes->bucket[slot]; slot = (slot + 1) & (classes->buckets - 1))
		if (!memcmp(&classes->at[classes->bucket[slot] - 1], class, sizeof(*class)))
			return classes->bucket[slot] - 1;
	if (classes->count > TABLE_LINE_MASK)
		return -ENOMEM;
	classes->at[classes->count++] = *class;
	classes->bucket[slot] = classes->count;
	return classes->count - 1;
}

/* ---- merging ------------------------------------------------------------------------------- */

/* where the merge is: both lists are walked side by side in the order of prefixes */
struct merge {
	const struct fact	*fact, *fact_end;
	const struct entry	*block, *block_end;
	const __u16		*hit;
	__u64			now_ns;
	__u32			depth;
	struct {
		struct prefix	prefix;
		struct class	class;
		long		number;
	} cover[130];		/* the prefixes that cover this one; 0: everything */
};

static bool next_prefix(struct merge *merge, struct prefix *prefix)
{
	bool fact = merge->fact < merge->fact_end, block;

	while (merge->block < merge->block_end && merge->block->until_ns <= merge->now_ns) {
		merge->block++;
		merge->hit++;
	}
	block = merge->block < merge->block_end;
	if (fact && block)
		fact = prefix_compare(&merge->fact->prefix, &merge->block->prefix) <= 0;
	if (fact || block)
		*prefix = fact ? merge->fact->prefix : merge->block->prefix;
	return fact || block;
}

/* Takes all that is said of the prefix from both lists. */
static void learn_prefix(struct merge *merge, const struct prefix *prefix, struct class *class)
{
	for (; merge->fact < merge->fact_end; merge->fact++) {
		if (prefix_compare(&merge->fact->prefix, prefix))
			break;
		learn(class, merge->fact);
	}
	if (merge->block < merge->block_end && !prefix_compare(&merge->block->prefix, prefix)) {
		struct fact fact = { .kind = FACT_BLOCK, .value = *merge->hit++,
				     .until_ns = merge->block++->until_ns };

		learn(class, &fact);
	}
}

static int merge_all(struct merge *merge, struct classes *classes, struct table_entry *out,
		     size_t *count)
{
	struct prefix prefix;
	struct class class;
	long number;

	while (next_prefix(merge, &prefix)) {
		while (merge->depth && !prefix_covers(&merge->cover[merge->depth].prefix, &prefix))
			merge->depth--;
		class = merge->cover[merge->depth].class;
		learn_prefix(merge, &prefix, &class);
		number = intern(classes, &class);
		if (number < 0)
			return number;
		/* the table would leave it out: here it would only take memory */
		if (number == merge->cover[merge->depth].number)
			continue;
		out[(*count)++] = (struct table_entry){ prefix, number };
		merge->depth++;
		merge->cover[merge->depth].prefix = prefix;
		merge->cover[merge->depth].class = class;
		merge->cover[merge->depth].number = number;
	}
	return 0;
}

int classes_merge(struct classes *classes, struct facts *facts, const struct entries *block,
		  const __u16 *hit, __u64 now_ns, struct table_entry **out, size_t *count)
{
	static const struct prefix everything;
	size_t most = facts->count + (block ? block->count : 0);
	struct merge merge = { .hit = hit, .now_ns = now_ns };
	int error;

	*out = malloc((most + 1) * sizeof(**out));
	*count = 0;
	if (!*out)
		return -ENOMEM;
	if (facts->count)
		qsort(facts->at, facts->count, sizeof(*facts->at), fact_order);
	merge.fact = facts->at;
	merge.fact_end = facts->at + facts->count;
	if (block) {
		merge.block = block->at;
		merge.block_end = block->at + block->count;
	}
	learn_prefix(&merge, &everything, &merge.cover[0].class);
	error = intern(classes, &merge.cover[0].class);	/* it is number 0 */
	if (error >= 0)
		error = merge_all(&merge, classes, *out, count);
	if (!error)
		return 0;
	free(*out);
	*out = NULL;
	return error;
}
