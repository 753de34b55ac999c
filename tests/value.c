// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"
#include "value.h"

struct row {
	const char	*text;
	const char	*wanted;	/* what is printed; NULL: must fail */
	const char	*why;		/* part of the message of a failure */
};
#define EACH(row, rows) \
	for (const struct row *row = rows; row < rows + sizeof(rows) / sizeof(rows[0]); row++)

/* the failure says why, and has an exit status */
static void check_failed(const struct row *row, int status, const struct fail *fail)
{
	CHECK_SAID(status == -EXIT_USAGE, "for \"%s\"", row->text);
	CHECK_SAID(strstr(fail->what, row->why) || strstr(fail->remedy, row->why),
		   "\"%s\": \"%s\" / \"%s\"", row->text, fail->what, fail->remedy);
}

TEST(prefixes_are_read_and_printed)
{
	static const struct row rows[] = {
		{ "192.0.2.0/24", "192.0.2.0/24", "" },
		{ "192.0.2.1", "192.0.2.1", "" },
		{ "192.0.2.1/32", "192.0.2.1", "" },
		{ "0.0.0.0/0", "0.0.0.0/0", "" },
		{ "10.128.0.0/9", "10.128.0.0/9", "" },
		{ "2001:db8::/32", "2001:db8::/32", "" },
		{ "2001:DB8:0:0::1", "2001:db8::1", "" },
		{ "::/0", "::/0", "" },
		{ "::", "::", "" },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", "" },
		{ "192.0.2.1/24", NULL, "did you mean 192.0.2.0/24?" },
		{ "10.200.0.0/9", NULL, "did you mean 10.128.0.0/9?" },
		{ "2001:db8::1/64", NULL, "did you mean 2001:db8::/64?" },
		{ "192.0.2.0/33", NULL, "0 to 32" },
		{ "2001:db8::/129", NULL, "0 to 128" },
		{ "192.0.2.0/", NULL, "0 to 32" },
		{ "192.0.2.0/+8", NULL, "0 to 32" },
		{ "192.0.2.0/0000024", NULL, "0 to 32" },
		{ "192.0.2.0/24 ", NULL, "0 to 32" },
		{ "192.0.2/24", NULL, "not an address" },
		{ "192.0.2.256", NULL, "not an address" },
		{ "fe80::1%eth0", NULL, "not an address" },
		{ "", NULL, "not an address" },
		{ "/8", NULL, "not an address" },
		{ "any", NULL, "not an address" },
	};

	EACH(row, rows) {
		struct prefix prefix = { .family = 9 }, again;
		struct fail fail;
		char text[PREFIX_TEXT];
		int status = prefix_parse(row->text, &prefix, &fail);

		if (!row->wanted) {
			check_failed(row, status, &fail);
			CHECK_EQ(prefix.family, 9);
			continue;
		}
		CHECK_SAID(!status, "for \"%s\"", row->text);
		CHECK_STR(prefix_print(&prefix, text, sizeof(text)), row->wanted);
		CHECK_EQ(prefix_parse(text, &again, &fail), 0);
		CHECK_EQ(prefix_compare(&prefix, &again), 0);
	}
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix = {};
	struct fail fail;

	CHECK_SAID(!prefix_parse(text, &prefix, &fail), "for \"%s\"", text);
	return prefix;
}

TEST(prefixes_cover_and_are_ordered)
{
	static const struct {
		const char *outer, *inner;
		bool covers;
	} rows[] = {
		{ "10.0.0.0/8", "10.1.2.3", true },
		{ "10.0.0.0/8", "10.0.0.0/8", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.0.0.0/9", "10.0.0.0/8", false },
		{ "10.128.0.0/9", "10.127.255.255", false },
		{ "10.128.0.0/9", "10.128.0.0", true },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "::", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "::/0", "ffff::", true },
		{ "192.0.2.1", "192.0.2.1", true },
	};
	struct prefix unset = {};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prefix outer = prefix_of(rows[i].outer), inner = prefix_of(rows[i].inner);

		CHECK_SAID(prefix_covers(&outer, &inner) == rows[i].covers, "%s %s", rows[i].outer,
			   rows[i].inner);
		CHECK(prefix_covers(&unset, &inner));
		CHECK_EQ(prefix_compare(&inner, &inner), 0);
		/* what covers comes first */
		if (rows[i].covers)
			CHECK(prefix_compare(&outer, &inner) <= 0);
		CHECK((prefix_compare(&outer, &inner) < 0) == (prefix_compare(&inner, &outer) > 0));
	}
}

TEST(rates_are_read_and_printed)
{
	static const struct row rows[] = {
		{ "200/second", "200/second", "" },
		{ "200/s", "200/second", "" },
		{ "50k/s", "50000/second", "" },
		{ "2m/s", "2000000/second", "" },
		{ "10/minute", "10/minute", "" },
		{ "10/m", "10/minute", "" },
		{ "3/hour", "3/hour", "" },
		{ "3/h", "3/hour", "" },
		{ "1000000000/s", "1000000000/second", "" },
		{ "0/s", NULL, "rate of 0" },
		{ "0k/s", NULL, "rate of 0" },
		{ "1000000001/s", NULL, "nanosecond" },
		{ "18446744073709551615m/s", NULL, "nanosecond" },
		{ "18446744073709551616/s", NULL, "not a rate" },
		{ "200", NULL, "missing" },
		{ "200/", NULL, "missing" },
		{ "200/sec", NULL, "missing" },
		{ "200/s ", NULL, "missing" },
		{ "-1/s", NULL, "not a rate" },
		{ "/s", NULL, "not a rate" },
		{ "", NULL, "not a rate" },
	};

	EACH(row, rows) {
		struct rate rate = { 7, 7 }, again;
		struct fail fail;
		char text[RATE_TEXT];
		int status = rate_parse(row->text, &rate, &fail);

		if (!row->wanted) {
			check_failed(row, status, &fail);
			CHECK_EQ(rate.count, 7);
			continue;
		}
		CHECK_SAID(!status, "for \"%s\"", row->text);
		CHECK_STR(rate_print(&rate, text, sizeof(text)), row->wanted);
		CHECK_EQ(rate_parse(text, &again, &fail), 0);
		CHECK(again.count == rate.count && again.per_ns == rate.per_ns);
	}
}

TEST(a_flow_costs_its_share_of_the_time)
{
	CHECK_EQ(rate_cost_ns(&(struct rate){ 200, 1000000000 }), 5000000);
	CHECK_EQ(rate_cost_ns(&(struct rate){ 3, 1000000000 }), 333333333);
	CHECK_EQ(rate_cost_ns(&(struct rate){ 600000000, 1000000000 }), 2);
	CHECK_EQ(rate_cost_ns(&(struct rate){ 3000000000, 1000000000 }), 1);
	CHECK_EQ(rate_cost_ns(&(struct rate){ 1, 3600000000000 }), 3600000000000);
}

TEST(durations_are_read_and_printed)
{
	static const struct row rows[] = {
		{ "90", "1m30s", "" },
		{ "0", "0s", "" },
		{ "10m", "10m", "" },
		{ "1h30m", "1h30m", "" },
		{ "9m52s", "9m52s", "" },
		{ "2d", "2d", "" },
		{ "1w", "7d", "" },
		{ "36500d", "36500d", "" },
		{ "25h", "1d1h", "" },
		{ "1d1s", "1d1s", "" },
		{ "36501d", NULL, "hundred years" },
		{ "36500d1s", NULL, "hundred years" },
		{ "18446744073709551615", NULL, "hundred years" },
		{ "18446744073709551616", NULL, "not a duration" },
		{ "30m1h", NULL, "not a duration" },
		{ "1h1h", NULL, "not a duration" },
		{ "1h30", NULL, "not a duration" },
		{ "10x", NULL, "not a duration" },
		{ "m", NULL, "not a duration" },
		{ "", NULL, "not a duration" },
		{ "10m ", NULL, "not a duration" },
	};

	EACH(row, rows) {
		__u64 ns = 7, again;
		struct fail fail;
		char text[DURATION_TEXT];
		int status = duration_parse(row->text, &ns, &fail);

		if (!row->wanted) {
			check_failed(row, status, &fail);
			CHECK_EQ(ns, 7);
			continue;
		}
		CHECK_SAID(!status, "for \"%s\"", row->text);
		CHECK_STR(duration_print(ns, text, sizeof(text)), row->wanted);
		CHECK_EQ(duration_parse(text, &again, &fail), 0);
		CHECK_EQ(again, ns);
	}
}

TEST(a_rest_of_a_second_is_not_nothing)
{
	char text[DURATION_TEXT];

	CHECK_STR(duration_print(1, text, sizeof(text)), "1s");
	CHECK_STR(duration_print(59000000001, text, sizeof(text)), "1m");
	CHECK_STR(duration_print(~0ULL, text, sizeof(text)), "213503d23h34m34s");
}

TEST(ports_are_read_and_printed)
{
	static const struct row rows[] = {
		{ "53", "53", "" },
		{ "60000-60100", "60000-60100", "" },
		{ "7-7", "7", "" },
		{ "1-65535", "1-65535", "" },
		{ "0", NULL, "1 to 65535" },
		{ "65536", NULL, "1 to 65535" },
		{ "0-1", NULL, "1 to 65535" },
		{ "90-80", NULL, "did you mean 80-90?" },
		{ "80-", NULL, "not a port" },
		{ "-80", NULL, "not a port" },
		{ "80-90-100", NULL, "not a port" },
		{ "ssh", NULL, "not a port" },
		{ "", NULL, "not a port" },
	};

	EACH(row, rows) {
		struct ports ports = { 7, 9 };
		struct fail fail;
		char text[PORTS_TEXT];
		int status = ports_parse(row->text, &ports, &fail);

		if (!row->wanted) {
			check_failed(row, status, &fail);
			CHECK(ports.first == 7 && ports.last == 9);
			continue;
		}
		CHECK_SAID(!status, "for \"%s\"", row->text);
		CHECK_STR(ports_print(&ports, text, sizeof(text)), row->wanted);
	}
	char text[PORTS_TEXT];

	CHECK_STR(ports_print(&(struct ports){}, text, sizeof(text)), "any");
}

TEST(percents_and_numbers_are_read)
{
	static const struct row percents[] = {
		{ "101%", NULL, "more than 100%" },
		{ "70", NULL, "write 70%" },
		{ "%", NULL, "write 70%" },
		{ "70%%", NULL, "write 70%" },
	};
	static const struct row numbers[] = {
		{ "4", NULL, "within 5 and 10" },
		{ "11", NULL, "within 5 and 10" },
		{ "18446744073709551616", NULL, "within 5 and 10" },
		{ "5x", NULL, "not a number" },
		{ "-5", NULL, "not a number" },
		{ "+5", NULL, "not a number" },
		{ "", NULL, "not a number" },
	};
	unsigned int percent = 7;
	__u64 number = 7;
	struct fail fail;

	EACH(row, percents)
		check_failed(row, percent_parse(row->text, &percent, &fail), &fail);
	CHECK_EQ(percent, 7);
	CHECK_EQ(percent_parse("70%", &percent, &fail), 0);
	CHECK_EQ(percent, 70);
	CHECK_EQ(percent_parse("100%", &percent, &fail), 0);
	CHECK_EQ(percent, 100);
	EACH(row, numbers)
		check_failed(row, number_parse(row->text, 5, 10, &number, &fail), &fail);
	CHECK_EQ(number, 7);
	CHECK_EQ(number_parse("18446744073709551615", 0, ~0ULL, &number, &fail), 0);
	CHECK(number == ~0ULL);
}

TEST(amounts_are_read_and_printed)
{
	static const struct row rows[] = {
		{ "1000", "1k", "" }, { "1048576", "1048576", "" }, { "4M", "4M", "" },
		{ "4000k", "4M", "" }, { "1500k", "1500k", "" }, { "18446744073709M", "18446744073709M", "" },
		{ "999", NULL, "within 1k and" }, { "18446744073710M", NULL, "within 1k and" },
		{ "4m", NULL, "write 1000, 256k or 4M" }, { "4 M", NULL, "not a number" },
		{ "M", NULL, "not a number" }, { "4Mk", NULL, "not a number" },
		{ "-4M", NULL, "not a number" }, { "", NULL, "not a number" },
	};

	EACH(row, rows) {
		char text[AMOUNT_TEXT];
		struct fail fail;
		__u64 amount = 7;
		int status = amount_parse(row->text, 1000, ~0ULL, &amount, &fail);

		if (!row->wanted) {
			check_failed(row, status, &fail);
			CHECK_EQ(amount, 7);
			continue;
		}
		CHECK_SAID(!status, "for \"%s\"", row->text);
		CHECK_STR(amount_print(amount, text, sizeof(text)), row->wanted);
	}
}

TEST(the_nearest_word_is_offered)
{
	static const char *const words[] = { "trusted", "blocked", "limit", "mode",
						"link", "check", NULL };
	static const char *const rows[][2] = {
		{ "trused", "trusted" }, { "blokced", "blocked" }, { "limti", "limit" },
		{ "mod", "mode" }, { "mdoe", "mode" }, { "chekc", "check" }, { "limits", "limit" },
		{ "banana", NULL }, { "", NULL }, { "x", NULL }, { "zz", NULL },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *nearest = value_nearest(rows[i][0], words);

		CHECK_SAID(rows[i][1] ? nearest && !strcmp(nearest, rows[i][1]) : !nearest,
			   "\"%s\": %s", rows[i][0], nearest ? nearest : "nothing");
	}
}

int main(void)
{
	return test_main();
}
