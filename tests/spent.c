// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strangers that are refused without a look at their line, since a shared limit is spent: the same
 * packets pass as if all were asked, and the same is known of each source behind it.
 */
#include "attach.h"
#include "frame.h"
#include "gateway.h"
#define LINES		(1 << 14)
#include "spent.h"
#include "random.h"
#include "test.h"
#include "told.h"
#include "xdp.skel.h"

#define TICK		4000000ULL
#define MONITOR(reason)	(1ULL << ((reason) - 64))

enum { BY_SOURCE = 1, BY_PREFIX, BY_TOTAL };

static void limits(__u64 source, __u64 prefix, __u64 total, __u64 rate)
{
	start(source + 10 * prefix + 100 * total);
	memset(&scratch, 0, sizeof(scratch));
	memset(blooms, 0, sizeof(blooms));
	unseen = 0;
	if (source)
		set_rule(BY_SOURCE, rate, source);
	if (prefix)
		set_rule(BY_PREFIX, rate, prefix);
	if (total)
		set_rule(BY_TOTAL, rate, total);
	class_of_all.source_rule[ROLE_OUTSIDE] = source ? BY_SOURCE : 0;
	class_of_all.prefix_rule[ROLE_OUTSIDE] = prefix ? BY_PREFIX : 0;
	knobs.total_rule[ROLE_OUTSIDE] = total ? BY_TOTAL : 0;
}

static enum reason ask_at(const struct pkt *pkt, __u64 now_ns, __u64 monitor)
{
	struct admit_input in = { .head = &head, .knobs = &knobs, .source = &class_of_all,
				  .monitor = monitor, .now_ns = now_ns };

	return ask_all(pkt, &in);
}

static enum reason ask4(__u32 source, __u64 now_ns)
{
	struct pkt pkt = packet4(source);

	return ask_at(&pkt, now_ns, 0);
}

/* So many strangers at one instant, each refused. */
static void flood(__u32 first, unsigned flows, enum reason refusal, __u64 now_ns)
{
	for (unsigned n = 0; n < flows; n++)
		CHECK_EQ(ask4(first + n, now_ns), refusal);
}

TEST(flood_is_refused_unseen_and_accounted)
{
	limits(5, 0, 3, 1);
	for (int n = 1; n <= 3; n++)
		CHECK_EQ(ask4(n, START), REASON_NEW);
	for (int round = 0; round < 3; round++)
		flood(1000, 500, REASON_RATE_TOTAL, START);
	CHECK_EQ(unseen, 1500 - SPENT_FLOOD);
	CHECK_EQ(budget_uses[0][BY_TOTAL].dropped, 1500);
	/* what is noted is accounted when there is more, and with the first flow of the next tick */
	CHECK(scratch.backlog.count > 0 && scratch.backlog.count < BACKLOG_SIZE);
	CHECK_EQ(ask4(2000, START + TICK), REASON_RATE_TOTAL);
	CHECK_EQ(scratch.backlog.count, 0);
	for (int n = 0; n < 500; n++) {
		CHECK(more4(1000 + n));
		CHECK_EQ(more4(1000 + n)->total, 3);
		CHECK_EQ(more4(1000 + n)->dropped, 3);
	}
}

TEST(limit_that_is_spent_is_told)
{
	limits(0, 4, 9, 1);
	for (int n = 0; n < 4; n++)
		CHECK_EQ(ask4(n, START), REASON_NEW);
	flood(1000, 200, REASON_RATE_PREFIX, START);
	CHECK_EQ(budget_uses[0][BY_PREFIX].dropped, 200);
	CHECK_EQ(budget_uses[0][BY_TOTAL].dropped, 0);
	/* those outside of the prefix have the rest of the total */
	class_of_all.prefix_rule[ROLE_OUTSIDE] = 0;
	for (int n = 0; n < 5; n++)
		CHECK_EQ(ask4(2000 + n, START), REASON_NEW);
	flood(3000, 200, REASON_RATE_TOTAL, START);
}

/* Below a flood each is asked, and accounted at once. */
TEST(few_are_asked)
{
	limits(0, 0, 1, 1);
	CHECK_EQ(ask4(1, START), REASON_NEW);
	for (int tick = 0; tick < 20; tick++)
		flood(1000, SPENT_FLOOD, REASON_RATE_TOTAL, START + tick * TICK);
	CHECK_EQ(unseen, 0);
	CHECK_EQ(more4(1000)->dropped, 20);
}

/* Whose flow was admitted lately is asked by its own limit first, and its SYN may be sent again. */
TEST(who_was_admitted_is_asked)
{
	struct pkt pkt = packet4(7);

	limits(2, 0, 3, 1);
	CHECK_EQ(ask4(7, START), REASON_NEW);
	CHECK_EQ(ask4(7, START), REASON_NEW);
	CHECK_EQ(ask4(8, START), REASON_NEW);
	flood(1000, 200, REASON_RATE_TOTAL, START);
	CHECK_EQ(ask4(7, START), REASON_RATE_SOURCE);
	resent_port = pkt.dport;
	CHECK_EQ(ask_at(&pkt, START, 0), REASON_KNOWN);
	resent_port = 0;
	/* and so it is for as long as a SYN may be sent again */
	budget_uses[0][BY_TOTAL].closed_until_ns = budgets[BY_TOTAL].tat_ns = START + 100 * SECOND;
	rules[BY_TOTAL].burst_ns = rules[BY_TOTAL].cost_ns = 200 * SECOND;
	flood(5000, 200, REASON_RATE_TOTAL, START + 8 * SECOND + SECOND / 3);
	resent_port = pkt.dport;
	CHECK_EQ(ask_at(&pkt, START + 8 * SECOND + SECOND / 3, 0), REASON_KNOWN);
}

TEST(limit_in_monitor_mode_refuses_nobody)
{
	limits(0, 0, 3, 1);
	for (int n = 0; n < 500; n++) {
		struct pkt pkt = packet4(n);

		CHECK_EQ(ask_at(&pkt, START, MONITOR(REASON_RATE_TOTAL)), n < 3 ? REASON_NEW : REASON_RATE_TOTAL);
	}
	CHECK_EQ(unseen, 0);
}

/* Whose budget is spent for long, and who was forgotten meanwhile, gets nothing of it back. */
TEST(refused_unseen_keeps_what_was_charged)
{
	__u64 later = START + 20 * SECOND;
	int admitted = 0;

	limits(100, 0, 1000, 1);
	for (int n = 0; n < 100; n++)
		CHECK_EQ(ask4(7, START), REASON_NEW);
	CHECK_EQ(ask4(7, START), REASON_RATE_SOURCE);
	budgets[BY_TOTAL].tat_ns = later + 1000 * SECOND;
	budget_uses[0][BY_TOTAL].credit = 0;
	flood(1000, 100, REASON_RATE_TOTAL, later);
	flood(7, 1, REASON_RATE_TOTAL, later);
	CHECK_EQ(unseen, 101 - SPENT_FLOOD);
	backlog_settle(&scratch.backlog);
	CHECK_EQ(more4(7)->dropped, 2);
	knobs.total_rule[ROLE_OUTSIDE] = 0;
	for (int n = 0; n < 100; n++)
		admitted += ask4(7, later) == REASON_NEW;
	CHECK_EQ(admitted, 20);
}

/* also if its seat has been taken by then */
TEST(resent_is_known_without_a_seat)
{
	struct pkt pkt = packet4(7);

	limits(5, 0, 1, 1);
	CHECK_EQ(ask_at(&pkt, START, 0), REASON_NEW);
	flood(1000, 100, REASON_RATE_TOTAL, START);
	memset(source_lines, 0, sizeof(source_lines));
	resent_port = pkt.dport;
	CHECK_EQ(ask_at(&pkt, START, 0), REASON_KNOWN);
}

/* A monitored limit of a prefix counts what it would refuse, behind a total that refuses all. */
TEST(monitored_prefix_counts_what_the_total_refuses)
{
	limits(0, 2, 4, 1);
	for (int n = 0; n < 500; n++) {
		struct pkt pkt = packet4(n);
		enum reason reason = ask_at(&pkt, START, MONITOR(REASON_RATE_PREFIX));

		CHECK_EQ(reason, n < 2 ? REASON_NEW : n < 4 ? REASON_RATE_PREFIX : REASON_RATE_TOTAL);
	}
	CHECK(unseen > 400);
	CHECK_EQ(budget_uses[0][BY_PREFIX].dropped, 498);
	CHECK_EQ(budget_uses[0][BY_TOTAL].dropped, 496);
}

/* IPv6 longer than /64: what the key is made of has to be told later, too. */
TEST(lower_half_of_a_source_is_noted)
{
	struct pkt pkt = { .family = 6, .l4_proto = 6, .saddr = { 1, 2, 3, 4 } };

	limits(0, 0, 1, 1);
	source_length6 = 128;
	for (int n = 0; n < 1000; n++) {
		pkt.saddr[3] = n % 300;
		ask_at(&pkt, START, 0);
	}
	backlog_settle(&scratch.backlog);
	pkt.saddr[3] = 77;
	CHECK(more_of(&pkt));
	CHECK_EQ(more_of(&pkt)->dropped, 4 - (77 >= 1000 % 300 && 77 >= 100));
	CHECK_EQ(more_of(&pkt)->low, source_of(&pkt, ROLE_OUTSIDE, 128, hash_key).low);
	source_length6 = 64;
}

/* One side asks all of them, the other not: who passes, and what is known of each afterwards. */
TEST(same_pass_as_if_all_were_asked)
{
	static struct { __u32 total, dropped; } known[2][5001];
	static bool passed[2][60000];
	const unsigned frames = sizeof(passed[0]) / sizeof(passed[0][0]);
	unsigned differ = 0, dropped = 0;
	__u64 from;

	random_seed();
	from = random_state;
	for (int side = 0; side < 2; side++) {
		__u64 now_ns = START;

		random_state = from;
		limits(3, 40, 60, 100);
		for (unsigned n = 0; n < frames; n++) {
			struct pkt pkt = packet4(1 + random_below(random_below(2) ? 50 : 5000));
			enum reason reason;

			now_ns += random_below(200) ? 0 : TICK;
			reason = side ? ask_at(&pkt, now_ns, 0) : admit_at(&pkt, now_ns, 0);
			passed[side][n] = reason == REASON_NEW;
			dropped += !passed[side][n];
		}
		backlog_settle(&scratch.backlog);
		for (__u32 source = 1; source <= 5000; source++) {
			const struct source_more *more = more4(source);

			if (!more)
				continue;
			known[side][source].total = more->total;
			known[side][source].dropped = more->dropped;
		}
	}
	for (unsigned n = 0; n < frames; n++)
		differ += passed[0][n] != passed[1][n];
	CHECK_SAID(!differ, "%u of %u packets were judged otherwise", differ, frames);
	CHECK_SAID(unseen > frames / 4 && dropped < 2 * frames - 200, "%lu unseen, %u of both dropped", unseen,
		   dropped);
	differ = 0;
	for (__u32 source = 1; source <= 5000; source++)
		differ += memcmp(&known[0][source], &known[1][source], sizeof(known[0][source])) != 0;
	CHECK_SAID(!differ, "of %u sources something else is known", differ);
}

/* ---- the program in the kernel ---- */

static const struct gateway_kind xdp = { "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes };
static struct gateway gateway;

static enum reason judge_syn(const char *from, unsigned port)
{
	struct gateway_answer answer;
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, from, "192.0.2.1", IPPROTO_TCP);
	craft_tcp(&c, port, 80, TCP_SYN);
	craft_finish(&c);
	CHECK(gateway_judge(&gateway, c.byte, c.size, &answer));
	CHECK_EQ(answer.verdict, answer.reason >= REASON_DROP_FIRST ? XDP_DROP : XDP_PASS);
	return answer.reason;
}

/* Refused flows of all sources that came at least twice. */
static unsigned long dropped_of_all(void)
{
	int source = gateway_map(&gateway, MAP_SOURCE), mores = gateway_map(&gateway, MAP_SOURCE_MORE);
	unsigned long sum = 0;

	for (__u32 i = 0; i < GATEWAY_LINES * SOURCE_WAYS; i++) {
		__u32 line_number = i / SOURCE_WAYS;
		struct source_line line;
		struct source_more more;

		CHECK(!bpf_map_lookup_elem(source, &line_number, &line));
		CHECK(!bpf_map_lookup_elem(mores, &i, &more));
		if (line.way[i % SOURCE_WAYS].word & SEAT_MORE)
			sum += more.dropped;
	}
	return sum;
}

TEST(program_refuses_strangers_and_knows_what_is_sent_again)
{
	const unsigned strangers = 100;
	struct fail fail = {};
	char from[20];

	if (geteuid())
		SKIP("needs root");
	CHECK(!gateway_open(&gateway, &xdp, attach_probe(), true));
	gateway_at(&gateway, START);
	CHECK_SAID(!gateway_policy(&gateway, "mode enforce; limit new-flows { total 1/hour burst 2 }\n"
				   "interface wan0 { role outside }\n", &fail), "%s", fail.what);
	gateway_at(&gateway, START + SECOND);
	CHECK_EQ(judge_syn("25.0.0.1", 1000), REASON_NEW);
	CHECK_EQ(judge_syn("25.0.0.2", 1000), REASON_NEW);
	for (unsigned n = 0; n < 2 * strangers; n++) {
		snprintf(from, sizeof(from), "26.0.0.%u", 1 + n % strangers);
		CHECK_EQ(judge_syn(from, 1000 + n), REASON_RATE_TOTAL);
	}
	CHECK(gateway_told(&gateway).spent);
	CHECK(gateway_told(&gateway).sought);	/* or a packet of a known flow would take the long way now */
	CHECK_EQ(judge_syn("25.0.0.1", 1000), REASON_KNOWN);
	CHECK_EQ(judge_syn("25.0.0.1", 1001), REASON_RATE_TOTAL);
	CHECK(dropped_of_all() < 2 * strangers);	/* some are noted, and no more than that */
	gateway_at(&gateway, START + SECOND + TICK);
	CHECK_EQ(judge_syn("27.0.0.1", 1000), REASON_RATE_TOTAL);
	CHECK_EQ(dropped_of_all(), 2 * strangers + 1);
	gateway_close(&gateway);
}

int main(void)
{
	return test_main();
}
