// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"
#include "policy_equal.h"
#include "random.h"

/* the most specific one, by looking at each */
static const struct entry *naive_find(const struct entries *entries, const struct prefix *prefix,
				      __u64 now_ns)
{
	const struct entry *best = NULL;

	for (size_t i = 0; i < entries->count; i++)
		if (entries->at[i].until_ns > now_ns &&
		    prefix_covers(&entries->at[i].prefix, prefix) &&
		    (!best || best->prefix.length < entries->at[i].prefix.length))
			best = &entries->at[i];
	return best;
}

TEST(lists_agree_with_a_naive_one)
{
	struct entries entries = {}, naive = {};
	struct fail fail;
	size_t found = 0, removed = 0;

	random_seed();
	for (int step = 0; step < 20000; step++) {
		struct entry entry = { .prefix = random_prefix(), .until_ns = 1 + random_below(5) };
		size_t i = 0;

		while (i < naive.count && prefix_compare(&naive.at[i].prefix, &entry.prefix))
			i++;
		if (random_below(3)) {
			CHECK_EQ(entries_put(&entries, &entry, &fail), 0);
			if (i < naive.count)
				naive.at[i] = entry;
			else
				CHECK_EQ(entries_append(&naive, &entry, &fail), 0);
		} else {
			CHECK_EQ(entries_remove(&entries, &entry.prefix, &fail),
				 i < naive.count ? 0 : -EXIT_NO_ENTRY);
			if (i < naive.count) {
				naive.at[i] = naive.at[--naive.count];
				removed++;
			}
		}
		CHECK_EQ(entries.count, naive.count);
		entry.prefix = random_prefix();
		const struct entry *got = entries_find(&entries, &entry.prefix, 2);
		const struct entry *wanted = naive_find(&naive, &entry.prefix, 2);

		CHECK(!got == !wanted && (!got || !prefix_compare(&got->prefix, &wanted->prefix)));
		found += got != NULL;
	}
	for (size_t i = 1; i < entries.count; i++)
		CHECK(prefix_compare(&entries.at[i - 1].prefix, &entries.at[i].prefix) < 0);
	entries_settle(&naive);
	CHECK(entries_equal(&entries, &naive));
	CHECK(found > 100 && removed > 100);
	entries_free(&entries);
	entries_free(&naive);
}

TEST(what_is_not_on_the_list_is_said)
{
	struct entries entries = {};
	struct entry entry = { .until_ns = ~0ULL };
	struct prefix inner;
	struct fail fail;

	prefix_parse("10.0.0.0/8", &entry.prefix, &fail);
	prefix_parse("10.1.0.0/16", &inner, &fail);
	CHECK_EQ(entries_put(&entries, &entry, &fail), 0);
	CHECK_EQ(entries_remove(&entries, &inner, &fail), -EXIT_NO_ENTRY);
	CHECK_STR(fail.what, "10.1.0.0/16 is not on the list");
	CHECK_STR(fail.remedy, "it lies within 10.0.0.0/8, which is");
	entries_free(&entries);
}

int main(void)
{
	return test_main();
}
