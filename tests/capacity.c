// SPDX-License-Identifier: GPL-2.0-only
/* How many sources are remembered, what that takes, and what is told when a policy wants another. */
#include "test.h"
#include "capacity.h"

TEST(what_is_not_said_has_a_default)
{
	struct capacity is = capacity_of(&(struct capacity){});

	CHECK_EQ(is.sources, 1 << 20);
	CHECK_EQ(is.length6, 64);
}

TEST(sources_are_a_power_of_two_that_is_enough)
{
	static const __u32 rows[][2] = {
		{ CAPACITY_LEAST, 1024 }, { 1025, 2048 }, { 4096, 4096 }, { 1000000, 1 << 20 },
		{ 4000000, 1 << 22 }, { CAPACITY_MOST, CAPACITY_MOST }, { CAPACITY_MOST - 1, CAPACITY_MOST },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		CHECK_EQ(capacity_of(&(struct capacity){ rows[i][0], 0 }).sources, rows[i][1]);
}

/* per source: its seat, its numbers, a seat for a group, and half a line of strangers for four */
TEST(bytes_are_those_of_the_tables)
{
	CHECK_EQ(capacity_bytes(1 << 20), (1 << 20) * (16 + 32 + 16 + 64 / 4 / 2));
	CHECK(capacity_bytes(CAPACITY_MOST) > 1ULL << 32);
}

TEST(difference_is_told_in_words)
{
	static const struct { struct run run; const char *words; } rows[] = {
		{ { .sources = 1 << 20, .length6 = 64 }, NULL },
		{ { .sources = 1 << 20 }, NULL },	/* made before there was a choice */
		{ { .sources = 4096, .length6 = 56, .wanted_sources = 4000, .wanted_length6 = 56 }, NULL },
		{ { .sources = 4096, .length6 = 64 }, "4096 sources, not 1048576" },
		{ { .sources = 1 << 20, .length6 = 64, .wanted_length6 = 48 },
		  "an IPv6 source is a /64, not a /48" },
		{ { .sources = 4096, .length6 = 64, .wanted_sources = 5000, .wanted_length6 = 128 },
		  "4096 sources, not 8192; an IPv6 source is a /64, not a /128" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[96] = "as it was";
		bool differs = capacity_differs(&rows[i].run, text, sizeof(text));

		CHECK_EQ(differs, rows[i].words != NULL);
		CHECK_STR(text, rows[i].words ? rows[i].words : "as it was");
	}
}

int main(void)
{
	return test_main();
}
