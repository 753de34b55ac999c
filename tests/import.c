// SPDX-License-Identifier: GPL-2.0-only
/* What each form of an old NOTRACK rule becomes, and which ones are left with a reason. */
#include "import.h"
#include "test.h"

static char said[4096];

static int take(const struct bypass *bypass, void *data, struct fail *fail)
{
	FILE *to = data;

	(void)fail;
	bypass_print(to, bypass);
	fputc(';', to);
	return 0;
}

static void leave(const char *rule, const char *why, void *data)
{
	(void)rule;
	fprintf(data, "left: %s;", why);
}

static const char *imported(const char *text)
{
	FILE *to = fmemopen(said, sizeof(said), "w");
	struct import import = { take, leave, to };
	struct fail fail;

	CHECK_EQ(import_rules(text, &import, &fail), 0);
	fputc('\0', to);
	fclose(to);
	return said;
}

TEST(iptables_rules)
{
	static const struct { const char *rule, *wanted; } rows[] = {
		{ "-A PREROUTING -p udp -m udp --dport 53 -j NOTRACK", "udp port 53;" },
		{ "-A OUTPUT -p udp -m udp --sport 53 -j CT --notrack", "udp port 53;" },
		{ "-A PREROUTING -s 192.0.2.4/32 -p udp --sport 53 -d 10.0.0.0/8 -j NOTRACK",
		  "udp port 53 to 192.0.2.4 from 10.0.0.0/8;" },
		{ "-A PREROUTING -p tcp -m multiport --dports 80,443,1000:2000 -j NOTRACK",
		  "tcp port 80;tcp port 443;tcp port 1000-2000;" },
		{ "-A PREROUTING -p tcp -m multiport --ports 80,81 -j NOTRACK", "tcp port 80;tcp port 81;" },
		{ "-A PREROUTING -d 198.51.100.0/24 -j NOTRACK", "to 198.51.100.0/24;" },
		{ "-A PREROUTING -s 198.51.100.0/24 -j NOTRACK", "to 198.51.100.0/24;" },
		{ "-A PREROUTING -s 2001:db8::/32 -d 2001:db8:1::1/128 -j CT --notrack",
		  "to 2001:db8:1::1 from 2001:db8::/32;" },
		{ "-A PREROUTING -p gre -m comment --comment \"a b\" -j NOTRACK", "gre;" },
		{ "-A PREROUTING -p 132 -j NOTRACK", "sctp;" },
		{ "-A PREROUTING -i eth0 -p udp --dport 53 -j NOTRACK",
		  "left: names a device: say it by addresses (to, from) (line 1);" },
		{ "-A PREROUTING ! -s 10.0.0.0/8 -j NOTRACK", "left: says what it is not (line 1);" },
		{ "-A PREROUTING -p udp --sport 53 --dport 53 -j NOTRACK", "left: asks for both ports (line 1);" },
		{ "-A PREROUTING -m set --match-set x src -j NOTRACK",
		  "left: has a match that weir does not know (line 1);" },
		{ "-A PREROUTING -j NOTRACK", "left: makes everything untracked (line 1);" },
		{ "-A PREROUTING -p udp --dport 53 -j ACCEPT", "" },
		{ "-A PREROUTING -p ipv6-icmp -j NOTRACK", "icmpv6;" },
		{ "-A PREROUTING -p ipencap -j NOTRACK", "ipip;" },
		{ "-A PREROUTING -p pim -j NOTRACK", "proto 103;" },
		{ "[12:3456] -A PREROUTING -p udp --dport 53 -j NOTRACK", "udp port 53;" },
		{ "-A PREROUTING -p udp -m comment --comment \"-j NOTRACK\" -j ACCEPT", "" },
		{ "# -A PREROUTING -p udp --dport 53 -j NOTRACK", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_SAID(!strcmp(imported(rows[i].rule), rows[i].wanted), "%s: %s", rows[i].rule, said);
}

TEST(nft_rules)
{
	static const struct { const char *rule, *wanted; } rows[] = {
		{ "\t\tudp dport 53 notrack", "udp port 53;" },
		{ "\t\tudp dport { 53, 60000-60100 } counter packets 3 bytes 4 notrack",
		  "udp port 53;udp port 60000-60100;" },
		{ "\t\tip saddr 192.0.2.1 tcp sport 80 notrack", "tcp port 80 to 192.0.2.1;" },
		{ "\t\tip6 daddr { 2001:db8::1, 2001:db8:1::/48 } notrack",
		  "to 2001:db8::1;to 2001:db8:1::/48;" },
		{ "\t\tmeta l4proto { tcp, udp } th dport 7000-7010 notrack comment \"x y\"",
		  "tcp port 7000-7010;udp port 7000-7010;" },
		{ "\t\tip protocol gre notrack", "gre to 0.0.0.0/0;" },
		{ "\t\tip6 nexthdr udp udp dport 53 notrack", "udp port 53 to ::/0;" },
		{ "\t\tmeta l4proto { icmp, ipv6-icmp, l2tp } notrack", "icmp;icmpv6;proto 115;" },
		{ "\t\tiifname \"eth0\" udp dport 53 notrack",
		  "left: names a device: say it by addresses (to, from) (line 1);" },
		{ "\t\tip saddr @dns notrack", "left: names a set, or what it is not (line 1);" },
		{ "\t\tip saddr != 192.0.2.1 notrack", "left: names a set, or what it is not (line 1);" },
		{ "\t\tct state new drop", "" },
		{ "\t\tudp dport 53 accept comment \"not notrack at all\"", "" },
		{ "\tchain notracks {", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_SAID(!strcmp(imported(rows[i].rule), rows[i].wanted), "%s: %s", rows[i].rule, said);
}

TEST(all_of_a_rule_or_nothing)
{
	static const struct { const char *rule, *wanted; } rows[] = {
		{ "ip saddr { 192.0.2.1, 192.0.2.8-192.0.2.15, 192.0.2.254-192.0.2.255 } udp dport 53 notrack",
		  "udp port 53 from 192.0.2.1;udp port 53 from 192.0.2.8/29;udp port 53 from 192.0.2.254/31;" },
		{ "ip6 daddr 2001:db8::-2001:db8::ffff notrack", "to 2001:db8::/112;" },
		{ "-A PREROUTING -p udp -m iprange --src-range 10.0.0.1-10.0.0.2 -m iprange "
		  "--dst-range 10.1.0.0-10.1.0.3 -j NOTRACK",
		  "udp to 10.1.0.0/30 from 10.0.0.1;udp to 10.1.0.0/30 from 10.0.0.2;" },
		{ "udp dport { 53, domain, 54 } notrack",
		  "left: can't be read: proto udp port domain (line 1);" },
		{ "ip daddr { 192.0.2.1, 192.0.2.9-192.0.2.3 } notrack",
		  "left: can't be read: to 192.0.2.9-192.0.2.3 (line 1);" },
		{ "-A PREROUTING -s 10.0.0.0/255.0.255.0 -p tcp -m multiport --dports 80,81 -j NOTRACK",
		  "left: can't be read: proto tcp port 80 from 10.0.0.0/255.0.255.0 (line 1);" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_SAID(!strcmp(imported(rows[i].rule), rows[i].wanted), "%s: %s", rows[i].rule, said);
}

#define CALLED "left: is in a chain that others jump to (line "
#define BEHIND "left: stands behind an exception in line "

/* What holds for some packets only is no bypass for all of them. */
TEST(iptables_rules_that_hold_for_less)
{
	static const struct { const char *text, *wanted; } rows[] = {
		{ "*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:DNS - [0:0]\n"
		  "-A PREROUTING -d 192.0.2.53/32 -j DNS\n-A DNS -p udp -m udp --dport 53 -j NOTRACK\nCOMMIT\n",
		  CALLED "6);" },
		{ "-A PREROUTING -s 10.0.0.0/8 -j ACCEPT\n-A PREROUTING -p udp --dport 53 -j NOTRACK\n"
		  "-A OUTPUT -p udp --dport 54 -j CT --notrack\n", BEHIND "1 (line 2);udp port 54;" },
		{ "-A PREROUTING -p udp --dport 53 -j NOTRACK\n-A PREROUTING -s 10.0.0.0/8 -j RETURN\n"
		  "-A PREROUTING -p udp --dport 54 -j NOTRACK\n", "udp port 53;" BEHIND "2 (line 3);" },
		{ "-A PREROUTING -s 10.0.0.0/8 -g OTHER\n-A PREROUTING -p udp --dport 53 -j NOTRACK\n",
		  BEHIND "1 (line 2);" },
		/* the answers of what is left would bring it back */
		{ "-A PREROUTING -s 10.0.0.0/8 -j ACCEPT\n-A PREROUTING -p udp --dport 53 -j NOTRACK\n"
		  "-A OUTPUT -p udp --sport 53 -j NOTRACK\n",
		  BEHIND "1 (line 2);left: says the same as line 2, which is not taken (line 3);" },
		/* said twice, and once for all */
		{ "-A PREROUTING -p udp --dport 53 -j NOTRACK\n-A PREROUTING -s 10.0.0.0/8 -j ACCEPT\n"
		  "-A PREROUTING -p udp --dport 53 -j NOTRACK\n", "udp port 53;" BEHIND "2 (line 3);" },
		/* a chain that lets packets by, and one that does not */
		{ "-A PREROUTING -j LOCAL\n-A PREROUTING -p udp --dport 53 -j NOTRACK\n"
		  "-A LOCAL -s 10.0.0.0/8 -j ACCEPT\n", BEHIND "1 (line 2);" },
		{ "-A PREROUTING -j NOTED\n-A PREROUTING -p udp --dport 53 -j NOTRACK\n"
		  "-A NOTED -s 10.0.0.0/8 -j LOG --log-prefix \"-j ACCEPT \"\n-A NOTED -j RETURN\n",
		  "udp port 53;" },
		/* what stands elsewhere, or ends the packet, is no exception */
		{ "*filter\n-A PREROUTING -j ACCEPT\nCOMMIT\n*raw\n-A OUTPUT -j ACCEPT\n"
		  "-A PREROUTING -s 192.0.2.9/32 -j DROP\n"
		  "-A PREROUTING -p udp -m comment --comment \"-j ACCEPT\" --dport 53 -j NOTRACK\nCOMMIT\n",
		  "udp port 53;" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_SAID(!strcmp(imported(rows[i].text), rows[i].wanted), "%s: %s", rows[i].text, said);
}

#define TABLE(chains) "table inet raw {\n" chains "}\n"
#define PRE(rules) "\tchain pre {\n\t\ttype filter hook prerouting priority raw; policy accept;\n" rules "\t}\n"
#define OUT(rules) "\tchain out {\n\t\ttype filter hook output priority raw; policy accept;\n" rules "\t}\n"
#define SUB(rules) "\tchain sub {\n" rules "\t}\n"

TEST(nft_rules_that_hold_for_less)
{
	static const struct { const char *text, *wanted; } rows[] = {
		{ TABLE(PRE("\t\tip daddr 192.0.2.53 jump sub\n") SUB("\t\tudp dport 53 notrack\n")),
		  CALLED "7);" },
		{ TABLE(SUB("\t\tudp dport 53 notrack\n") PRE("\t\tip daddr 192.0.2.53 jump sub\n")),
		  CALLED "3);" },
		{ TABLE(PRE("\t\tip saddr 10.0.0.0/8 accept\n\t\tudp dport 53 notrack\n")
			OUT("\t\tudp sport 53 notrack\n\t\tudp sport 54 notrack\n")),
		  BEHIND "4 (line 5);left: says the same as line 5, which is not taken (line 9);udp port 54;" },
		{ TABLE(PRE("\t\tip saddr 10.0.0.0/8 counter packets 1 bytes 2 return\n\t\tudp dport 53 notrack\n")),
		  BEHIND "4 (line 5);" },
		{ TABLE(PRE("\t\tip saddr vmap { 10.0.0.1 : accept, 10.0.0.2 : drop }\n\t\tudp dport 53 notrack\n")),
		  BEHIND "4 (line 5);" },
		{ TABLE(PRE("\t\tip saddr vmap @said\n\t\tudp dport 53 notrack\n")), BEHIND "4 (line 5);" },
		{ TABLE(PRE("\t\tip saddr vmap { 10.0.0.1 : jump sub }\n\t\tudp dport 53 notrack\n")
			SUB("\t\tudp dport 5 accept\n")), BEHIND "4 (line 5);" },
		{ TABLE(PRE("\t\tjump sub\n\t\tudp dport 53 notrack\n") SUB("\t\tudp dport 5 return\n")),
		  "udp port 53;" },
		{ TABLE(PRE("\t\tudp dport 52 notrack accept\n\t\tlog prefix \"accept \"\n"
			    "\t\tip saddr 192.0.2.9 drop\n\t\tudp dport 53 notrack\n")),
		  "udp port 52;udp port 53;" },
		/* another table has its own say */
		{ "table ip a {\n" PRE("\t\taccept\n") "}\n" TABLE(PRE("\t\tudp dport 53 notrack\n")),
		  "udp port 53;" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_SAID(!strcmp(imported(rows[i].text), rows[i].wanted), "%s: %s", rows[i].text, said);
}

TEST(tables_of_weir_are_no_rules_of_others)
{
	CHECK_STR(imported("table inet weir_default {\n" PRE("\t\tmeta mark & 0x10000000 == 0x10000000 notrack\n")
			   OUT("\t\tip daddr 192.0.2.1 udp dport 53 notrack\n") "}\n"
			   TABLE(PRE("\t\tudp dport 54 notrack\n"))), "udp port 54;");
	CHECK_STR(imported("table ip weir_x {\n" PRE("\t\tudp dport 53 notrack\n") "}\n"),
		  "udp port 53 to 0.0.0.0/0;");
}

#define SAVED(program, rules) "# Generated by " program " v1.8.9 (nf_tables) on Fri Nov 27 23:23:08 2026\n" \
	"*raw\n:PREROUTING ACCEPT [0:0]\n" rules "COMMIT\n# Completed on Fri Nov 27 23:23:08 2026\n"

/* A listing of one family says nothing of the other. */
TEST(one_family)
{
	static const struct { const char *text, *wanted; } rows[] = {
		{ SAVED("iptables-save", "-A PREROUTING -p udp -m udp --dport 53 -j NOTRACK\n"),
		  "udp port 53 to 0.0.0.0/0;" },
		{ SAVED("iptables-save", "-A PREROUTING -p udp --dport 53 -j NOTRACK\n"
			"-A OUTPUT -p udp --sport 53 -j NOTRACK\n"),
		  "udp port 53 to 0.0.0.0/0;udp port 53 to 0.0.0.0/0;" },
		{ SAVED("ip6tables-save", "-A PREROUTING -p ipv6-icmp -j NOTRACK\n"), "icmpv6 to ::/0;" },
		{ SAVED("iptables-save", "-A PREROUTING -d 192.0.2.1/32 -j NOTRACK\n")
		  SAVED("ip6tables-save", "-A PREROUTING -p tcp --dport 80 -j NOTRACK\n")
		  "-A PREROUTING -p tcp --dport 81 -j NOTRACK\n",
		  "to 192.0.2.1;tcp port 80 to ::/0;tcp port 81;" },
		{ "table ip raw {\n" PRE("\t\tudp dport 53 notrack\n") "}\n"
		  "table ip6 raw {\n" PRE("\t\tudp dport 54 notrack\n") "}\n"
		  TABLE(PRE("\t\tudp dport 55 notrack\n")),
		  "udp port 53 to 0.0.0.0/0;udp port 54 to ::/0;udp port 55;" },
		{ SAVED("iptables-save", "-A PREROUTING -j NOTRACK\n"),
		  "left: makes everything untracked (line 4);" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_SAID(!strcmp(imported(rows[i].text), rows[i].wanted), "%s: %s", rows[i].text, said);
}

/* "udp dport { 2, ... } notrack" with so many more ports, between two short rules */
static char *rule_of_ports(unsigned int ports, const char *verdict)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	fputs("udp dport 1 notrack\n\t\tudp dport { 2", to);
	for (unsigned int port = 0; port < ports; port++)
		fprintf(to, ", %u", 30000 + port % 30000);
	fprintf(to, " } %s\nudp dport 3 notrack\n", verdict);
	fclose(to);
	return text;
}

static int count(const struct bypass *bypass, void *data, struct fail *fail)
{
	(void)bypass;
	(void)fail;
	++*(unsigned int *)data;
	return 0;
}

static void leave_none(const char *rule, const char *why, void *data)
{
	(void)data;
	CHECK_SAID(false, "left: %s: %s", rule, why);
}

TEST(lines_of_any_length)
{
	for (unsigned int ports = 1; ports <= 100000; ports *= 10) {
		char *text = rule_of_ports(ports, "notrack");
		unsigned int statements = 0;
		struct import import = { count, leave_none, &statements };
		struct fail fail;

		CHECK_EQ(import_rules(text, &import, &fail), 0);
		CHECK_EQ(statements, ports + 3);
		free(text);
	}
}

TEST(a_line_that_is_too_long_is_told)
{
	char *text = rule_of_ports(150000, "notrack");

	imported(text);
	CHECK_SAID(!strncmp(said, "udp port 1;left: is longer than a million bytes: split it (line 2);", 60),
		   "%.100s", said);
	CHECK(strstr(said, ";udp port 3;"));
	free(text);
	/* one as long that is about something else */
	text = rule_of_ports(150000, "drop");
	CHECK_STR(imported(text), "udp port 1;udp port 3;");
	free(text);
}

int main(void)
{
	return test_main();
}
