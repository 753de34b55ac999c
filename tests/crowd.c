// SPDX-License-Identifier: GPL-2.0-only
/*
 * One heavy source, 50 medium and 1000 honest ones inside a flood of 500000 random sources a second,
 * while conntrack's table is tight: who is told how, and who gets in.
 */
#define LINES	(1 << 18)
#include "test.h"
#include "admission.h"

enum {
	SECONDS = 12, HONEST = 1000, MEDIUM = 50, FLOOD_RATE = 500000, HEAVY_RATE = 20000,
	MEDIUM_RATE = 300, HONEST_RATE = 2, SOURCE_LIMIT = 10, TOTAL_LIMIT = 50000,
	STRANGERS = 400, BY_SOURCE = 1, BY_TOTAL = 2,
	FIRST_HONEST = 1, FIRST_MEDIUM = 2001, HEAVY = 3001, FIRST_RANDOM = 10000,
};

struct kind {
	__u32	first, sources;
	__u64	rate, every_ns, next_ns;	/* of all sources of the kind together */
	__u64	offered, admitted;
};

static struct kind honest = { .first = FIRST_HONEST, .sources = HONEST, .rate = HONEST * HONEST_RATE };
static struct kind medium = { .first = FIRST_MEDIUM, .sources = MEDIUM, .rate = MEDIUM * MEDIUM_RATE };
static struct kind heavy = { .first = HEAVY, .sources = 1, .rate = HEAVY_RATE };
static struct kind flood = { .first = FIRST_RANDOM, .rate = FLOOD_RATE };

/* The kind's next flow: of its sources in turn, or of a random one. */
static void flow(struct kind *kind, __u64 at)
{
	__u32 turn = kind->sources ? kind->offered % kind->sources : draw() % (~0U - FIRST_RANDOM);

	kind->offered++;
	kind->admitted += admit4(kind->first + turn, START + at - at % 4000000) == REASON_NEW;
}

static void play(void)
{
	struct kind *kinds[] = { &honest, &medium, &heavy, &flood };

	for (int i = 0; i < 4; i++)
		kinds[i]->every_ns = SECOND / kinds[i]->rate;
	for (;;) {
		struct kind *next = kinds[0];

		for (int i = 1; i < 4; i++)
			if (kinds[i]->next_ns < next->next_ns)
				next = kinds[i];
		if (next->next_ns >= SECONDS * SECOND)
			return;
		pressure.beat_ns = START + next->next_ns - next->next_ns % (SECOND / 20);
		flow(next, next->next_ns);
		next->next_ns += next->every_ns;
	}
}

/* Flows in the last whole window, as a rate; within 5 % and one flow of what was sent. */
static void told(const char *who, __u32 source, __u64 rate)
{
	const struct source_more *more = more4(source);
	__u64 got = more ? (more->rates >> SOURCE_RATE_BITS & RATE_MAX) * SECOND >> SOURCE_WINDOW_SHIFT : 0;

	CHECK_SAID(got + 1 >= rate * 95 / 100 && got <= rate * 105 / 100 + 1, "%s %u: %llu of %llu/s",
		   who, source, got, rate);
	CHECK(more && more->total >= rate * (SECONDS - 1));
}

TEST(crowd)
{
	__u64 all;

	start(20);
	set_rule(BY_SOURCE, SOURCE_LIMIT, SOURCE_LIMIT);
	set_rule(BY_TOTAL, TOTAL_LIMIT, TOTAL_LIMIT);
	class_of_all.source_rule[ROLE_OUTSIDE] = BY_SOURCE;
	knobs.total_rule[ROLE_OUTSIDE] = BY_TOTAL;
	pressure.level = PRESSURE_TIGHT;
	pressure.admit_cost_ns = SECOND / STRANGERS;
	proven_below = FIRST_MEDIUM;
	play();
	told("heavy", HEAVY, HEAVY_RATE);
	for (__u32 i = 0; i < MEDIUM; i++)
		told("medium", FIRST_MEDIUM + i, MEDIUM_RATE);
	all = heavy.admitted + medium.admitted + flood.admitted;
	printf("# honest %llu of %llu, strangers %llu (heavy %llu, medium %llu, flood %llu)\n",
	       honest.admitted, honest.offered, all, heavy.admitted, medium.admitted, flood.admitted);
	CHECK(honest.offered >= HONEST * HONEST_RATE * SECONDS);
	CHECK((honest.offered - honest.admitted) * 1000 < honest.offered);
	CHECK(heavy.admitted <= SOURCE_LIMIT * (SECONDS + 1) + 1);
	CHECK(medium.admitted <= MEDIUM * (SOURCE_LIMIT * (SECONDS + 1) + 1));
	CHECK(all <= STRANGERS * SECONDS + STRANGERS / 10 + 8);
	CHECK(all >= STRANGERS * SECONDS * 95 / 100);
}

int main(void)
{
	return test_main();
}
