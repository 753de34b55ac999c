// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"
#include "fail.h"

/* what fail_print() writes, in a static buffer */
static const char *printed(const struct fail *fail, int color)
{
	static char text[8192];
	FILE *to = fmemopen(text, sizeof(text), "w");

	fail_print(to, fail, color);
	fclose(to);
	return text;
}

TEST(a_failure_has_its_status_and_texts)
{
	struct fail fail;

	CHECK_EQ(fail_set(&fail, EXIT_ABSENT, "weir link attach dev wan0", "%s: not %s", "wan0",
			  "attached"), -EXIT_ABSENT);
	CHECK_EQ(fail.status, EXIT_ABSENT);
	CHECK_STR(printed(&fail, 0), "weir: wan0: not attached\n  weir link attach dev wan0\n");
	CHECK_EQ(fail_set(&fail, EXIT_REFUSED, NULL, "no"), -EXIT_REFUSED);
	CHECK_STR(printed(&fail, 0), "weir: no\n");
}

TEST(the_caret_stands_below_the_column)
{
	struct fail fail;

	fail_set(&fail, EXIT_USAGE, NULL, "unknown word");
	CHECK_EQ(fail_place(&fail, "/etc/weir/weir.conf", 3, 6, "mode mointor"), -EXIT_USAGE);
	CHECK_STR(printed(&fail, 0),
		  "/etc/weir/weir.conf:3:6: unknown word\n"
		  "  mode mointor\n"
		  "       ^\n");
	/* a tab is one column, a UTF-8 character too, an escaped byte four */
	fail_set(&fail, EXIT_USAGE, "r", "w");
	fail_place(&fail, "f", 1, 9, "\tm\xc3\xb6\x1b\"\xff x");
	CHECK_STR(printed(&fail, 0), "f:1:9: w\n   m\xc3\xb6\\x1b\"\\xff x\n               ^\n  r\n");
	/* at the end of the line, and an empty one */
	fail_place(&fail, "f", 1, 4, "abc");
	CHECK_STR(printed(&fail, 0), "f:1:4: w\n  abc\n     ^\n  r\n");
	fail_place(&fail, "f", 1, 1, "");
	CHECK_STR(printed(&fail, 0), "f:1:1: w\n  \n  ^\n  r\n");
}

TEST(a_long_line_is_cut_around_the_column)
{
	char line[4096], *caret;
	const char *text;
	struct fail fail;

	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	line[2999] = 'X';
	fail_set(&fail, EXIT_USAGE, NULL, "w");
	fail_place(&fail, "f", 1, 3000, line);
	text = strchr(printed(&fail, 0), '\n') + 1;
	caret = strchr(strchr(text, '\n') + 1, '^');
	CHECK(caret != NULL);
	CHECK_EQ(text[caret - (strchr(text, '\n') + 1)], 'X');
	/* the column may be behind the text by mistake: no crash, still a caret */
	fail_place(&fail, "f", 1, 90000, line);
	CHECK(strchr(printed(&fail, 0), '^') != NULL);
}

TEST(no_control_character_is_printed)
{
	struct fail fail;
	char hostile[256];
	const char *text;

	for (int i = 0; i < 255; i++)
		hostile[i] = i + 1;
	hostile[255] = '\0';
	fail_set(&fail, EXIT_USAGE, hostile, "%s", hostile);
	fail_place(&fail, hostile, 1, 100, hostile);
	for (text = printed(&fail, 0); *text; text++)
		CHECK_SAID(*text == '\n' || ((unsigned char)*text >= 0x20 && *text != 0x7f), "%02x",
			   (unsigned char)*text);
}

TEST(color_is_used_when_asked_for)
{
	struct fail fail;

	fail_set(&fail, EXIT_USAGE, NULL, "w");
	fail_place(&fail, "f", 1, 1, "abc");
	CHECK(strstr(printed(&fail, 1), "\033[1;31m^\033[0m") != NULL);
	CHECK(!strchr(printed(&fail, 0), '\033'));
}

TEST(texts_that_do_not_fit_are_cut)
{
	struct fail fail;
	char long_[2000];

	memset(long_, 'x', sizeof(long_));
	long_[sizeof(long_) - 1] = '\0';
	fail_set(&fail, EXIT_USAGE, long_, "%s", long_);
	fail_place(&fail, long_, 1, 1, long_);
	CHECK_EQ(strlen(fail.what), sizeof(fail.what) - 1);
	CHECK_EQ(strlen(fail.remedy), sizeof(fail.remedy) - 1);
	CHECK_EQ(strlen(fail.file), sizeof(fail.file) - 1);
	CHECK_EQ(strlen(fail.text), sizeof(fail.text) - 1);
}

int main(void)
{
	return test_main();
}
