// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which flows are bypassed: random policies against the plain meaning of their statements, through
 * the whole program (SEED=number repeats a run); how statements are gathered; the nftables table of
 * a policy; what a ruleset would do to what is bypassed.
 */
#include <linux/bpf.h>
#include <time.h>
#include "attach.h"
#include "bypass.h"
#include "frame.h"
#include "gateway.h"
#include "lines.h"
#include "notrack.h"
#include "ruleset.h"
#include "test.h"
#include "bpf/pkt.h"
#include "xdp.skel.h"

static const struct gateway_kind xdp = { "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes };

/* few values, so that they meet */
static const char *const prefixes[] = {
	"", "20.0.0.0/8", "20.1.0.0/16", "20.1.2.0/24", "20.1.2.3", "2001:db8::/32", "2001:db8:1::/48",
	"2001:db8:1::3",
};
static const char *const addresses[2][5] = {
	{ "20.9.9.9", "20.1.9.9", "20.1.2.9", "20.1.2.3", "30.0.0.1" },
	{ "2001:db8:9::9", "2001:db8:1::9", "2001:db8:1::3", "2001:db9::1", "2001:db8:1::4" },
};
static const unsigned ports[] = { 53, 80, 1000, 2047, 2048, 5000, 60000 };
static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_GRE };

static unsigned pick(unsigned count)
{
	return rand() % count;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix = {};
	struct fail fail;

	if (text[0] && prefix_parse(text, &prefix, &fail))
		CHECK_SAID(false, "%s", fail.what);
	return prefix;
}

static struct bypass random_bypass(void)
{
	struct bypass bypass = {
		.protocol = pick(4) ? protocols[pick(3)] : 0, .fast = pick(2),
		.to = prefix_of(prefixes[pick(8)]), .from = prefix_of(prefixes[pick(8)]),
	};

	if (bypass.protocol != IPPROTO_GRE && pick(4)) {
		bypass.ports.first = ports[pick(7)];
		bypass.ports.last = bypass.ports.first + (pick(2) ? 0 : pick(4000));
	}
	if (bypass.to.family && bypass.from.family && bypass.to.family != bypass.from.family)
		bypass.from = (struct prefix){};	/* no packet goes from one to the other */
	if (!bypass.protocol && !bypass.ports.first && !bypass.to.family && !bypass.from.family)
		bypass.protocol = IPPROTO_UDP;	/* a statement says something */
	return bypass;
}

/* As a statement says it; the ends are those of a packet, or swapped. */
static bool is_towards(const struct bypass *bypass, uint8_t protocol, const struct prefix *source,
		       const struct prefix *destination, unsigned port)
{
	bool has_ports = protocol != IPPROTO_GRE;

	if (bypass->protocol && bypass->protocol != protocol)
		return false;
	if (bypass->ports.first &&
	    (!has_ports || port < bypass->ports.first || port > bypass->ports.last))
		return false;
	return (!bypass->to.family || prefix_covers(&bypass->to, destination)) &&
	       (!bypass->from.family || prefix_covers(&bypass->from, source));
}

static struct craft frame_of(bool six, const char *from, const char *to, uint8_t protocol,
			     unsigned sport, unsigned dport)
{
	struct craft c = {};

	craft_eth(&c, six ? ETH_P_IPV6 : ETH_P_IP);
	if (six)
		craft_ip6(&c, from, to, protocol);
	else
		craft_ip4(&c, from, to, protocol);
	if (protocol == IPPROTO_TCP)
		craft_tcp(&c, sport, dport, TCP_SYN);
	if (protocol == IPPROTO_UDP)
		craft_udp(&c, sport, dport);
	craft_payload(&c, 24);
	craft_finish(&c);
	return c;
}

static void agree(const struct gateway *gateway, const struct policy *policy)
{
	unsigned six = pick(2), a = pick(5), b = (a + 1 + pick(4)) % 5;
	unsigned sport = ports[pick(7)] + pick(2), dport = ports[pick(7)] + pick(2);
	struct prefix from = prefix_of(addresses[six][a]), to = prefix_of(addresses[six][b]);
	uint8_t protocol = protocols[pick(3)];
	struct craft c = frame_of(six, addresses[six][a], addresses[six][b], protocol, sport, dport);
	struct gateway_answer answer;
	bool wanted = false;

	for (size_t i = 0; i < policy->bypass_count; i++)
		wanted |= is_towards(&policy->bypass[i], protocol, &from, &to, dport) ||
			  is_towards(&policy->bypass[i], protocol, &to, &from, sport);
	CHECK(gateway_judge(gateway, c.byte, c.size, &answer));
	CHECK_SAID((answer.reason == REASON_BYPASS) == wanted, "%s:%u > %s:%u protocol %u: reason %d",
		   addresses[six][a], sport, addresses[six][b], dport, protocol, answer.reason);
}

static bool policy_random(struct policy *policy)
{
	policy_init(policy);
	policy->bypass = calloc(12, sizeof(*policy->bypass));
	for (unsigned count = pick(12); count; count--) {
		struct bypass bypass = random_bypass();
		bool twice = false;

		for (size_t i = 0; i < policy->bypass_count; i++)
			twice |= bypass_same(&policy->bypass[i], &bypass);
		if (!twice)
			policy->bypass[policy->bypass_count++] = bypass;
	}
	return policy->bypass;
}

TEST(random_policies_mean_what_they_say)
{
	const char *said = getenv("SEED");
	unsigned seed = said ? strtoul(said, NULL, 0) : (unsigned)time(NULL);
	struct gateway gateway;

	if (geteuid())
		SKIP("needs root");
	printf("# SEED=%u\n", seed);
	srand(seed);
	CHECK_EQ(gateway_open(&gateway, &xdp, 0, true), 0);
	for (int round = 0; round < 100; round++) {
		struct policy policy;
		struct fail fail = {};
		char *text = NULL;
		size_t size;
		FILE *to = open_memstream(&text, &size);

		CHECK(policy_random(&policy));
		policy_print(to, &policy, 0, true);
		fclose(to);
		CHECK_SAID(!gateway_policy(&gateway, text, &fail), "%s%s", text, fail.what);
		for (int i = 0; i < 60; i++)
			agree(&gateway, &policy);
		free(text);
		policy_free(&policy);
	}
	gateway_close(&gateway);
}

static struct policy parsed(const char *text)
{
	struct policy policy;
	struct fail fail;

	CHECK_SAID(!policy_parse(text, "test", 0, &policy, &fail), "%s", fail.what);
	return policy;
}

TEST(statements_are_gathered)
{
	struct policy policy = parsed("bypass { udp port 53 to { 20.0.0.0/8, 20.1.0.0/16, 30.0.0.1 }\n"
				      "udp port 54-60 to { 20.0.0.0/8, 30.0.0.1 }; tcp port 53\n"
				      "tcp port 80; tcp port 81; gre }");
	struct bypass_groups groups;
	struct fail fail;

	CHECK_EQ(bypass_gather(&policy, &groups, &fail), 0);
	CHECK_EQ(groups.count, 3);
	for (size_t i = 0; i < groups.count; i++) {
		const struct bypass_group *group = &groups.at[i];

		CHECK_EQ(group->port_count, group->protocol == IPPROTO_GRE ? 0 :
			 group->protocol == IPPROTO_TCP ? 2 : 1);
		CHECK_EQ(group->any_port, group->protocol == IPPROTO_GRE);
		CHECK_EQ(group->to_count, group->protocol == IPPROTO_UDP ? 2 : 0);
	}
	bypass_groups_free(&groups);
	policy_free(&policy);
}

TEST(too_many_kinds_are_refused)
{
	struct policy policy;
	struct bypass_groups groups;
	struct fail fail;

	policy_init(&policy);
	policy.bypass = calloc(BYPASS_GROUPS_MAX + 1, sizeof(*policy.bypass));
	for (int i = 0; i <= BYPASS_GROUPS_MAX; i++)
		policy.bypass[policy.bypass_count++] = (struct bypass){
			.protocol = IPPROTO_TCP, .ports = { 10 * i + 1, 10 * i + 1 },
			.to = { .family = 4, .length = 32, .addr = { 20, 0, 0, i } },
		};
	CHECK_EQ(bypass_gather(&policy, &groups, &fail), -EXIT_USAGE);
	policy.bypass_count--;
	CHECK_EQ(bypass_gather(&policy, &groups, &fail), 0);
	bypass_groups_free(&groups);
	policy_free(&policy);
}

TEST(fast_ones_are_groups_of_their_own)
{
	struct policy policy = parsed("bypass { udp port 53 to 20.0.0.1; udp port 53 to 20.0.0.2 fast\n"
				      "udp port 53 to 20.0.0.3 fast; tcp port 80; fast gre }");
	const struct policy_bypass *line;
	struct bypass_groups groups;
	struct arena arena = {};
	struct fail fail;
	__u64 fast = 0;

	CHECK_EQ(bypass_gather(&policy, &groups, &fail), 0);
	CHECK_EQ(groups.count, 4);
	for (size_t i = 0; i < groups.count; i++) {
		const struct bypass_group *group = &groups.at[i];

		CHECK_EQ(group->fast, group->protocol == IPPROTO_GRE || group->to_count == 2);
		fast |= (__u64)group->fast << i;
	}
	CHECK(fast);
	CHECK_EQ(compile(&policy, NULL, 0, &arena, &fail), 0);
	line = (const void *)(arena.bytes + POLICY_BYPASS * POLICY_LINE);
	CHECK_EQ(line->fast, fast);
	arena_free(&arena);
	bypass_groups_free(&groups);
	policy_free(&policy);
}

static bool asks(const struct bypass_group *group, unsigned port)
{
	bool found = group->any_port;

	for (size_t i = 0; i < group->port_count; i++)
		found |= port >= group->ports[i].first && port <= group->ports[i].last;
	return found;
}

/* Every port against the lists of the groups, of which there are so many that the table has depth. */
TEST(each_port_finds_the_groups_that_ask)
{
	struct policy policy;
	const struct policy_bypass *line;
	struct bypass_groups groups;
	struct arena arena = {};
	const __u64 *sets;
	const __u8 *set;
	struct fail fail;
	size_t wrong = 0;

	policy_init(&policy);
	policy.bypass = calloc(400, sizeof(*policy.bypass));
	while (policy.bypass_count < 400) {
		unsigned first = 1 + pick(65535), length = pick(4) ? pick(20) : pick(300);

		policy.bypass[policy.bypass_count++] = (struct bypass){
			.protocol = IPPROTO_UDP,
			.ports = { first, first + length < 65535 ? first + length : 65535 },
			.to = { .family = 4, .length = 32, .addr = { 20, 0, 0, pick(4) } },
		};
	}
	CHECK_EQ(bypass_gather(&policy, &groups, &fail), 0);
	CHECK_EQ(compile(&policy, NULL, 0, &arena, &fail), 0);
	line = arena_line(&arena, POLICY_BYPASS);
	sets = arena_line(&arena, line->port_sets);
	set = arena_line(&arena, line->ports);
	for (unsigned port = 0; port < 65536; port++) {
		__u64 found = sets[set[port]];

		for (size_t i = 0; i < groups.count; i++)
			wrong += (found >> i & 1) != asks(&groups.at[i], port);
	}
	CHECK_EQ(wrong, 0);
	arena_free(&arena);
	bypass_groups_free(&groups);
	policy_free(&policy);
}

TEST(the_table_covers_both_directions)
{
	struct policy policy = parsed("bypass { mark 0x40; udp port 53 to { 20.0.0.1, 2001:db8::1 }; sctp }");
	struct fail fail;
	char *text = notrack_text("x", &policy, false, false, &fail);

	CHECK(text);
	CHECK(strstr(text, "meta mark & 0x40 == 0x40 notrack\n"));
	CHECK(strstr(text, "\t\tip daddr 20.0.0.1 meta l4proto 17 th dport 53 notrack\n"));
	CHECK(strstr(text, "\t\tip saddr 20.0.0.1 meta l4proto 17 th sport 53 notrack\n"));
	CHECK(strstr(text, "\t\tip6 saddr 2001:db8::1 meta l4proto 17 th sport 53 notrack\n"));
	CHECK(strstr(text, "\t\tmeta l4proto 132 notrack\n"));
	CHECK(!strstr(text, "owner"));
	free(text);
	policy_free(&policy);
}

static const char ruleset[] =
	"table inet lab {\n"
	"\tchain prerouting {\n"
	"\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
	"\t\tip daddr 25.0.0.1 tcp dport { 80, 443 } dnat ip to 10.77.0.2\n"
	"\t}\n"
	"\n"
	"\tchain postrouting {\n"
	"\t\ttype nat hook postrouting priority srcnat; policy accept;\n"
	"\t\tip saddr 10.77.0.0/24 masquerade\n"
	"\t}\n"
	"\n"
	"\tchain forward {\n"
	"\t\ttype filter hook forward priority filter; policy drop;\n"
	"\t\tct state established,related accept\n"
	"\t}\n"
	"}\n";

/* the warnings about one bypass, as text; the caller frees it */
static char *judged(const char *rules, const char *statement, size_t *warnings)
{
	struct policy policy = parsed(statement);
	struct prefix own = prefix_of("25.0.0.1");
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	*warnings = ruleset_judge(to, rules, policy.bypass, policy.bypass_count, &own, 1);
	fclose(to);
	policy_free(&policy);
	return text;
}

TEST(rules_that_eat_it_are_named)
{
	static const struct { const char *bypass; bool dnat, masquerade; } cases[] = {
		{ "bypass { tcp port 443 to 25.0.0.1 }", true, false },
		{ "bypass { tcp port 444 to 25.0.0.1 }", false, false },
		{ "bypass { udp port 443 to 25.0.0.1 }", false, false },
		{ "bypass { udp port 53 }", false, true },
		{ "bypass { udp port 53 to 9.9.9.9 from 10.77.0.7 }", false, true },
		{ "bypass { udp port 53 to 9.9.9.9 from 10.78.0.0/16 }", false, false },
		{ "bypass { to 2001:db8::/32 }", false, false },
		{ "bypass { to 25.0.0.0/24 }", true, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t warnings;
		char *text = judged(ruleset, cases[i].bypass, &warnings);

		CHECK_SAID(!!strstr(text, "dport { 80, 443 } dnat") == cases[i].dnat, "%s: %s",
			   cases[i].bypass, text);
		CHECK_SAID(!!strstr(text, "10.77.0.0/24 masquerade") == cases[i].masquerade, "%s: %s",
			   cases[i].bypass, text);
		CHECK_SAID(strstr(text, "chain forward\n"), "%s: %s", cases[i].bypass, text);
		CHECK_EQ(warnings, 1 + cases[i].dnat + cases[i].masquerade);
		free(text);
	}
}

TEST(untracked_that_is_accepted_is_no_warning)
{
	size_t warnings;
	char *text = judged("table ip f {\n\tchain INPUT {\n"
			    "\t\ttype filter hook input priority filter; policy drop;\n"
			    "\t\tct state established,related,untracked accept\n\t}\n}\n",
			    "bypass { udp port 53 }", &warnings);

	CHECK_EQ(warnings, 0);
	CHECK_STR(text, "");
	free(text);
}

TEST(translations_are_judged_by_their_family)
{
	static const struct { const char *table, *rule, *bypass; bool warned; } cases[] = {
		{ "ip nat", "masquerade", "to 2001:db8::/32", false },
		{ "ip nat", "masquerade", "to 192.0.2.0/24", true },
		{ "ip nat", "masquerade", "udp port 53", true },
		{ "ip6 nat", "masquerade", "to 2001:db8::/32", true },
		{ "ip6 nat", "masquerade", "from 192.0.2.0/24", false },
		{ "inet nat", "masquerade", "to 2001:db8::/32", true },
		{ "inet nat", "meta nfproto ipv4 masquerade", "to 2001:db8::/32", false },
		{ "inet nat", "meta nfproto ipv6 masquerade", "to 2001:db8::/32", true },
		{ "inet nat", "oifname \"wan0\" masquerade comment \"was ip saddr 10.0.0.0/8\"", "to 2001:db8::/32", true },
		{ "ip6 nat", "snat to 2001:db8::1 comment \"no ip here\"", "to 2001:db8::/32", true },
		{ "ip nat", "oifname \"ip6 \" counter packets 0 bytes 0 masquerade", "to 192.0.2.0/24", true },
		{ "inet nat", "log flags ip options masquerade", "to 2001:db8::/32", true },
		{ "inet nat", "dnat ip to 10.77.0.2", "to 2001:db8::/32", false },
		{ "inet nat", "ip daddr 192.0.2.7 accept comment \"no dnat here\"", "to 192.0.2.0/24", false },
		{ "inet nat", "tcp dport 80 jump masquerade_some", "to 192.0.2.0/24", false },
		{ "inet nat", "icmp type { echo-request, redirect } accept", "to 192.0.2.0/24", false },
		{ "ip nat", "udp dport 53 masquerade comment \"tcp dport 80\"", "tcp port 80", false },
		{ "ip nat", "ip daddr 192.0.2.0/24 counter packets 0 bytes 0 xt target \"MASQUERADE\"",
		  "to 192.0.2.0/24", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char rules[512], statement[128], *text;
		size_t warnings;

		snprintf(rules, sizeof(rules), "table %s {\n\tchain POSTROUTING {\n\t\ttype nat hook postrouting "
			 "priority srcnat; policy accept;\n\t\t%s\n\t}\n}\n", cases[i].table, cases[i].rule);
		snprintf(statement, sizeof(statement), "bypass { %s }", cases[i].bypass);
		text = judged(rules, statement, &warnings);
		CHECK_SAID(warnings == cases[i].warned, "%s, %s: %s", cases[i].rule, cases[i].bypass, text);
		CHECK_SAID(!cases[i].warned || strstr(text, cases[i].rule), "%s: %s", cases[i].rule, text);
		free(text);
	}
}

/* An IPv6 bypass has nothing to do with what the rules for IPv4 drop. */
TEST(chains_are_judged_by_their_family)
{
	static const char rules[] = "table ip filter {\n\tchain INPUT {\n\t\ttype filter hook input priority "
		"filter; policy drop;\n\t\tct state established,related accept\n\t}\n}\n";
	size_t warnings;
	char *text = judged(rules, "bypass { to 2001:db8::/32 }", &warnings);

	CHECK_EQ(warnings, 0);
	free(text);
	text = judged(rules, "bypass { to 192.0.2.0/24 }", &warnings);
	CHECK_EQ(warnings, 1);
	free(text);
}

/* what is warned of in a chain at hook input, beside which there is a chain `common` */
static char *judged_input(const char *policy, const char *rules, const char *common, size_t *warnings)
{
	char *text, *said;

	if (asprintf(&text, "table inet f {\n\tchain common {\n%s\t}\n\n\tchain INPUT {\n\t\ttype filter "
		     "hook input priority filter; policy %s;\n%s\t}\n}\n", common, policy, rules) < 0)
		abort();
	said = judged(text, "bypass { udp port 53 }", warnings);
	free(text);
	return said;
}

#define ESTABLISHED "\t\tct state established,related counter packets 3 bytes 180 accept\n"

TEST(whatever_drops_the_rest_is_seen)
{
	static const struct { const char *rules, *common; bool warned; } cases[] = {
		{ ESTABLISHED "\t\tdrop\n", "", true },
		{ ESTABLISHED "\t\tcounter packets 0 bytes 0 drop\n", "", true },
		{ ESTABLISHED "\t\tcounter name lab drop\n", "", true },
		{ ESTABLISHED "\t\tlog prefix \"accept? \" level info flags tcp sequence,options drop\n", "", true },
		{ ESTABLISHED "\t\tlog flags ip options drop\n", "", true },
		{ ESTABLISHED "\t\tlog prefix \"d\" group 3 snaplen 9 counter packets 0 bytes 0 reject with "
		  "icmpx admin-prohibited\n", "", true },
		{ ESTABLISHED "\t\tcounter packets 0 bytes 0 xt target \"REJECT\"\n", "", true },
		{ ESTABLISHED "\t\tdrop comment \"the rest\"\n", "", true },
		{ ESTABLISHED "\t\tcounter packets 0 bytes 0 jump common\n", "\t\tlog\n\t\tdrop\n", true },
		{ ESTABLISHED "\t\tgoto common\n", "\t\tdrop\n", true },
		{ "\t\tcounter packets 0 bytes 0 jump common\n\t\tdrop\n", ESTABLISHED, true },
		{ "\t\tiifname \"wan0\" jump common\n\t\treject\n", ESTABLISHED, true },
		{ "\t\tiifname vmap { \"lan0\" : accept, \"wan0\" : jump common }\n\t\tdrop\n", ESTABLISHED, true },
		{ "\t\tiifname \"wan0\" goto common\n", ESTABLISHED "\t\tdrop\n", true },
		{ "\t\tct state vmap { established : accept, related : accept, invalid : drop }\n\t\tdrop\n", "", true },
		/* not the rest, or nothing of it is left */
		{ ESTABLISHED "\t\ttcp dport 22 drop\n", "", false },
		{ ESTABLISHED "\t\tlimit rate over 10/second drop\n", "", false },
		{ ESTABLISHED "\t\tip saddr @bad jump common\n", "\t\tcounter packets 0 bytes 0 drop\n", false },
		{ ESTABLISHED "\t\ttcp dport 22 jump common\n", ESTABLISHED "\t\tdrop\n", false },
		{ ESTABLISHED "\t\taccept\n\t\tdrop\n", "", false },
		{ ESTABLISHED "\t\tjump common\n\t\tdrop\n", "\t\tcounter packets 0 bytes 0 accept\n", false },
		{ ESTABLISHED "\t\tgoto common\n\t\tdrop\n", "\t\treturn\n\t\tdrop\n", false },
		{ ESTABLISHED "\t\tjump common\n\t\tdrop\n", "\t\tct state untracked accept\n", false },
		{ ESTABLISHED "\t\tlog prefix \"drop\"\n", "", false },
		{ "\t\tdrop\n", "", false },
		/* round and round, which the kernel would refuse */
		{ ESTABLISHED "\t\tjump common\n\t\tdrop\n", "\t\tjump common\n\t\tjump common\n", true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t warnings;
		char *text = judged_input("accept", cases[i].rules, cases[i].common, &warnings);

		CHECK_SAID(warnings == cases[i].warned, "%zu: %s%s: %s", i, cases[i].rules, cases[i].common, text);
		CHECK_SAID(!cases[i].warned || strstr(text, "chain INPUT\n"), "%zu: %s", i, text);
		free(text);
	}
}

/* as ufw makes them, with a policy */
TEST(what_a_jump_accepts_counts_for_who_jumps)
{
	size_t warnings;
	char *text = judged_input("drop", "\t\tcounter packets 8 bytes 640 jump common\n", ESTABLISHED, &warnings);

	CHECK_EQ(warnings, 1);
	CHECK(strstr(text, "table inet f, chain INPUT\n"));
	free(text);
	text = judged_input("accept", "\t\tcounter packets 8 bytes 640 jump common\n", ESTABLISHED, &warnings);
	CHECK_EQ(warnings, 0);
	free(text);
}

/* The rule that drops, if there is one, and the warning of the chain. */
TEST(what_drops_untracked_packets_is_named)
{
	static const struct { const char *rules, *common, *named; bool chain; } cases[] = {
		{ ESTABLISHED "\t\tct state invalid,untracked drop\n", "", "ct state invalid,untracked drop", false },
		{ ESTABLISHED "\t\tct state invalid,untracked drop\n\t\tdrop\n", "",
		  "ct state invalid,untracked drop", false },
		{ ESTABLISHED "\t\tct state { invalid, untracked } counter packets 0 bytes 0 log prefix \"x\" drop\n",
		  "", "ct state { invalid, untracked } counter", false },
		{ "\t\tct state != { established, related, new } drop\n", "",
		  "ct state != { established, related, new } drop", false },
		{ "\t\tct state != established | related counter packets 0 bytes 0 reject\n", "",
		  "ct state != established | related", false },
		{ "\t\tct state ! established,related drop\n", "", "ct state ! established,related", false },
		{ "\t\tct state vmap { established : accept, invalid : drop, untracked : drop }\n", "",
		  "ct state vmap", false },
		{ "\t\tct state vmap { established : accept, untracked : jump common }\n", "\t\tlog\n\t\tdrop\n",
		  "untracked : jump common", false },
		{ "\t\tudp dport 53 ct state new,untracked jump common\n\t\taccept\n", "\t\tcounter packets 0 "
		  "bytes 0 drop\n", "udp dport 53", false },
		{ "\t\tjump common\n", "\t\tct state invalid,untracked drop\n", "chain common: `ct state inv", false },
		{ ESTABLISHED "\t\tct state untracked log prefix \"seen \"\n\t\tdrop\n", "", NULL, true },
		{ "\t\tct state untracked,established jump common\n\t\tdrop\n", "\t\taccept\n", NULL, false },
		{ "\t\tct state untracked accept\n\t\tct state invalid,untracked drop\n", "", NULL, false },
		{ "\t\tct state invalid drop\n", "", NULL, false },
		{ "\t\tct state invalid jump common\n", "\t\tdrop\n", NULL, false },
		{ "\t\tct state != invalid accept\n\t\tdrop\n", "", NULL, false },
		{ "\t\ttcp dport 80 ct state invalid,untracked drop\n", "", NULL, false },
		{ ESTABLISHED "\t\tct state untracked return\n\t\tdrop\n", "", NULL, false },
		{ "\t\tjump common\n\t\tdrop\n", "\t\tct state untracked return\n" ESTABLISHED, NULL, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t warnings;
		char *text = judged_input("accept", cases[i].rules, cases[i].common, &warnings);

		CHECK_SAID(warnings == (size_t)!!cases[i].named + cases[i].chain, "%zu: %s%s: %s", i, cases[i].rules,
			   cases[i].common, text);
		CHECK_SAID(!cases[i].named || strstr(text, cases[i].named), "%zu: %s", i, text);
		CHECK_SAID(!cases[i].named || strstr(text, "drops untracked packets"), "%zu: %s", i, text);
		CHECK_SAID(!cases[i].chain || strstr(text, "chain INPUT\n"), "%zu: %s", i, text);
		free(text);
	}
}

/* Once, although two base chains lead to it; and invalid packets at output by their own words. */
TEST(a_rule_is_named_once)
{
	size_t warnings;
	char *text = judged("table inet f {\n\tchain common {\n\t\tct state invalid,untracked drop\n\t}\n"
			    "\tchain a {\n\t\ttype filter hook input priority 0; policy accept;\n\t\tjump common\n\t}\n"
			    "\tchain b {\n\t\ttype filter hook forward priority 0; policy accept;\n\t\tjump common\n\t}\n"
			    "\tchain c {\n\t\ttype filter hook output priority 0; policy accept;\n\t\tct state invalid "
			    "counter packets 0 bytes 0 drop\n\t}\n}\n", "bypass { udp port 53 }", &warnings);

	CHECK_EQ(warnings, 2);
	CHECK(strstr(text, "chain common: `ct state invalid,untracked drop`"));
	CHECK(strstr(text, "chain c: `ct state invalid counter"));
	CHECK(strstr(text, "fwmark_reflect"));
	free(text);
}

/* one rule, as a chain of somebody else's table has it; what is warned of */
static char *strays(const char *rule, const char *policy_text, size_t *warnings)
{
	struct policy policy = parsed(policy_text);
	char rules[1024], *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	snprintf(rules, sizeof(rules), "table ip raw {\n\tchain PREROUTING {\n\t\ttype filter hook prerouting "
		 "priority raw; policy accept;\n\t\t%s\n\t}\n}\n", rule);
	*warnings = ruleset_judge_strays(to, rules, &policy);
	fclose(to);
	policy_free(&policy);
	return text;
}

TEST(rules_that_keep_flows_from_weir_are_named)
{
	static const struct { const char *rule, *policy, *word; } cases[] = {
		{ "udp dport 53 notrack", "", "weir bypass import" },
		{ "udp dport 53 notrack", "check { stray off }", NULL },
		{ "udp dport 53 notrack", "bypass { udp port 53 }", NULL },
		{ "udp dport { 53, 54 } counter packets 1 bytes 2 notrack", "bypass { udp port 53 }", "untracked" },
		{ "udp dport { 53, 54 } counter packets 1 bytes 2 notrack", "bypass { udp port 50-60 }", NULL },
		{ "udp dport 53 notrack", "bypass { udp port 53 to 20.0.0.1 }", "untracked" },
		{ "udp dport 53 notrack", "bypass { tcp port 53 }", "untracked" },
		{ "tcp dport 53 notrack", "bypass { port 53 fast }", NULL },
		{ "ip daddr 20.0.0.0/24 udp sport 53 notrack", "bypass { udp port 53 from 20.0.0.0/8 }", NULL },
		{ "ip daddr 20.0.0.0/24 udp sport 53 notrack", "bypass { udp port 53 to 20.0.0.0/8 }", "untracked" },
		{ "ip saddr 20.0.0.0/24 notrack", "bypass { from 20.0.0.0/8 }", NULL },
		{ "ip saddr 20.0.0.0/24 notrack", "bypass { from 20.0.0.0/25 }", "untracked" },
		{ "iifname \"wan0\" notrack", "bypass { udp port 53 }", "by addresses and ports" },
		{ "iifname \"wan0\" ct zone set 7", "bypass { udp port 53 }", "zone where weir does not look" },
		{ "ct original zone set 7", "", "zone where weir does not look" },
		{ "ct zone set iif map { 3 : 7 }", "check { stray off }", NULL },
		{ "ct zone set 0", "", NULL },
		{ "ct zone 7 accept", "", NULL },
		{ "ct state untracked accept comment \"was notrack, ct zone set 7 now\"", "", NULL },
		{ "meta l4proto udp counter packets 0 bytes 0 xt target \"CT\"", "", "may make flows untracked" },
		{ "iifname \"lan0\" accept", "", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t warnings;
		char *text = strays(cases[i].rule, cases[i].policy, &warnings);

		CHECK_SAID(warnings == (cases[i].word != NULL), "%s, %s: %s", cases[i].rule, cases[i].policy, text);
		if (cases[i].word) {
			CHECK_SAID(strstr(text, cases[i].word), "%s: %s", cases[i].word, text);
			CHECK_SAID(strstr(text, cases[i].rule), "%s: %s", cases[i].rule, text);
		}
		free(text);
	}
}

TEST(the_table_of_weir_keeps_no_flows_from_it)
{
	struct policy policy = parsed("");
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	CHECK_EQ(ruleset_judge_strays(to, "table inet weir_default {\n\tchain mark {\n\t\ttype filter hook "
				      "prerouting priority raw; policy accept;\n\t\tmeta mark & 0x40 == 0x40 "
				      "notrack\n\t}\n}\n", &policy), 0);
	fclose(to);
	CHECK_STR(text, "");
	free(text);
	policy_free(&policy);
}

int main(void)
{
	return test_main();
}
