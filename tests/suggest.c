// SPDX-License-Identifier: GPL-2.0-only
/* Limits come from what honest sources do, and from nothing else. */
#include "test.h"
#include "suggest.h"

#define SECOND	1000000000ULL

static void add(struct suggest_side *side, size_t times, double busiest, __u64 total, __u64 dropped,
		bool proven)
{
	const struct source_row row = {
		.busiest = busiest, .average = 0.5, .total = total, .dropped = dropped,
		.proven = proven,
	};

	while (times--)
		CHECK(suggest_add(side, &row));
}

TEST(rounds_up_to_what_is_remembered)
{
	static const struct { double rate; __u64 round; } row[] = {
		{ 0, 1 }, { 1, 1 }, { 1.1, 2 }, { 2, 2 }, { 3, 5 }, { 5, 5 }, { 5.01, 10 },
		{ 11, 20 }, { 49, 50 }, { 51, 100 }, { 250000, 500000 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		CHECK_EQ(suggest_round(row[i].rate), row[i].round);
}

TEST(quantiles_and_the_limit_above_them)
{
	struct suggest_side side = {};
	struct suggestion is;

	add(&side, 9900, 2, 100, 0, true);
	add(&side, 95, 20, 100, 0, true);
	add(&side, 5, 3000, 100, 0, true);
	suggest_of(&side, ROLE_INSIDE, &is);
	CHECK_EQ(is.p50, 2);
	CHECK_EQ(is.p99, 20);
	CHECK_EQ(is.p999, 20);
	CHECK_EQ(is.max, 3000);
	CHECK_EQ(is.limit.kind, LIMIT_SOURCE);
	CHECK_EQ(is.limit.roles, 1 << ROLE_INSIDE);
	CHECK_EQ(is.limit.rate.count, 50);
	CHECK_EQ(is.limit.rate.per_ns, SECOND);
	CHECK_EQ(is.limit.burst, 100);
	CHECK_EQ(is.above, 5);
	CHECK_EQ(side.total, 5000);
	suggest_free(&side);
}

/* The busiest of what is known of a source counts: its last seconds may have been calm ones. */
TEST(calm_seconds_do_not_hide_what_was_before)
{
	const struct source_row row[] = {
		{ .busiest = 9, .average = 1, .mean = 2, .total = 10 },
		{ .busiest = 1, .average = 40, .mean = 2, .total = 10 },
		{ .busiest = 1, .average = 0, .mean = 70, .total = 10 },
	};
	struct suggest_side side = {};

	for (int i = 0; i < 3; i++)
		CHECK(suggest_add(&side, &row[i]));
	CHECK_EQ(side.rate[0], 9);
	CHECK_EQ(side.rate[1], 40);
	CHECK_EQ(side.rate[2], 70);
	suggest_free(&side);
}

/* What they were is not known, but that they were above a limit is. */
TEST(who_lost_flows_would_be_limited_again)
{
	struct suggest_side side = {};
	struct suggestion is;

	add(&side, 200, 2, 100, 0, true);
	add(&side, 7, 5000, 100, 3, true);
	suggest_of(&side, ROLE_INSIDE, &is);
	CHECK_EQ(is.max, 2);
	CHECK_EQ(is.above, 7);
	suggest_free(&side);
}

static bool doubted(double now, double total, double mean, __u64 observed_ns, char why[256])
{
	const struct suggest_side side = { .now = now, .total = total, .mean = mean };
	const struct suggest_scene scene = { .observed_ns = observed_ns };

	return suggest_side_doubted(&side, &scene, why, 256);
}

TEST(what_may_be_no_peak_is_said)
{
	char why[256];

	CHECK(!doubted(100, 90, 150, SUGGEST_PEAK_NS, why));
	CHECK(!doubted(0, 90, 150, SUGGEST_PEAK_NS, why));
	CHECK(doubted(100, 90, 150, 600 * SECOND, why));
	CHECK_STR(why, "no daily peak seen: it runs for 10m only");
	CHECK(doubted(3, 10, 150, SUGGEST_PEAK_NS, why));
	CHECK_STR(why, "calm just now: 10.0 new flows/s, and 150.0 on average");
	CHECK(doubted(3, 1, 150, 600 * SECOND, why));
	CHECK_STR(why, "no daily peak seen: it runs for 10m only; calm just now: 3.0 new flows/s, and 150.0 on average");
}

TEST(one_source)
{
	struct suggest_side side = {};
	struct suggestion is;

	add(&side, 1, 7, 100, 0, true);
	suggest_of(&side, ROLE_OUTSIDE, &is);
	CHECK_EQ(is.p50, 7);
	CHECK_EQ(is.max, 7);
	CHECK_EQ(is.limit.rate.count, 20);
	CHECK_EQ(is.above, 0);
	suggest_free(&side);
}

/* who was limited, or came once, is no model */
TEST(others_are_not_learned_from)
{
	struct suggest_side side = {};

	add(&side, 30, 2, 10, 0, false);
	add(&side, 40, 1, 1, 0, false);
	add(&side, 50, 9000, 10, 1, true);
	add(&side, 1, 1, 1, 0, true);
	CHECK_EQ(side.count, 31);
	CHECK_EQ(side.once, 40);
	CHECK_EQ(side.limited, 50);
	suggest_free(&side);
}

TEST(side_is_refused)
{
	static const struct { size_t again, once, limited; bool refused; } row[] = {
		{ 0, 0, 0, true }, { SUGGEST_SOURCES - 1, 0, 0, true },
		{ SUGGEST_SOURCES, 0, 0, false }, { 100, 800, 0, false },
		{ 100, 2000, 0, true }, { 100, 0, 5, false }, { 100, 0, 30, true },
	};
	char why[256];

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct suggest_side side = {};

		add(&side, row[i].again, 2, 10, 0, false);
		add(&side, row[i].once, 1, 1, 0, false);
		add(&side, row[i].limited, 2, 10, 1, false);
		CHECK_SAID(suggest_side_refused(&side, why, sizeof(why)) == row[i].refused,
			   "row %zu", i);
		suggest_free(&side);
	}
}

TEST(limits_are_the_reason_before_how_few_are_left)
{
	struct suggest_side side = {};
	char why[256];

	add(&side, 5, 2, 10, 0, false);
	add(&side, 50, 2, 10, 1, false);
	CHECK(suggest_side_refused(&side, why, sizeof(why)));
	CHECK_STR(why, "50 of 55 sources lost flows to a limit");
	suggest_free(&side);
}

TEST(scene_is_refused)
{
	const struct suggest_scene calm = {
		.observed_ns = SUGGEST_OBSERVED_NS, .wanted_ns = SUGGEST_OBSERVED_NS,
		.passed = 10000, .dropped = 20, .count = 1000, .max = 262144,
	};
	struct suggest_scene scene = calm;
	char why[256];

	CHECK(!suggest_refused(&scene, why, sizeof(why)));
	scene.observed_ns--;
	CHECK(suggest_refused(&scene, why, sizeof(why)));
	scene = calm;
	scene.dropped = 501;
	CHECK(suggest_refused(&scene, why, sizeof(why)));
	scene.passed = 1e6;
	CHECK(!suggest_refused(&scene, why, sizeof(why)));
	scene = calm;
	scene.pressed = true;
	CHECK(suggest_refused(&scene, why, sizeof(why)));
	scene = calm;
	scene.count = 250000;
	CHECK(suggest_refused(&scene, why, sizeof(why)));
	scene.max = 0;
	CHECK(!suggest_refused(&scene, why, sizeof(why)));
}

int main(void)
{
	return test_main();
}
