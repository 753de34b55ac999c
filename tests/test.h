/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A unit test is a program that prints one line a case, "ok NAME", "not ok NAME" or
 * "skip NAME: reason", and exits with 1 if any failed. tests/run adds the lines up.
 *
 *	TEST(burst_is_spent) { CHECK_EQ(admitted, 400); }
 *	int main(void) { return test_main(); }
 */
#ifndef WEIR_TEST_H
#define WEIR_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
	const char	*name;
	void		(*run)(void);
	struct test	*next;
};
static struct test *test_first, **test_last = &test_first;
static bool test_failed;
static const char *test_skipped;

#define TEST(id) \
	static void test_##id(void); \
	__attribute__((constructor)) static void test_add_##id(void) \
	{ \
		static struct test test = { #id, test_##id, NULL }; \
		*test_last = &test; \
		test_last = &test.next; \
	} \
	static void test_##id(void)

#define CHECK(condition) CHECK_SAID(condition, "%s", "")
#define CHECK_SAID(condition, format, ...) do { \
	if (!(condition)) { \
		test_failed = true; \
		printf("# %s:%d: %s " format "\n", __FILE__, __LINE__, #condition, __VA_ARGS__); \
	} \
} while (0)
#define CHECK_EQ(got, wanted) do { \
	long long got_ = (long long)(got), wanted_ = (long long)(wanted); \
	CHECK_SAID(got_ == wanted_, "%s is %lld, not %lld", #got, got_, wanted_); \
} while (0)
#define CHECK_STR(got, wanted) do { \
	const char *got_ = (got), *wanted_ = (wanted); \
	CHECK_SAID(!strcmp(got_, wanted_), "%s is \"%s\", not \"%s\"", #got, got_, wanted_); \
} while (0)
#define SKIP(reason) do { test_skipped = (reason); return; } while (0)

static inline int test_main(void)
{
	bool failed = false;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct test *test = test_first; test; test = test->next) {
		test_failed = false;
		test_skipped = NULL;
		test->run();
		if (test_skipped)
			printf("skip %s: %s\n", test->name, test_skipped);
		else
			printf("%s %s\n", test_failed ? "not ok" : "ok", test->name);
		failed |= test_failed;
	}
	return failed;
}

#endif
