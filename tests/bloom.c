// SPDX-License-Identifier: GPL-2.0-only
/* The filter of sources that were admitted lately: what it must not forget, and how much it confuses. */
#include <stdlib.h>
#include "bpf/bloom.h"
#include "bpf/hash.h"
#include "random.h"
#include "test.h"

#define SECOND		1000000000ULL
#define TURN		(1ULL << 33)
#define SURE		(TURN - SECOND / 10)	/* for how long nothing may be forgotten */

static const __u64 key[4] = { 0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89 };
static struct bloom_line lines[BLOOM_LINES];

static void add(__u32 source, __u64 now_ns)
{
	__u64 hash = hash_word(source, key);

	bloom_add(&lines[hash_line(hash, BLOOM_LINES - 1)], hash, now_ns);
}

static bool maybe(__u32 source, __u64 now_ns)
{
	__u64 hash = hash_word(source, key);

	return bloom_maybe(&lines[hash_line(hash, BLOOM_LINES - 1)], hash, now_ns);
}

/* So many sources a second, for so long, and all that were added lately are found at any time. */
TEST(nothing_is_forgotten_too_early)
{
	static const unsigned rates[] = { 10, 1000, 50000 };

	random_seed();
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		unsigned all = 30 * rates[i], missed = 0;
		__u64 step = SECOND / rates[i], first_ns = random_below(1000) * SECOND;

		memset(lines, 0, sizeof(lines));
		for (unsigned n = 0; n < all; n++) {
			__u64 now_ns = first_ns + n * step;
			unsigned lately = SURE / step < n ? SURE / step : n;

			add(n, now_ns);
			missed += !maybe(n - (lately ? random_below(lately) : 0), now_ns);
		}
		CHECK_SAID(!missed, "%u/second: %u of %u were forgotten", rates[i], missed, all);
	}
}

TEST(all_is_forgotten_in_the_end)
{
	memset(lines, 0, sizeof(lines));
	for (__u32 n = 0; n < 20000; n++)
		add(n, 5 * TURN + n);
	for (__u32 n = 0; n < 20000; n++)
		CHECK(!maybe(n, 7 * TURN));
	/* also where a half is used again before anybody asked */
	add(20000, 7 * TURN);
	for (__u32 n = 0; n < 20000; n++)
		CHECK(!maybe(n, 7 * TURN) || n == 20000);
	CHECK(maybe(20000, 8 * TURN));
}

/* Time as it is before anything was written is no time of anything. */
TEST(empty_filter_knows_nobody)
{
	memset(lines, 0, sizeof(lines));
	for (__u64 turn = 2; turn < 10; turn++)
		for (__u32 n = 0; n < 1000; n++)
			CHECK(!maybe(n, turn * TURN));
}

/*
 * Strangers that are taken for somebody, at the end of two turns, at worst: asked in full, which costs
 * time and nothing else.
 */
TEST(few_strangers_are_confused)
{
	static const struct { unsigned rate, most; } rows[] = { { 1000, 15 }, { 5000, 100 }, { 20000, 600 } };

	random_seed();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned confused = 0, asked = 20000;
		__u64 step = SECOND / rows[i].rate, now_ns = 3 * TURN;

		memset(lines, 0, sizeof(lines));
		for (; now_ns < 5 * TURN - step; now_ns += step)
			add(random_below(1U << 31), now_ns);
		for (unsigned n = 0; n < asked; n++)
			confused += maybe(1U << 31 | random_below(1U << 31), now_ns);
		printf("# %u/second: %u of %u strangers\n", rows[i].rate, confused, asked);
		CHECK(confused <= asked / 1000 * rows[i].most);
	}
}

int main(void)
{
	return test_main();
}
