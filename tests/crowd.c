// SPDX-License-Identifier: GPL-2.0-only
/* The crowd against admission alone, compiled natively: flow by flow, for twelve seconds. */
#include "crowd.h"
#define LINES	CROWD_LINES
#include "admission.h"

enum { SECONDS = 12, BY_SOURCE = 1, BY_TOTAL = 2 };

static void play(void)
{
	struct kind *const kinds[] = { &honest, &medium, &heavy, &flood };
	struct kind *kind;
	__u32 source;
	__u64 at;

	for (;;) {
		kind = crowd_next(kinds, 4, &at);
		if (at >= SECONDS * SECOND) {
			kind->offered--;
			return;
		}
		pressure.beat_ns = START + at - at % CROWD_BEAT_NS;
		source = crowd_source(kind, draw() % (~0U - CROWD_FIRST_RANDOM));
		kind->admitted += admit4(source, START + at - at % CROWD_TICK_NS) == REASON_NEW;
	}
}

/* Flows in the last whole window, as a rate. */
static void told(const struct kind *kind)
{
	for (__u32 source = kind->first; source < kind->first + kind->sources; source++) {
		const struct source_more *more = more4(source);
		__u64 got = more ? more->rates >> SOURCE_RATE_BITS & RATE_MAX : 0;

		crowd_told(kind, source, got * 1e9 / (1ULL << SOURCE_WINDOW_SHIFT));
		CHECK(more && more->total >= kind->each * (SECONDS - 1));
	}
}

TEST(crowd)
{
	start(20);
	set_rule(BY_SOURCE, CROWD_SOURCE_LIMIT, CROWD_SOURCE_LIMIT);
	set_rule(BY_TOTAL, CROWD_TOTAL_LIMIT, CROWD_TOTAL_LIMIT);
	class_of_all.source_rule[ROLE_OUTSIDE] = BY_SOURCE;
	knobs.total_rule[ROLE_OUTSIDE] = BY_TOTAL;
	pressure.level = PRESSURE_TIGHT;
	pressure.admit_cost_ns = SECOND / CROWD_STRANGERS;
	proven_below = CROWD_FIRST_MEDIUM;
	play();
	told(&heavy);
	told(&medium);
	crowd_check(SECONDS);
}

int main(void)
{
	return test_main();
}
