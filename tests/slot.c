// SPDX-License-Identifier: GPL-2.0-only
/* What is new begins at zero; what stays over a reload is not forgotten. */
#include "compiled.h"
#include "slot.h"

static struct slots_fresh fresh_of(const char *before_text, const char *after_text)
{
	struct arena before, after;
	struct slots_fresh fresh;
	struct fail fail;

	if (before_text)
		compile_text(before_text, NULL, &before);
	compile_text(after_text, before_text ? &before : NULL, &after);
	if (slots_fresh(before_text ? &before : NULL, &after, &fresh, &fail)) {
		CHECK_SAID(false, "%s", fail.what);
		exit(1);
	}
	if (before_text)
		arena_free(&before);
	arena_free(&after);
	return fresh;
}

static void check_fresh(const char *before, const char *after, size_t budgets, size_t hits)
{
	struct slots_fresh fresh = fresh_of(before, after);

	CHECK_SAID(fresh.budgets == budgets && fresh.hits == hits, "%s -> %s: %zu budgets, %zu hits",
		   before ? before : "(nothing)", after, fresh.budgets, fresh.hits);
	for (size_t i = 0; i < fresh.budgets; i++)
		CHECK(fresh.budget[i] > 0 && fresh.budget[i] < RULE_MAX);
	for (size_t i = 0; i < fresh.hits; i++)
		CHECK(fresh.hit[i] > HIT_STATIC && fresh.hit[i] < HIT_MAX);
	slots_fresh_free(&fresh);
}

#define LIMITS(text) "limit new-flows { " text " }\n"
#define ONE "prefix 192.0.2.0/24 total 5/second;"
#define TWO "prefix 198.51.100.0/24 total 5/second;"

TEST(limits)
{
	check_fresh(NULL, LIMITS(""), 0, 0);
	check_fresh(NULL, LIMITS(ONE), 1, 0);
	check_fresh(NULL, LIMITS("per source 5/second"), 0, 0);
	check_fresh(LIMITS(ONE), LIMITS(ONE), 0, 0);
	check_fresh(LIMITS(ONE), LIMITS("prefix 192.0.2.0/24 total 9/second"), 0, 0);
	check_fresh(LIMITS(ONE), LIMITS(TWO), 1, 0);
	check_fresh(LIMITS(ONE), LIMITS(ONE TWO "total 1/second"), 2, 0);
	check_fresh(LIMITS(ONE TWO), LIMITS(TWO ONE), 0, 0);
}

#define BLOCK(text) "blocked { " text " }\n"

TEST(block_entries)
{
	check_fresh(NULL, BLOCK("192.0.2.1 timeout 1h"), 0, 1);
	check_fresh(NULL, BLOCK("192.0.2.1"), 0, 0);
	check_fresh(BLOCK("192.0.2.1 timeout 1h"), BLOCK("192.0.2.1 timeout 2h"), 0, 0);
	check_fresh(BLOCK("192.0.2.1 timeout 1h"),
		    BLOCK("192.0.2.1 timeout 1h; 192.0.2.2 timeout 1h"), 0, 1);
	check_fresh(BLOCK("192.0.2.1 timeout 1h"), BLOCK("192.0.2.2 timeout 1h"), 0, 1);
}

int main(void)
{
	return test_main();
}
