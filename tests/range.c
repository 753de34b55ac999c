// SPDX-License-Identifier: GPL-2.0-only
/* Ranges of addresses become the prefixes that hold just these addresses. */
#include "range.h"
#include "test.h"

static struct prefix prefix[RANGE_PREFIXES];

static const char *split(const char *text)
{
	static char said[8192];
	char one[PREFIX_TEXT];
	struct fail fail;
	int count = range_parse(text, prefix, &fail);

	said[0] = '\0';
	for (int i = 0; i < count; i++)
		sprintf(said + strlen(said), "%s ", prefix_print(&prefix[i], one, sizeof(one)));
	return count < 0 ? "refused" : said;
}

TEST(ranges)
{
	static const struct { const char *text, *wanted; } rows[] = {
		{ "192.0.2.1", "192.0.2.1 " },
		{ "192.0.2.0/24", "192.0.2.0/24 " },
		{ "192.0.2.0-192.0.2.255", "192.0.2.0/24 " },
		{ "192.0.2.1-192.0.2.1", "192.0.2.1 " },
		{ "192.0.2.1-192.0.2.6", "192.0.2.1 192.0.2.2/31 192.0.2.4/31 192.0.2.6 " },
		{ "10.0.0.255-10.0.1.0", "10.0.0.255 10.0.1.0 " },
		{ "0.0.0.0-255.255.255.255", "0.0.0.0/0 " },
		{ "255.255.255.254-255.255.255.255", "255.255.255.254/31 " },
		{ "2001:db8::-2001:db8::ffff", "2001:db8::/112 " },
		{ "2001:db8::ffff-2001:db8::1:0", "2001:db8::ffff 2001:db8::1:0 " },
		{ "192.0.2.9-192.0.2.1", "refused" }, { "192.0.2.1-2001:db8::1", "refused" },
		{ "192.0.2.0/24-192.0.3.0/24", "refused" }, { "192.0.2.1-", "refused" },
		{ "-192.0.2.1", "refused" }, { "192.0.2.1/24", "refused" }, { "", "refused" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_SAID(!strcmp(split(rows[i].text), rows[i].wanted), "%s: %s", rows[i].text,
			   split(rows[i].text));
}

/* each address within, and none beside, is covered by one prefix */
TEST(all_ranges_of_a_small_network)
{
	struct prefix address = { .family = 4, .length = 32, .addr = { 192, 0, 2, 0 } };
	struct fail fail;
	char text[64];

	for (int first = 0; first < 64; first++) {
		for (int last = first; last < 64; last++) {
			snprintf(text, sizeof(text), "192.0.2.%d-192.0.2.%d", first, last);
			int count = range_parse(text, prefix, &fail);

			CHECK(count > 0 && count <= 10);
			for (int i = 0; i < 64; i++) {
				int covered = 0;

				address.addr[3] = i;
				for (int n = 0; n < count; n++)
					covered += prefix_covers(&prefix[n], &address);
				CHECK_SAID(covered == (i >= first && i <= last), "%s: %d", text, i);
			}
		}
	}
}

TEST(the_worst_range)
{
	struct fail fail;

	CHECK_EQ(range_parse("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", prefix, &fail), RANGE_PREFIXES);
	CHECK_EQ(range_parse("0.0.0.1-255.255.255.254", prefix, &fail), 62);
}

int main(void)
{
	return test_main();
}
