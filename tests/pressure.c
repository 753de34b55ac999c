// SPDX-License-Identifier: GPL-2.0-only
/* What is admitted fits into the table, at every fill, over any time. */
#include "test.h"
#include "pressure.h"

#define SECOND	1000000000ULL
#define MAX	262144
#define LIFE	(120 * SECOND)

static const struct pressure_marks usual = { .tight = 70, .full = 90, .reserve = 5 };

static struct pressure_now at(const struct pressure_marks *marks, __u64 count, __u64 max,
			      enum pressure before)
{
	const struct pressure_seen seen = {
		.count = count, .max = max, .unreplied_ns = LIFE, .before = before,
	};
	struct pressure_now now;

	memset(&now, 0xff, sizeof(now));
	pressure_of(marks, &seen, &now);
	return now;
}

TEST(level_begins_at_its_mark_and_ends_below_it)
{
	static const struct {
		unsigned int	tight, full, count;	/* of a table of 1000 */
		enum pressure	before, after;
	} row[] = {
		{ 70, 90, 0, PRESSURE_CALM, PRESSURE_CALM },
		{ 70, 90, 700, PRESSURE_CALM, PRESSURE_CALM },
		{ 70, 90, 701, PRESSURE_CALM, PRESSURE_TIGHT },
		{ 70, 90, 900, PRESSURE_CALM, PRESSURE_TIGHT },
		{ 70, 90, 901, PRESSURE_CALM, PRESSURE_FULL },
		{ 70, 90, 1000, PRESSURE_CALM, PRESSURE_FULL },
		{ 70, 90, 1200, PRESSURE_CALM, PRESSURE_FULL },
		{ 70, 90, 700, PRESSURE_TIGHT, PRESSURE_TIGHT },
		{ 70, 90, 651, PRESSURE_TIGHT, PRESSURE_TIGHT },
		{ 70, 90, 650, PRESSURE_TIGHT, PRESSURE_CALM },
		{ 70, 90, 900, PRESSURE_TIGHT, PRESSURE_TIGHT },
		{ 70, 90, 901, PRESSURE_TIGHT, PRESSURE_FULL },
		{ 70, 90, 900, PRESSURE_FULL, PRESSURE_FULL },
		{ 70, 90, 851, PRESSURE_FULL, PRESSURE_FULL },
		{ 70, 90, 850, PRESSURE_FULL, PRESSURE_TIGHT },
		{ 70, 90, 660, PRESSURE_FULL, PRESSURE_TIGHT },
		{ 70, 90, 650, PRESSURE_FULL, PRESSURE_CALM },
		{ 70, 90, 0, PRESSURE_FULL, PRESSURE_CALM },
		/* only one of the two */
		{ 70, 0, 1000, PRESSURE_CALM, PRESSURE_TIGHT },
		{ 0, 90, 800, PRESSURE_CALM, PRESSURE_CALM },
		{ 0, 90, 901, PRESSURE_CALM, PRESSURE_FULL },
		{ 0, 90, 850, PRESSURE_FULL, PRESSURE_CALM },
		{ 0, 0, 1000, PRESSURE_FULL, PRESSURE_CALM },
		/* a mark so low that its level can't end below it but at nothing */
		{ 3, 90, 31, PRESSURE_CALM, PRESSURE_TIGHT },
		{ 3, 90, 1, PRESSURE_TIGHT, PRESSURE_TIGHT },
		{ 3, 90, 0, PRESSURE_TIGHT, PRESSURE_CALM },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		const struct pressure_marks marks = { row[i].tight, row[i].full, 0 };
		struct pressure_now now = at(&marks, row[i].count, 1000, row[i].before);

		CHECK_SAID(now.level == row[i].after, "row %zu: %s", i, pressure_name(now.level));
	}
}

TEST(table_without_a_limit_is_calm)
{
	struct pressure_now now = at(&usual, 100000, 0, PRESSURE_FULL);

	CHECK_EQ(now.level, PRESSURE_CALM);
	CHECK_EQ(now.admit_cost_ns, 0);
	CHECK_EQ(now.proven_cost_ns, 0);
	CHECK_EQ(now.reserved_only, 0);
}

TEST(calm_limits_nobody)
{
	struct pressure_now now = at(&usual, MAX / 2, MAX, PRESSURE_CALM);

	CHECK_EQ(now.admit_cost_ns, 0);
	CHECK_EQ(now.proven_cost_ns, 0);
	CHECK_EQ(now.count, MAX / 2);
	CHECK_EQ(now.max, MAX);
	CHECK_EQ(now.beat_ns, 0);
}

TEST(tight_limits_strangers_alone)
{
	struct pressure_now now = at(&usual, MAX / 100 * 80, MAX, PRESSURE_CALM);

	CHECK_EQ(now.level, PRESSURE_TIGHT);
	CHECK(now.admit_cost_ns > 0);
	CHECK_EQ(now.proven_cost_ns, 0);
}

/* new entries a second x the time they live <= free entries less the reserve, at every fill */
TEST(what_is_admitted_fits)
{
	static const __u64 maxes[] = { 1, 2, 99, 100, 4096, 65536, MAX, 1 << 24, 0x7fffffff };

	for (size_t m = 0; m < sizeof(maxes) / sizeof(*maxes); m++)
		for (int step = 0; step <= 1000; step++) {
			__u64 max = maxes[m], count = max / 1000 * step + max % 1000 * step / 1000;
			struct pressure_now now = at(&usual, count, max, PRESSURE_FULL);
			__u64 kept = max * 5 / 100, left = max - count;
			__u64 room = left > kept ? left - kept : 0;

			if (now.level == PRESSURE_CALM)
				continue;
			/* one each cost: LIFE / cost of them are open, rounded down; never none */
			CHECK_SAID(now.admit_cost_ns && LIFE / now.admit_cost_ns <= (room ? room : 1),
				   "%llu of %llu: one each %llu ns", count, max, now.admit_cost_ns);
			/* and not much less than their share of it */
			if (now.level == PRESSURE_FULL)
				room /= PRESSURE_STRANGERS;
			CHECK_SAID(room < 1000 || LIFE / now.admit_cost_ns > room / 3,
				   "%llu of %llu: one each %llu ns", count, max, now.admit_cost_ns);
			if (PRESSURE_MARGIN(max) < kept)
				CHECK_EQ(now.reserved_only, left <= kept);
		}
}

TEST(reserve_is_for_others)
{
	struct pressure_now now = at(&usual, MAX - MAX * 5 / 100, MAX, PRESSURE_FULL);

	CHECK_EQ(now.reserved_only, 1);
	CHECK_EQ(now.level, PRESSURE_FULL);
	now = at(&usual, MAX - MAX * 6 / 100, MAX, PRESSURE_FULL);
	CHECK_EQ(now.reserved_only, 0);
}

/* the reserve holds where no mark is set, too */
TEST(reserve_alone_is_full_at_the_end)
{
	static const struct pressure_marks alone = { .reserve = 10 };
	struct pressure_now now = at(&alone, 899, 1000, PRESSURE_CALM);

	CHECK_EQ(now.level, PRESSURE_CALM);
	CHECK_EQ(now.reserved_only, 0);
	now = at(&alone, 900, 1000, PRESSURE_CALM);
	CHECK_EQ(now.level, PRESSURE_FULL);
	CHECK_EQ(now.reserved_only, 1);
	CHECK(now.admit_cost_ns && now.proven_cost_ns);
}

TEST(no_reserve_is_never_reserved)
{
	static const struct pressure_marks none = { .tight = 70, .full = 90 };
	struct pressure_now now = at(&none, 1000, 1000, PRESSURE_FULL);

	CHECK_EQ(now.reserved_only, 0);
	CHECK_EQ(now.admit_cost_ns, LIFE);
	CHECK_EQ(now.proven_cost_ns, LIFE);
}

/*
 * The loop that the daemon closes: every 50 ms the cost follows the fill, strangers and proven
 * take all that they may, nothing ends before its time.
 */
static __u64 filled(const struct pressure_marks *marks, __u64 count, __u64 max, int seconds)
{
	enum pressure level = PRESSURE_CALM;
	double open[2] = {}, fill = count;

	for (int beat = 0; beat < seconds * 20; beat++) {
		struct pressure_now now = at(marks, fill, max, level);

		level = now.level;
		if (now.reserved_only)
			continue;
		open[0] += now.admit_cost_ns ? 50e6 / now.admit_cost_ns : 0;
		open[1] += now.proven_cost_ns ? 50e6 / now.proven_cost_ns : 0;
		fill = count + open[0] + open[1];
	}
	return fill;
}

TEST(table_never_fills_up)
{
	static const struct { __u64 percent, max; unsigned int reserve; } row[] = {
		{ 91, MAX, 0 }, { 98, MAX, 0 }, { 98, MAX, 1 }, { 99, MAX, 0 }, { 91, MAX, 5 },
		{ 91, 4096, 0 }, { 98, 4096, 1 }, { 91, 1000, 0 }, { 98, 1 << 22, 1 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		const struct pressure_marks marks = { 70, 90, row[i].reserve };
		__u64 kept = row[i].max * row[i].reserve / 100;
		__u64 most = row[i].max - (kept ? kept : 1);
		__u64 end = filled(&marks, row[i].max * row[i].percent / 100, row[i].max, 110);

		CHECK_SAID(end <= most, "%llu%% of %llu: %llu, more than %llu", row[i].percent,
			   row[i].max, end, most);
	}
}

TEST(rate_of_a_cost)
{
	CHECK_EQ(pressure_rate(0), 0);
	CHECK_EQ(pressure_rate(SECOND), 1);
	CHECK_EQ(pressure_rate(SECOND / 200), 200);
}

TEST(stale_is_not_fresh)
{
	struct pressure_now now = { .beat_ns = 5 * SECOND };

	CHECK(pressure_fresh(&now, 5 * SECOND));
	CHECK(pressure_fresh(&now, 5 * SECOND + PRESSURE_STALE_NS - 1));
	CHECK(!pressure_fresh(&now, 5 * SECOND + PRESSURE_STALE_NS));
	/* the writer's clock may be a tick ahead of the reader's */
	CHECK(pressure_fresh(&now, 5 * SECOND - 4000000));
	now.beat_ns = 0;
	CHECK(!pressure_fresh(&now, SECOND));
}

int main(void)
{
	return test_main();
}
