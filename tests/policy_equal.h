/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether two policies say the same, for round trips: parse(print(policy)) == policy. */
#ifndef WEIR_POLICY_EQUAL_H
#define WEIR_POLICY_EQUAL_H

#include <stdlib.h>
#include <string.h>
#include "policy.h"

static inline bool prefixes_equal(const struct prefix *a, size_t a_count, const struct prefix *b,
			   size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++)
		if (prefix_compare(&a[i], &b[i]))
			return false;
	return true;
}

static inline bool entries_equal(const struct entries *a, const struct entries *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct entry *x = &a->at[i], *y = &b->at[i];

		if (prefix_compare(&x->prefix, &y->prefix) || x->until_ns != y->until_ns ||
		    x->announce != y->announce ||
		    strcmp(x->comment ? x->comment : "", y->comment ? y->comment : ""))
			return false;
	}
	return true;
}

static inline bool checks_equal(const struct checks *a, const struct checks *b)
{
	return a->malformed == b->malformed && a->l4_checksum == b->l4_checksum &&
	       a->martians == b->martians && a->stray == b->stray && a->window == b->window &&
	       a->blackhole == b->blackhole && a->blackhole_table == b->blackhole_table &&
	       a->urpf == b->urpf && a->urpf_action == b->urpf_action &&
	       prefixes_equal(a->martian_except, a->martian_except_count, b->martian_except,
			      b->martian_except_count);
}

static inline bool rate_equal(const struct rate *a, const struct rate *b)
{
	return a->count == b->count && a->per_ns == b->per_ns;
}

static inline bool limit_equal(const struct limit *a, const struct limit *b)
{
	return a->kind == b->kind && a->roles == b->roles && a->burst == b->burst &&
	       !prefix_compare(&a->prefix, &b->prefix) && rate_equal(&a->rate, &b->rate);
}

static inline bool interface_equal(const struct interface *a, const struct interface *b)
{
	return !strcmp(a->name, b->name) && a->role == b->role && a->driver == b->driver &&
	       a->priority == b->priority && a->urpf == b->urpf && a->urpf_set == b->urpf_set &&
	       prefixes_equal(a->sources, a->source_count, b->sources, b->source_count);
}

static inline bool pressure_equal(const struct pressure_conf *a, const struct pressure_conf *b)
{
	if (a->tight_percent != b->tight_percent || a->full_percent != b->full_percent ||
	    a->reserve_percent != b->reserve_percent || a->reserve_count != b->reserve_count)
		return false;
	for (size_t i = 0; i < a->reserve_count; i++)
		if (a->reserve[i].protocol != b->reserve[i].protocol ||
		    a->reserve[i].ports.first != b->reserve[i].ports.first ||
		    a->reserve[i].ports.last != b->reserve[i].ports.last ||
		    prefix_compare(&a->reserve[i].from, &b->reserve[i].from))
			return false;
	return true;
}

static inline bool challenge_equal(const struct challenge_conf *a, const struct challenge_conf *b)
{
	if (a->way != b->way || !rate_equal(&a->engage, &b->engage) || a->to_count != b->to_count)
		return false;
	for (size_t i = 0; i < a->to_count; i++)
		if (prefix_compare(&a->to[i].prefix, &b->to[i].prefix) ||
		    !rate_equal(&a->to[i].rate, &b->to[i].rate))
			return false;
	return true;
}

static inline bool policy_equal(const struct policy *a, const struct policy *b)
{
	if (a->mode != b->mode || a->enforce_until_ns != b->enforce_until_ns ||
	    a->interface_count != b->interface_count || a->limit_count != b->limit_count ||
	    a->bypass_count != b->bypass_count || a->bypass_mark != b->bypass_mark)
		return false;
	for (size_t i = 0; i < a->interface_count; i++)
		if (!interface_equal(&a->interface[i], &b->interface[i]))
			return false;
	for (size_t i = 0; i < a->limit_count; i++)
		if (!limit_equal(&a->limit[i], &b->limit[i]))
			return false;
	for (size_t i = 0; i < a->bypass_count; i++)
		if (!bypass_same(&a->bypass[i], &b->bypass[i]) ||
		    a->bypass[i].fast != b->bypass[i].fast)
			return false;
	return entries_equal(&a->trust, &b->trust) && entries_equal(&a->block, &b->block) &&
	       checks_equal(&a->check, &b->check) && pressure_equal(&a->pressure, &b->pressure) &&
	       challenge_equal(&a->challenge, &b->challenge) &&
	       a->sources.sources == b->sources.sources && a->sources.length6 == b->sources.length6;
}

/* the policy as text; the caller frees it */
static inline char *policy_text(const struct policy *policy, __u64 now_ns)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	policy_print(to, policy, now_ns, true);
	fclose(to);
	return text;
}

#endif
