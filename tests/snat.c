// SPDX-License-Identifier: GPL-2.0-only
/* The pool of source ports that each form of a translating rule has, as nft 1.0.6 lists it. */
#include "snat.h"
#include "test.h"

static char listing[8192];

static const char *chain(const char *head, const char *rules)
{
	snprintf(listing, sizeof(listing), "table inet fw {\n\tchain post {\n%s%s\t}\n}\n", head, rules);
	return listing;
}

#define POST "\t\ttype nat hook postrouting priority srcnat; policy accept;\n"

TEST(one_rule)
{
	static const struct { const char *rule; __u64 addresses, ports; } rows[] = {
		{ "masquerade", 1, 64512 },
		{ "oifname \"wan0\" counter packets 3 bytes 180 masquerade random", 1, 64512 },
		{ "meta l4proto tcp masquerade to :1024-2047 fully-random", 1, 1024 },
		{ "oifname \"a\" snat to 203.0.113.1-203.0.113.8", 8, 64512 },
		{ "snat ip to 203.0.113.9", 1, 64512 },
		{ "meta l4proto { tcp, udp } snat to 203.0.113.1-203.0.113.8:1024-2023 random,persistent",
		  8, 1000 },
		{ "snat ip to 203.0.113.0/29", 8, 64512 },
		{ "ip protocol tcp snat ip to 203.0.113.9:1024-1033", 1, 10 },
		{ "snat to 10.0.0.250-10.0.1.5", 12, 64512 },
		{ "snat to 0.0.0.0-255.255.255.255", 65536, 64512 },
		{ "snat ip6 to 2001:db8::9", 1, 64512 },
		{ "snat ip6 to 2001:db8::1-2001:db8::1:0", 65536, 64512 },
		{ "snat ip6 to 2001:db8::/64", 65536, 64512 },
		{ "meta l4proto tcp snat ip6 to [2001:db8::1]-[2001:db8::8]:1024-3023", 8, 2000 },
		{ "snat to ip saddr map { 10.0.0.0/8 : 203.0.113.4, 11.2.0.0/16 : 203.0.113.8/30 }", 1, 64512 },
		{ "snat to ip saddr map { 10.0.0.0/8 : 203.0.113.1-203.0.113.9 }", 9, 64512 },
		{ "snat ip to ip saddr . tcp dport map { 10.0.0.1 . 80 : 203.0.113.7 . 5000-5009 }", 1, 10 },
		{ "snat ip prefix to ip saddr map { 10.141.11.0/24 : 192.168.2.0/24 }", 256, 64512 },
		{ "snat to numgen inc mod 3 map { 0 : 203.0.113.1, 1 : 203.0.113.2, 2 : 203.0.113.3 }", 3, 64512 },
		{ "snat to jhash ip saddr mod 3 map { 0 : 203.0.113.1, 1 : 203.0.113.3, 2 : 203.0.113.1 }",
		  2, 64512 },
		{ "masquerade comment \"snat to 203.0.113.1-203.0.113.8\"", 1, 64512 },
	};
	struct snat_pool pool;
	char rule[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(rule, sizeof(rule), "\t\t%s\n", rows[i].rule);
		CHECK_SAID(snat_smallest(chain(POST, rule), &pool), "%s", rule);
		CHECK_SAID(pool.addresses == rows[i].addresses && pool.ports == rows[i].ports && !pool.guessed,
			   "%s: %llu x %llu", rule, pool.addresses, pool.ports);
		CHECK_STR(pool.rule, rows[i].rule);
	}
}

TEST(what_cannot_be_read_is_one_address)
{
	static const char *const rules[] = {
		"snat to ip saddr map @customers", "snat to $FOREIGN", "snat to", "snat to ip saddr map",
		"masquerade to", "snat to ip saddr map { 10.0.0.1 : }", "snat",
		/* iptables-nft, where nft finds no extension of libxtables: 1.0.6, and later ones */
		"oifname \"eth0\" counter packets 0 bytes 0 ",
		"oifname \"eth0\" counter packets 0 bytes 0 xt target \"SNAT\"",
	};
	struct snat_pool pool;
	char rule[256];

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		snprintf(rule, sizeof(rule), "\t\t%s\n", rules[i]);
		CHECK_SAID(snat_smallest(chain(POST, rule), &pool), "%s", rule);
		CHECK_SAID(pool.addresses == 1 && pool.ports == 64512 && pool.guessed, "%s", rule);
	}
}

TEST(what_translates_no_sources)
{
	static const struct { const char *head, *rules; } rows[] = {
		{ POST, "" }, { POST, "\t\taccept\n" }, { POST, "\t\tjump nobody\n" },
		{ POST, "\t\tlog prefix \"snat to 203.0.113.1\" accept\n" },
		{ POST, "\t\toifname \"masquerade\" accept\n" },
		{ "\t\ttype nat hook prerouting priority dstnat; policy accept;\n",
		  "\t\tcounter packets 0 bytes 0 dnat to 10.0.0.1\n\t\tcounter packets 0 bytes 0 \n" },
		{ "\t\ttype nat hook input priority 100; policy accept;\n", "\t\tsnat ip to 203.0.113.1\n" },
		/* of one service: no pool */
		{ POST, "\t\tip protocol tcp snat to 203.0.113.9:5000\n" },
		/* some rule of iptables-nft that is not about NAT */
		{ "", "\t\tcounter packets 0 bytes 0 \n" },
	};
	struct snat_pool pool;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_SAID(!snat_smallest(chain(rows[i].head, rows[i].rules), &pool), "%zu: %s", i, pool.rule);
}

TEST(the_smallest_of_several)
{
	static const char *const rules =
		"\t\tip saddr 10.1.0.0/16 snat to 203.0.113.1-203.0.113.8\n"
		"\t\tip saddr 10.2.0.0/16 meta l4proto tcp snat to 203.0.113.1-203.0.113.8:1024-2047\n"
		"\t\tip saddr 10.2.0.9 udp sport 5060 snat to 203.0.113.1:5060\n"
		"\t\tmasquerade\n";
	struct snat_pool pool;

	CHECK(snat_smallest(chain(POST, rules), &pool));
	CHECK_EQ(pool.addresses, 8);
	CHECK_EQ(pool.ports, 1024);
	CHECK(strstr(pool.rule, "10.2.0.0/16"));
}

/* chains that others call, as iptables' user chains; what stands in other tables; sets over lines */
TEST(a_whole_listing)
{
	static const char *const text =
		"table ip filter {\n\tset big {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1,\n"
		"\t\t\t     192.0.2.2 }\n\t}\n\n\tchain INPUT {\n"
		"\t\ttype filter hook input priority filter; policy accept;\n"
		"\t\tcounter packets 0 bytes 0 \n\t}\n\tchain LOGGED {\n\t\tcounter packets 0 bytes 0 \n\t}\n}\n"
		"table ip nat {\n\tchain SUB {\n\t\tcounter packets 0 bytes 0 snat to 203.0.113.1-203.0.113.4\n\t}\n"
		"\n\tchain POSTROUTING {\n" POST "\t\tcounter packets 0 bytes 0 jump SUB\n\t}\n}\n";
	struct snat_pool pool;

	CHECK(snat_smallest(text, &pool));
	CHECK_EQ(pool.addresses, 4);
	CHECK(!pool.guessed);
}

int main(void)
{
	return test_main();
}
