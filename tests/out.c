// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <math.h>
#include <unistd.h>
#include "test.h"
#include "out.h"

static char page[65536];

static void begin(struct out *out, bool json)
{
	out_init(out, fmemopen(page, sizeof(page), "w"), json);
}

static const char *end(struct out *out)
{
	fclose(out->to);
	return page;
}

static const struct out_column columns[] = {
	{ "Device", "dev", OUT_TEXT },
	{ "Packets", "packets", OUT_NUMBER },
	{ "Share", "share", OUT_REAL },
};

static void two_rows(struct out *out, const char *key)
{
	out_table_begin(out, key, columns, 3);
	out_text(out, "wan0");
	out_number(out, 1234567);
	out_real(out, 12.25);
	out_text(out, "lan\"\x1b\xff");
	out_number(out, 7);
	out_absent(out);
	out_table_end(out, "no devices");
}

TEST(a_table_is_aligned)
{
	struct out out;

	begin(&out, false);
	two_rows(&out, NULL);
	CHECK_STR(end(&out),
		  "Device          Packets  Share\n"
		  "wan0          1 234 567   12.2\n"
		  "lan\"\\x1b\\xff          7      -\n");
}

TEST(a_table_is_a_json_array)
{
	struct out out;

	begin(&out, true);
	two_rows(&out, NULL);
	CHECK_STR(end(&out),
		  "[{\"dev\":\"wan0\",\"packets\":1234567,\"share\":12.25},\n"
		  "{\"dev\":\"lan\\\"\\u001b\\\\xff\",\"packets\":7,\"share\":null}]\n");
}

TEST(an_empty_table_says_so)
{
	struct out out;

	begin(&out, false);
	out_table_begin(&out, NULL, columns, 3);
	out_table_end(&out, "no devices");
	out_table_begin(&out, NULL, columns, 3);
	out_table_end(&out, NULL);
	CHECK_STR(end(&out), "no devices\n");
	begin(&out, true);
	out_table_begin(&out, NULL, columns, 3);
	out_table_end(&out, "no devices");
	CHECK_STR(end(&out), "[]\n");
}

static void nested(struct out *out)
{
	out_object_begin(out, NULL, NULL);
	out_field_text(out, "Mode", "mode", "monitor");
	out_object_begin(out, "Conntrack", "conntrack");
	out_field_number(out, "Entries", "count", 65536);
	out_field_real(out, "Fill", "fill", 25.0);
	out_object_end(out);
	two_rows(out, "links");
	out_field_bool(out, "Daemon", "daemon", false);
	out_field_text(out, "Name", "name", NULL);
	out_object_end(out);
}

TEST(objects_nest)
{
	struct out out;

	begin(&out, true);
	nested(&out);
	CHECK_STR(end(&out),
		  "{\"mode\":\"monitor\",\"conntrack\":{\"count\":65536,\"fill\":25},\"links\":"
		  "[{\"dev\":\"wan0\",\"packets\":1234567,\"share\":12.25},\n"
		  "{\"dev\":\"lan\\\"\\u001b\\\\xff\",\"packets\":7,\"share\":null}],"
		  "\"daemon\":false,\"name\":null}\n");
	begin(&out, false);
	nested(&out);
	CHECK_STR(end(&out),
		  "Mode: monitor\n"
		  "Conntrack\n"
		  "  Entries: 65 536\n"
		  "  Fill: 25.0\n"
		  "Device          Packets  Share\n"
		  "wan0          1 234 567   12.2\n"
		  "lan\"\\x1b\\xff          7      -\n"
		  "Daemon: no\n"
		  "Name: -\n");
}

TEST(real_numbers_stay_json)
{
	struct out out;

	begin(&out, true);
	out_object_begin(&out, NULL, NULL);
	out_field_real(&out, "", "a", NAN);
	out_field_real(&out, "", "b", -INFINITY);
	out_field_real(&out, "", "c", 0.05);
	out_object_end(&out);
	CHECK_STR(end(&out), "{\"a\":null,\"b\":null,\"c\":0.05}\n");
}

TEST(hostile_bytes_are_shown_not_sent)
{
	static const char *const rows[][2] = {
		{ "plain", "plain" },
		{ "\x1b[31m", "\\x1b[31m" },
		{ "a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f" },
		{ "\xc3\xa9", "\xc3\xa9" },			/* é */
		{ "\xf0\x9f\x8c\x8a", "\xf0\x9f\x8c\x8a" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xc3", "\\xc3" },				/* cut in the middle */
		{ "\xc0\xaf", "\\xc0\\xaf" },			/* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },	/* above U+10FFFF */
		{ "\xc2\x9b" "31m", "\\xc2\\x9b31m" },		/* C1: CSI in one character */
		{ "\xe2\x80\xae" "x", "\\xe2\\x80\\xaex" },	/* right-to-left override */
	};
	char shown[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(out_escape(rows[i][0], shown, sizeof(shown)), rows[i][1]);
	/* cut to fit, never in the middle of a character */
	CHECK_STR(out_escape("ab\xc3\xa9", shown, 4), "ab");
	CHECK_STR(out_escape("ab\x1b", shown, 6), "ab");
	CHECK_STR(out_escape("ab\x1b", shown, 7), "ab\\x1b");
	CHECK_STR(out_escape("abc", shown, 1), "");
}

TEST(many_rows_fit)
{
	static const struct out_column one[] = { { "N", "n", OUT_NUMBER } };
	struct out out;

	begin(&out, false);
	out_table_begin(&out, NULL, one, 1);
	for (int i = 0; i < 5000; i++)
		out_number(&out, i);
	out_table_end(&out, NULL);
	end(&out);
	CHECK(!strncmp(page, "    N\n    0\n    1\n", 18));
	CHECK(strstr(page, "\n4 999\n") != NULL);
}

TEST(color_is_for_terminals)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	FILE *terminal;
	struct out out;

	begin(&out, false);
	CHECK(!out.color);
	end(&out);
	if (master < 0 || grantpt(master) || unlockpt(master))
		SKIP("no pseudo terminals here");
	terminal = fopen(ptsname(master), "w");
	if (!terminal)
		SKIP("no pseudo terminals here");
	unsetenv("NO_COLOR");
	out_init(&out, terminal, false);
	CHECK(out.color);
	out_init(&out, terminal, true);
	CHECK(!out.color);
	setenv("NO_COLOR", "1", 1);
	out_init(&out, terminal, false);
	CHECK(!out.color);
	fclose(terminal);
	close(master);
}

int main(void)
{
	return test_main();
}
