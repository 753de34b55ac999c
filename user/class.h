/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts about prefixes -> classes: what is said of nested prefixes, merged, and each different
 * result numbered once.
 *
 * Each kind of fact is inherited by itself: a prefix has what is said of it, and for the kinds
 * that nothing is said of, what its nearest cover has. Trust and block last as long as the longest
 * that covers: a short entry inside a lasting one ends nothing.
 */
#ifndef WEIR_CLASS_H
#define WEIR_CLASS_H

#include "policy.h"
#include "table.h"

enum fact_kind {
	FACT_TRUST,		/* until_ns */
	FACT_BLOCK,		/* until_ns; value: index in map "hit" */
	FACT_MARTIAN,		/* value: 1 or 0, on devices of these roles */
	FACT_INSIDE,		/* value: 1 or 0 */
	FACT_OWN,		/* value: 1 */
	FACT_BYPASS_TO,		/* groups */
	FACT_BYPASS_FROM,
	FACT_SOURCE_RULE,	/* value: rule number, on devices of these roles; as the next three */
	FACT_PREFIX_RULE,
	FACT_AGGREGATE_RULE,
	FACT_DESTINATION_RULE,
	FACT_RESERVE,		/* value: number of a service that is kept for it */
	FACT_ENGAGE_RULE,	/* value: rule number */
};

struct fact {
	struct prefix	prefix;		/* family 0: everything, class 0 */
	__u8		kind;		/* enum fact_kind */
	__u8		roles;		/* bit per enum role */
	__u32		value;
	__u32		order;		/* in which it was told; facts_add() sets it */
	union {
		__u64	until_ns;
		__u64	groups;		/* bit per bypass group */
	};
};

struct facts {
	struct fact	*at;		/* owned */
	size_t		count, room;
};

struct classes {
	struct class	*at;		/* owned; 0 is what is said of everything */
	size_t		count, room;
	__u32		*bucket;	/* owned; class number + 1 by hash */
	size_t		buckets;
};

/* -ENOMEM, or 0. */
int facts_add(struct facts *facts, const struct fact *fact);
void facts_free(struct facts *facts);

/*
 * Merges the facts (sorts them; of two about the same, the later one holds) with the entries of a
 * sorted block list, whose slots hit[] tells (NULL: no list), leaving out those that ended before
 * now_ns. Fills *classes, and *out with *count table entries in order, which the
 * caller frees. -ENOMEM, or 0.
 */
int classes_merge(struct classes *classes, struct facts *facts, const struct entries *block,
		  const __u16 *hit, __u64 now_ns, struct table_entry **out, size_t *count);
void classes_free(struct classes *classes);

#endif
