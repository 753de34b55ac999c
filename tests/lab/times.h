/* SPDX-License-Identifier: GPL-2.0-only */
/* A list of durations and what is asked of it: how many are short, and quantiles. */
#ifndef LAB_TIMES_H
#define LAB_TIMES_H

#include <stdlib.h>

typedef unsigned long long u64;

struct times {
	u64		*ns;	/* owned by the caller, with room for all that are added */
	unsigned int	count;
};

static inline void times_add(struct times *t, u64 ns)
{
	t->ns[t->count++] = ns;
}

static inline int times_compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* needed before each question, after times were added */
static inline void times_sort(struct times *t)
{
	qsort(t->ns, t->count, sizeof(*t->ns), times_compare);
}

static inline unsigned int times_below(const struct times *t, u64 ns)
{
	unsigned int n = 0;

	while (n < t->count && t->ns[n] < ns)
		n++;
	return n;
}

/* q: 0 the shortest, 0.5 the median, 1 the longest; 0 ns if there is none */
static inline double times_quantile(const struct times *t, double q)
{
	return t->count ? t->ns[(unsigned int)(q * (t->count - 1))] : 0;
}

#endif
