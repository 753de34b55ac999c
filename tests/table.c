// SPDX-License-Identifier: GPL-2.0-only
/* The compiled table against a naive oracle, natively. SEED=N varies the random part. */
#include "test.h"
#include "lines.h"
#include "prefixes.h"

static struct prefix prefix_of(const char *hex, int family, int length)
{
	struct prefix prefix = { .family = family, .length = length };

	for (int i = 0; hex[2 * i]; i++)
		sscanf(hex + 2 * i, "%2hhx", &prefix.addr[i]);
	return prefix;
}

static __u32 find(struct arena *arena, long root, int family, const __u8 addr[16])
{
	__be32 words[4];

	memcpy(words, addr, 16);
	return table_find(arena, root, family, words);
}

static void compare(struct arena *arena, long root, const struct table_entry *entry, size_t count,
		    int family, size_t asks, __u64 *seed)
{
	struct oracle oracle = oracle_of(entry, count);
	size_t wrong = 0;
	__u8 addr[16];

	for (size_t i = 0; i < asks; i++) {
		__u32 got, wanted;

		some_address(seed, entry, count, family, addr);
		got = find(arena, root, family, addr);
		wanted = oracle_find(&oracle, addr);
		if (got != wanted && !wrong++)
			printf("# %zu prefixes: %02x%02x%02x%02x%02x%02x%02x%02x..: %u, not %u\n", count,
			       addr[0], addr[1], addr[2], addr[3], addr[4], addr[5], addr[6], addr[7],
			       got, wanted);
	}
	CHECK_EQ(wrong, 0);
}

static void build_and_compare(struct table_entry *entry, size_t count, int family, size_t asks,
			      __u64 *seed)
{
	struct arena arena = { 0 };
	long root;

	count = entries_order(entry, count);
	root = table_build(&arena, entry, count, family);
	CHECK_SAID(root >= 0, "%ld", root);
	compare(&arena, root, entry, count, family, asks, seed);
	arena_free(&arena);
}

TEST(no_prefix_is_class_0)
{
	struct arena arena = { 0 };
	__u8 addr[16] = { 192, 0, 2, 1 };

	CHECK_EQ(table_build(&arena, NULL, 0, 4), 0);
	CHECK_EQ(arena.lines, 0);
	CHECK_EQ(find(&arena, 0, 4, addr), 0);
}

TEST(whole_address_space_is_one_prefix)
{
	struct table_entry any = { .prefix = { .family = 6 }, .class = 7 };
	struct arena arena = { 0 };
	__u8 addr[16] = { 0x20, 0x01 };
	long root = table_build(&arena, &any, 1, 6);

	CHECK_EQ(find(&arena, root, 6, addr), 7);
	any.prefix.family = 4;
	root = table_build(&arena, &any, 1, 4);
	CHECK_EQ(find(&arena, root, 4, addr), 7);
	arena_free(&arena);
}

TEST(few_prefixes_take_few_lines)
{
	struct table_entry entry[] = {
		{ prefix_of("0a000000", 4, 8), 1 },
		{ prefix_of("c0000200", 4, 24), 2 },
		{ prefix_of("c6336407", 4, 32), 3 },
	};
	struct arena arena = { 0 };
	__u64 seed = 1;
	long root = table_build(&arena, entry, 3, 4);

	CHECK(root > 0);
	CHECK_SAID(arena.lines <= 4, "%zu lines", arena.lines);
	compare(&arena, root, entry, 3, 4, 10000, &seed);
	arena_free(&arena);
}

TEST(repeating_ones_cover_takes_no_room)
{
	struct table_entry entry[] = {
		{ prefix_of("0a000000", 4, 8), 1 },
		{ prefix_of("0a010000", 4, 16), 1 },
		{ prefix_of("0a010100", 4, 24), 1 },
	};
	struct arena one = { 0 }, three = { 0 };

	table_build(&one, entry, 1, 4);
	table_build(&three, entry, 3, 4);
	CHECK_EQ(three.lines, one.lines);
	arena_free(&one);
	arena_free(&three);
}

TEST(last_address_of_the_space)
{
	struct table_entry entry[] = {
		{ prefix_of("00000000", 4, 32), 1 },
		{ prefix_of("fffffffe", 4, 32), 2 },
		{ prefix_of("ffffffff", 4, 32), 3 },
	};
	struct table_entry six[] = {
		{ prefix_of("00", 6, 128), 1 },
		{ prefix_of("fffffffffffffffffffffffffffffffe", 6, 128), 2 },
		{ prefix_of("ffffffffffffffffffffffffffffffff", 6, 128), 3 },
	};
	__u64 seed = 2;

	build_and_compare(entry, 3, 4, 20000, &seed);
	build_and_compare(six, 3, 6, 20000, &seed);
}

/* every length from /0 to the longest around one address, each of its own class */
TEST(full_nesting)
{
	__u64 seed = seed_of_test();

	for (int family = 4; family <= 6; family += 2) {
		struct table_entry entry[129] = { 0 };
		int longest = family == 6 ? 128 : 32;

		for (int round = 0; round < 20; round++) {
			__u8 addr[16];

			random_address(&seed, family, addr);
			for (int length = 0; length <= longest; length++) {
				entry[length].prefix.family = family;
				entry[length].prefix.length = length;
				entry[length].class = length + 1;
				memcpy(entry[length].prefix.addr, addr, 16);
				mask_address(entry[length].prefix.addr, length);
			}
			build_and_compare(entry, longest + 1, family, 2000, &seed);
		}
	}
}

/* a run of neighbours, alternating between a few classes and no class */
TEST(adjacent_prefixes)
{
	struct table_entry *entry = calloc(4096, sizeof(*entry));
	__u64 seed = seed_of_test();

	for (int round = 0; round < 60; round++) {
		int family = round & 1 ? 6 : 4, length = family == 6 ? 17 + round : 17 + round / 4;
		size_t count = 1 + random_below(&seed, 4096);
		__u32 classes = 1 + random_below(&seed, 9);

		for (size_t i = 0; i < count; i++) {
			unsigned __int128 bits = (unsigned __int128)(i + 7) << (128 - length);

			entry[i] = (struct table_entry){ .prefix = { .family = family, .length = length },
							 .class = random_below(&seed, classes) };
			for (int byte = 0; byte < 16; byte++)
				entry[i].prefix.addr[byte] = bits >> (120 - 8 * byte);
		}
		build_and_compare(entry, count, family, 20000, &seed);
	}
	free(entry);
}

/* all addresses of a small window, each its own class: the last bits have nowhere to hide */
TEST(dense_last_bits)
{
	struct table_entry *entry = calloc(1024, sizeof(*entry));
	__u64 seed = 3;

	for (int family = 4; family <= 6; family += 2) {
		int last = family == 6 ? 15 : 3;

		for (int i = 0; i < 1024; i++) {
			entry[i] = (struct table_entry){ .class = i + 1 };
			entry[i].prefix = (struct prefix){ .family = family, .addr = { 0x2a },
							   .length = 8 * last + 8 };
			entry[i].prefix.addr[last - 1] = i >> 8;
			entry[i].prefix.addr[last] = i;
		}
		build_and_compare(entry, 1024, family, 20000, &seed);
	}
	free(entry);
}

TEST(random_lists)
{
	struct table_entry *entry = calloc(20000, sizeof(*entry));
	__u64 seed = seed_of_test();

	for (int round = 0; round < 400; round++) {
		int family = random_below(&seed, 2) ? 6 : 4, longest = family == 6 ? 128 : 32;
		__u32 classes = 1 + random_below(&seed, round & 1 ? 3 : 5000);
		__u32 clumps = 1 + random_below(&seed, 40), order = random_below(&seed, 14);
		size_t count = 1 + random_below(&seed, 1 << order);
		__u8 clump[40][16];

		for (__u32 i = 0; i < clumps; i++)
			random_address(&seed, family, clump[i]);
		for (size_t i = 0; i < count; i++) {
			struct prefix *prefix = &entry[i].prefix;
			__u32 shared = random_below(&seed, longest), from = random_below(&seed, clumps);

			*prefix = (struct prefix){ .family = family };
			random_address(&seed, family, prefix->addr);
			if (round % 3)
				for (__u32 bit = 0; bit < shared; bit++) {
					__u8 mask = 0x80 >> bit % 8;

					prefix->addr[bit / 8] &= ~mask;
					prefix->addr[bit / 8] |= clump[from][bit / 8] & mask;
				}
			prefix->length = random_below(&seed, longest + 1);
			mask_address(prefix->addr, prefix->length);
			entry[i].class = random_below(&seed, classes);
		}
		build_and_compare(entry, count, family, 5000, &seed);
	}
	free(entry);
}

TEST(realistic_lists)
{
	__u64 seed = seed_of_test();

	for (int family = 4; family <= 6; family += 2) {
		size_t count = 300000;
		struct table_entry *entry = realistic_list(&count, family, &seed);

		build_and_compare(entry, count, family, 1000000, &seed);
		free(entry);
	}
}

/* what is not there is class 0, and a walk ends, whatever the lines hold */
TEST(broken_table_ends)
{
	struct arena arena = { 0 };
	static const __u32 kind[8] = { 0, 1, 6, 17, 20, TABLE_BUCKET | 15, TABLE_BUCKET | 31,
				       TABLE_BUCKET | 63 };
	__u64 seed = seed_of_test();
	__u32 classes = 0;

	arena_grow(&arena, 64);
	for (int round = 0; round < 200000; round++) {
		__u32 *word = (__u32 *)arena.bytes + random_below(&seed, arena.lines * 16);
		__u8 addr[16];

		*word = kind[random_below(&seed, 8)] << TABLE_LINE_BITS | random_below(&seed, 80);
		random_address(&seed, 6, addr);
		classes += find(&arena, 6 << TABLE_LINE_BITS | random_below(&seed, 64), 6, addr) != 0;
	}
	CHECK(classes);
	arena_free(&arena);
}

int main(void)
{
	return test_main();
}
