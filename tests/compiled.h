/* SPDX-License-Identifier: GPL-2.0-only */
/* Policies compiled and asked, for the tests of compile.c and of what it keeps over a reload. */
#ifndef WEIR_TESTS_COMPILED_H
#define WEIR_TESTS_COMPILED_H

#include "test.h"
#include "compile.h"
#include "lines.h"
#include "prefixes.h"

#define SECOND	1000000000ULL
#define NOW	(1000 * SECOND)
#define FOREVER	(~0ULL)

static inline struct policy parsed(const char *text)
{
	struct policy policy;
	struct fail fail;

	if (policy_parse(text, "test", NOW, &policy, &fail)) {
		CHECK_SAID(false, "%s: %s", text, fail.what);
		policy_init(&policy);
	}
	return policy;
}

static inline void compile_policy(struct policy *policy, const struct arena *before, __u64 now_ns,
			   struct arena *arena)
{
	struct fail fail = { 0 };

	*arena = (struct arena){ 0 };
	CHECK_SAID(!compile(policy, before, now_ns, arena, &fail), "%s", fail.what);
	if (!arena->lines)
		exit(1);
}

static inline void compile_text(const char *text, const struct arena *before, struct arena *arena)
{
	struct policy policy = parsed(text);

	compile_policy(&policy, before, NOW, arena);
	policy_free(&policy);
}

static inline const struct policy_head *head_of(const struct arena *arena)
{
	return (const struct policy_head *)arena->bytes;
}

static inline const struct rule *rule_at(const struct arena *arena, __u32 number)
{
	return (const struct rule *)(arena->bytes + head_of(arena)->rule * POLICY_LINE) + number;
}

static inline struct prefix prefix(const char *text)
{
	struct prefix prefix = { 0 };
	struct fail fail;

	CHECK_SAID(!prefix_parse(text, &prefix, &fail), "%s", fail.what);
	return prefix;
}

static inline const struct class *class_in(struct arena *arena, const char *address, __u32 root4,
				    __u32 root6, __u32 line)
{
	struct prefix one = prefix(address);
	__be32 words[4];

	memcpy(words, one.addr, sizeof(words));
	line += table_find(arena, one.family == 4 ? root4 : root6, one.family, words);
	return arena_line(arena, line);
}

static inline const struct class *source(struct arena *arena, const char *address)
{
	const struct policy_head *head = head_of(arena);

	return class_in(arena, address, head->source_root4, head->source_root6, head->source_class);
}

static inline void add(struct entries *entries, const char *text, __u64 until_ns, const char *comment)
{
	struct entry entry = { .prefix = prefix(text), .until_ns = until_ns };
	struct fail fail;

	entry.comment = comment ? strdup(comment) : NULL;
	CHECK_EQ(entries_put(entries, &entry, &fail), 0);
}

#endif
