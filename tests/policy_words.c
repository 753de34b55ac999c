// SPDX-License-Identifier: GPL-2.0-only
/* Statements from the words of a command line. */
#include "test.h"
#include "policy.h"

#define NOW	1000000000000ULL
#define SECOND	1000000000ULL
#define COUNT(rows) (sizeof(rows) / sizeof(rows[0]))

TEST(words_are_read_as_the_file_has_them)
{
	static const struct {
		const char *words[12];
		const char *printed;	/* NULL: fails */
	} rows[] = {
		{ { "per", "source", "200/s", "burst", "400" }, "per source 200/second burst 400" },
		{ { "prefix", "10.0.0.0/8", "from", "inside", "total", "5/s" },
		  "prefix 10.0.0.0/8 from inside total 5/second" },
		{ { "total", "5/s", "bust", "4" }, NULL },
		{ { "total", "0/s" }, NULL },
		{ { "total", "5/s;", "total", "6/s" }, NULL },
		{ { "total", "5/s\n" }, NULL },
		{ { "prefix", "{", "10.0.0.0/8", "11.0.0.0/8", "}", "total", "5/s" }, NULL },
		{ { "prefix", "10.0.0.0/30", "per", "aggregate", "5/s" }, NULL },
		{ { NULL }, NULL },
		{ { "" }, NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct limit limit = { .burst = 77 };
		struct fail fail = {};
		char text[256] = "";
		int argc = 0, status;
		FILE *to;

		while (rows[i].words[argc])
			argc++;
		status = limit_parse(argc, (char **)rows[i].words, &limit, &fail);
		if (!rows[i].printed) {
			CHECK_EQ(status, -EXIT_USAGE);
			CHECK_STR(fail.file, "command line");
			CHECK_EQ(limit.burst, 77);
			continue;
		}
		CHECK_SAID(!status, "%s: %s", rows[i].printed, fail.what);
		to = fmemopen(text, sizeof(text), "w");
		limit_print(to, &limit);
		fclose(to);
		CHECK_STR(text, rows[i].printed);
	}
}

TEST(a_wrong_word_has_its_place_in_the_command_line)
{
	char *words[] = { "per", "source", "200/s", "burst", "x y" };
	struct limit limit;
	struct fail fail;

	CHECK_EQ(limit_parse(5, words, &limit, &fail), -EXIT_USAGE);
	CHECK_STR(fail.text, "per source 200/s burst \"x y\"");
	CHECK_EQ(fail.column, 24);
}

TEST(entries_and_bypasses_are_read_from_words)
{
	char *entry_words[] = { "192.0.2.1", "timeout", "10m", "comment", "it's \"me\"\n" };
	char *bypass_words[] = { "proto", "udp", "port", "53", "to", "192.0.2.1", "fast" };
	struct entry entry = {};
	struct bypass bypass = {};
	struct fail fail = {};

	CHECK_EQ(entry_parse(5, entry_words, NOW, &entry, &fail), 0);
	CHECK_EQ(entry.until_ns, NOW + 600 * SECOND);
	CHECK_EQ(entry.prefix.length, 32);
	if (entry.comment)
		CHECK_STR(entry.comment, "it's \"me\"\n");
	free(entry.comment);
	CHECK_EQ(entry_parse(1, entry_words, NOW, &entry, &fail), 0);
	CHECK(entry.until_ns == ~0ULL && !entry.comment);
	CHECK_EQ(entry_parse(0, entry_words, NOW, &entry, &fail), -EXIT_USAGE);
	CHECK_EQ(entry_parse(2, entry_words, NOW, &entry, &fail), -EXIT_USAGE);
	CHECK_EQ(bypass_parse(7, bypass_words, &bypass, &fail), 0);
	CHECK(bypass.fast && bypass.protocol == 17 && bypass.ports.first == 53);
	CHECK_EQ(bypass.to.length, 32);
	CHECK_EQ(bypass_parse(1, bypass_words, &bypass, &fail), -EXIT_USAGE);
}

int main(void)
{
	return test_main();
}
