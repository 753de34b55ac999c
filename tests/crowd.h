/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A crowd in front of a gateway: one heavy source, 50 medium and 1000 honest ones inside a flood of
 * 500000 random sources a second, while conntrack's table is tight. Who comes when, and who has to
 * get in; how they get there is up to the test.
 */
#ifndef WEIR_TESTS_CROWD_H
#define WEIR_TESTS_CROWD_H

#include "test.h"
#include "abi.h"

#ifndef SECOND
#define SECOND		1000000000ULL
#define START		(1000 * SECOND)
#endif

enum {
	CROWD_HONEST = 1000, CROWD_MEDIUM = 50, CROWD_SOURCE_LIMIT = 10, CROWD_TOTAL_LIMIT = 50000,
	CROWD_STRANGERS = 400,		/* a second, for all that are not proven */
	CROWD_FIRST_HONEST = 1, CROWD_FIRST_MEDIUM = 2001, CROWD_HEAVY = 3001, CROWD_FIRST_RANDOM = 10000,
};
#define CROWD_LINES	(1 << 18)	/* of the table: a million sources */
#define CROWD_TICK_NS	4000000ULL	/* of the clock */
#define CROWD_BEAT_NS	(SECOND / 20)	/* of the daemon */

struct kind {
	const char	*name;
	__u32		first, sources;		/* 0: a random one each time */
	__u64		each;			/* flows a second of one source */
	__u64		next_ns;		/* after START */
	__u64		offered, admitted;
};

static struct kind honest = { "honest", CROWD_FIRST_HONEST, CROWD_HONEST, .each = 2 };
static struct kind medium = { "medium", CROWD_FIRST_MEDIUM, CROWD_MEDIUM, .each = 300 };
static struct kind heavy = { "heavy", CROWD_HEAVY, 1, .each = 20000 };
static struct kind flood = { "flood", CROWD_FIRST_RANDOM, 0, .each = 500000 };

/* Of so many kinds the one that comes next. Its flow is offered: the caller counts if it gets in. */
static inline struct kind *crowd_next(struct kind *const *kinds, int count, __u64 *at)
{
	struct kind *next = kinds[0];

	for (int i = 1; i < count; i++)
		if (kinds[i]->next_ns < next->next_ns)
			next = kinds[i];
	*at = next->next_ns;
	next->offered++;
	next->next_ns += SECOND / (next->each * (next->sources ? next->sources : 1));
	return next;
}

/* Whose flow that was: those of a kind come in turn. */
static inline __u32 crowd_source(const struct kind *kind, __u32 random)
{
	return kind->first + (kind->sources ? (kind->offered - 1) % kind->sources : random);
}

/* Within 5 % and one flow. */
static inline void crowd_told(const struct kind *kind, __u32 source, double got)
{
	CHECK_SAID(got + 1 >= kind->each * 0.95 && got <= kind->each * 1.05 + 1, "%s %u: %.1f of %llu/s",
		   kind->name, source, got, kind->each);
}

/* The honest lose less than one of a thousand, and each limit holds, from both sides. */
static inline void crowd_check(__u64 seconds)
{
	__u64 strangers = heavy.admitted + medium.admitted + flood.admitted;
	__u64 most = CROWD_SOURCE_LIMIT * (seconds + 1) + 1;

	printf("# honest %llu of %llu, strangers %llu of %llu (heavy %llu, medium %llu, flood %llu)\n",
	       honest.admitted, honest.offered, strangers, heavy.offered + medium.offered + flood.offered,
	       heavy.admitted, medium.admitted, flood.admitted);
	CHECK(honest.offered >= CROWD_HONEST * honest.each * seconds);
	CHECK(flood.offered >= flood.each * seconds);
	CHECK((honest.offered - honest.admitted) * 1000 < honest.offered);
	CHECK(heavy.admitted <= most);
	CHECK(medium.admitted <= CROWD_MEDIUM * most);
	CHECK(strangers <= CROWD_STRANGERS * seconds + CROWD_STRANGERS / 10 + 8);
	CHECK(strangers >= CROWD_STRANGERS * seconds * 95 / 100);
}

#endif
