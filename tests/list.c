// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>
#include "test.h"
#include "list.h"

static int read_text(const char *text, size_t size, bool skip_bad, struct entries *entries,
		     struct list_read *read, struct fail *fail)
{
	char path[] = "/tmp/weir-list-XXXXXX";
	int fd = mkstemp(path), status;

	CHECK_EQ(write(fd, text, size), (ssize_t)size);
	close(fd);
	status = list_read(path, skip_bad, 5, entries, read, fail);
	unlink(path);
	return status;
}

static const char feed[] =
	"# a feed\r\n"
	"; another way to say so\n"
	"// and a third\n"
	"\n"
	"192.0.2.0/24 ; SBL1\r\n"
	"  2001:db8::/32\t# remark\n"
	"198.51.100.7,2026-01-01,botnet\n"
	"192.0.2.0/24\n"
	"203.0.113.10\t7\n"
	"203.0.113.9";

TEST(feeds_are_read)
{
	struct entries entries = {};
	struct list_read read;
	struct fail fail = {};

	CHECK_EQ(read_text(feed, strlen(feed), false, &entries, &read, &fail), 0);
	CHECK_EQ(entries.count, 5);
	CHECK_EQ(read.lines, 10);
	CHECK_EQ(read.prefixes, 6);
	CHECK_EQ(read.bad, 0);
	/* again, into a list that lasts longer in one place */
	entries.at[0].until_ns = 9;
	entries.at[0].comment = strdup("kept");
	CHECK_EQ(read_text(feed, strlen(feed), false, &entries, &read, &fail), 0);
	CHECK_EQ(entries.count, 5);
	CHECK_EQ(entries.at[0].until_ns, 9);
	CHECK_STR(entries.at[0].comment ? entries.at[0].comment : "", "kept");
	entries_free(&entries);
}

TEST(a_refused_list_leaves_what_was_there)
{
	struct entries entries = {};
	struct list_read read;
	struct fail fail = {};

	CHECK_EQ(read_text("10.0.0.0/8\n", 11, false, &entries, &read, &fail), 0);
	CHECK_EQ(read_text("9.0.0.0/8\nfoo\n", 14, false, &entries, &read, &fail), -EXIT_USAGE);
	CHECK_EQ(entries.count, 1);
	CHECK_EQ(entries.at[0].prefix.addr[0], 10);
	entries_free(&entries);
}

TEST(a_bad_line_refuses_the_list)
{
	static const struct {
		const char	*text;
		size_t		size;
		unsigned int	line, column;
		const char	*what;
	} rows[] = {
		{ "10.0.0.0/8\n 10.0.0.1/8\n", 23, 2, 2, "10.0.0.1/8 has host bits set" },
		{ "10.0.0.0/8\n\nfoo", 15, 3, 1, "\"foo\" is not an address or prefix" },
		{ "10.0.0.0/8\n\0\n", 13, 2, 1, "\"\" is not an address or prefix" },
		{ "10.0.0.0/8\n11.0.0.0\t11.0.0.255\t24\n", 32, 2, 1, "a second address in the line: 11.0.0.255" },
		{ "10.0.0.0/8\n11.0.0.0 timeout 5m\n", 30, 2, 1, "a timeout is not read in a list" },
		{ "10.0.0.0/8\n11.0.0.0 - 11.0.0.255\n", 33, 2, 1, "a range is not read in a list" },
		{ "10.0.0.0/8\n<html>\n", 18, 2, 1, "\"<html>\" is not an address or prefix" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct entries entries = {};
		struct list_read read;
		struct fail fail = {};

		CHECK_EQ(read_text(rows[i].text, rows[i].size, false, &entries, &read, &fail),
			 -EXIT_USAGE);
		CHECK_EQ(entries.count, 0);
		CHECK_STR(fail.what, rows[i].what);
		CHECK_EQ(fail.line, rows[i].line);
		CHECK_EQ(fail.column, rows[i].column);
		CHECK_EQ(read_text(rows[i].text, rows[i].size, true, &entries, &read, &fail), 0);
		CHECK_EQ(entries.count, 1);
		CHECK_EQ(read.bad, 1);
		CHECK_EQ(read.first_bad.line, rows[i].line);
		entries_free(&entries);
	}
}

TEST(a_file_that_is_not_there_is_said)
{
	struct entries entries = {};
	struct list_read read;
	struct fail fail = {};

	CHECK_EQ(list_read("/nonexistent/list", false, 5, &entries, &read, &fail), -EXIT_USAGE);
	CHECK_STR(fail.what, "/nonexistent/list: No such file or directory");
}

int main(void)
{
	return test_main();
}
