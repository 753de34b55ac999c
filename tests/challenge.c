// SPDX-License-Identifier: GPL-2.0-only
/* Challenges in the whole program: who is asked, when, and what counts as an answer. */
#include "challenged.h"

#define ENGAGE	"engage above 1000/second unproven"
#define WAIT	"mode enforce; challenge { syn retransmit; " ENGAGE " }"

static const struct client honest = { "41.1.2.3", 40000, 0x11223344 };

TEST(calm_lets_strangers_in)
{
	fresh(WAIT);
	CHECK_EQ(syn(honest), REASON_NEW);
	for (int i = 1; i < 1000; i++) {	/* 900 a second */
		at_ms(i * 10 / 9);
		CHECK_EQ(flood(1), 1);
	}
}

TEST(flood_is_noticed)
{
	fresh(WAIT);
	/* 20 ms worth of SYNs, and a batch that each CPU may hold */
	CHECK_SAID(flood(10000) <= 21U + libbpf_num_possible_cpus(), "%s", "too many passed");
	CHECK_EQ(syn(honest), REASON_CHALLENGED);
}

TEST(retransmission_is_admitted)
{
	struct client again = honest;

	fresh(WAIT);
	flood(1000);
	CHECK_EQ(syn(honest), REASON_CHALLENGED);
	at_ms(10);
	CHECK_EQ(syn(honest), REASON_CHALLENGED);	/* a copy made by the network */
	again.seq++;
	at_ms(1000);
	CHECK_EQ(syn(again), REASON_CHALLENGED);	/* another SYN */
	again = honest;
	again.port++;
	CHECK_EQ(syn(again), REASON_CHALLENGED);	/* another flow */
	CHECK_EQ(syn(honest), REASON_NEW);
	again.port++;
	CHECK_EQ(syn(again), REASON_NEW);		/* the source is proven now */
	CHECK_EQ(syn((struct client){ "41.1.2.4", 40000, 1 }), REASON_CHALLENGED);
}

/* The wait of a stack: true if its second SYN is admitted */
static bool after_ms(__u64 ms)
{
	static __u32 number;
	struct client client = { "42.1.1.1", 2000, ++number };
	__u64 begin_ms = 20000ULL * number;
	char from[32];

	snprintf(from, sizeof(from), "42.1.%u.%u", number / 256, number % 256);
	client.from = from;
	at_ms(begin_ms);
	flood(200);
	CHECK_EQ(syn(client), REASON_CHALLENGED);
	at_ms(begin_ms + ms);
	flood(200);
	return syn(client) == REASON_NEW;
}

TEST(only_times_that_stacks_use)
{
	fresh(WAIT);
	CHECK(!after_ms(0));
	CHECK(!after_ms(600));
	CHECK(after_ms(800));
	CHECK(after_ms(1000));
	CHECK(after_ms(3000));
	CHECK(after_ms(7000));
	CHECK(after_ms(15000));
	CHECK(!after_ms(16900));
}

TEST(proof_ends)
{
	struct client again = honest;

	fresh(WAIT);
	flood(1000);
	syn(honest);
	at_ms(1000);
	CHECK_EQ(syn(honest), REASON_NEW);
	again.seq++, again.port++;
	at_ms(60000);
	flood(1000);
	CHECK_EQ(syn(again), REASON_NEW);
	at_ms(1000 + 140000);
	flood(1000);
	again.port++;
	CHECK_EQ(syn(again), REASON_CHALLENGED);
}

TEST(played_a_third_time_it_waits_again)
{
	struct client client = honest;

	fresh(WAIT);
	flood(1000);
	syn(client);
	at_ms(1000);
	CHECK_EQ(syn(client), REASON_NEW);
	at_ms(160000);		/* the proof has ended */
	flood(1000);
	CHECK_EQ(syn(client), REASON_CHALLENGED);
	at_ms(161000);
	CHECK_EQ(syn(client), REASON_NEW);
}

TEST(the_trusted_are_not_asked)
{
	fresh("trusted { 41.1.0.0/16 }\n" WAIT);
	flood(1000);
	CHECK_EQ(syn(honest), REASON_TRUSTED);
	CHECK_EQ(syn((struct client){ "41.2.2.3", 40000, 1 }), REASON_CHALLENGED);
}

TEST(inside_is_not_asked)
{
	fresh(WAIT);
	flood(1000);
	role(ROLE_INSIDE);
	CHECK_EQ(syn(honest), REASON_NEW);
	role(ROLE_OUTSIDE);
	CHECK_EQ(syn((struct client){ honest.from, 40001, 1 }), REASON_CHALLENGED);
}

TEST(nothing_but_a_syn_is_asked)
{
	struct craft c = {};

	fresh(WAIT);
	flood(1000);
	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, honest.from, "25.0.0.1", IPPROTO_UDP);
	craft_udp(&c, 1000, 53);
	craft_finish(&c);
	CHECK_EQ(judged(&c), REASON_NEW);
	c = syn_frame(honest, TCP_ACK, NULL);
	CHECK(judged(&c) != REASON_CHALLENGED);
	/* one that offers ECN is a SYN */
	c = syn_frame((struct client){ honest.from, 40001, 1 }, TCP_SYN | TCP_ECE | TCP_CWR, NULL);
	CHECK_EQ(judged(&c), REASON_CHALLENGED);
}

TEST(without_a_challenge_nobody_is_asked)
{
	fresh("mode enforce");
	CHECK_EQ(flood(5000), 5000);
}

TEST(monitor_counts_and_passes)
{
	fresh("mode monitor; challenge { syn retransmit; " ENGAGE " }");
	CHECK_EQ(flood(1000), 1000);
	CHECK_EQ(syn(honest), REASON_CHALLENGED);
	CHECK(answer.would);
}

/* Floods at so many SYNs a second for so long, in steps of 10 ms; ends at *ms. */
static void flood_for(__u64 *ms, unsigned int rate, unsigned int duration_ms)
{
	for (unsigned int i = 0; i < duration_ms; i += 10, *ms += 10) {
		at_ms(*ms);
		flood(rate / 100);
	}
}

static bool is_engaged(void)
{
	static __u32 number;
	char from[32];

	number++;
	snprintf(from, sizeof(from), "43.7.%u.%u", number / 256, number % 256);
	return syn((struct client){ from, 1, number }) == REASON_CHALLENGED;
}

TEST(hysteresis)
{
	__u64 ms = 0;

	fresh(WAIT);
	flood_for(&ms, 900, 3000);
	CHECK(!is_engaged());
	flood_for(&ms, 3000, 1000);
	CHECK(is_engaged());
	flood_for(&ms, 700, 25000);	/* below the rate, but above half of it */
	CHECK(is_engaged());
	flood_for(&ms, 300, 8000);
	CHECK(is_engaged());		/* not long enough */
	flood_for(&ms, 300, 3000);
	CHECK(!is_engaged());		/* off by itself */
	flood_for(&ms, 900, 3000);
	CHECK(!is_engaged());
	flood_for(&ms, 3000, 1000);
	CHECK(is_engaged());
}

TEST(pressure_engages)
{
	fresh("mode enforce; challenge { syn retransmit }");
	CHECK_EQ(flood(5000), 5000);	/* no rate was given */
	press(PRESSURE_TIGHT, 0);
	CHECK(is_engaged());
	press(PRESSURE_CALM, 0);
	CHECK(!is_engaged());
	press(PRESSURE_FULL, 0);
	CHECK(is_engaged());
	at_ms(2500);		/* whoever watches has died */
	CHECK(!is_engaged());
	press(PRESSURE_TIGHT, 2504);	/* by a clock that is a tick ahead */
	CHECK(is_engaged());
	policy(WAIT);
	CHECK(is_engaged());
}

TEST(ipv6_is_asked_by_its_prefix)
{
	struct client client = { "2001:470:1:2::5", 4000, 77 };

	fresh(WAIT);
	flood(1000);
	CHECK_EQ(syn(client), REASON_CHALLENGED);
	at_ms(1000);
	CHECK_EQ(syn(client), REASON_NEW);
	client.from = "2001:470:1:2::6";
	CHECK_EQ(syn(client), REASON_NEW);
	client.from = "2001:470:1:3::6";
	CHECK_EQ(syn(client), REASON_CHALLENGED);
}

TEST(spoofed_syns_do_not_get_through)
{
	unsigned int passed = 0, sent = 0;

	fresh(WAIT);
	flood(1000);
	for (__u64 ms = 1; ms < 3000; ms += 10, sent += 1000) {
		at_ms(ms);
		passed += flood(1000);
	}
	printf("# %u of %u spoofed SYNs passed\n", passed, sent);
	CHECK(passed <= sent / 10000);
}

TEST(a_flood_does_not_push_the_proven_out)
{
	char from[32];
	unsigned int still = 0;

	fresh(WAIT);
	flood(1000);
	for (int ms = 0; ms <= 1000; ms += 1000) {
		at_ms(ms);
		for (int i = 0; i < 200; i++) {
			snprintf(from, sizeof(from), "44.0.0.%d", i);
			syn((struct client){ from, 1, i });
		}
	}
	at_ms(2000);
	flood(200000);
	for (int i = 0; i < 200; i++) {
		snprintf(from, sizeof(from), "44.0.0.%d", i);
		still += syn((struct client){ from, 2, i }) == REASON_NEW;
	}
	CHECK_EQ(still, 200);
}

TEST(who_plays_each_syn_twice_is_held_by_budgets)
{
	struct craft c = syn_frame((struct client){ "40.0.0.1", 1024, 1 }, TCP_SYN, NULL);
	__u64 first = seed;
	unsigned int passed[2] = {};

	fresh("limit new-flows { total 500/second }\n" WAIT);
	at_ms(0);
	flood(1000);
	for (int round = 0; round < 2; round++) {
		first = round ? first : seed;
		seed = first;
		for (int i = 0; i < 10000; i++) {
			if (i % 100 == 0)
				at_ms(1000 + round * 1000 + i / 100);
			spoof(&c);
			passed[round] += gateway_send(&gateway, c.byte, c.size) == XDP_PASS;
		}
	}
	CHECK_EQ(passed[0], 0);
	/* nearly all are taken for retransmissions, and 500 a second are admitted */
	CHECK(counted(REASON_RATE_TOTAL) > 5000);
	CHECK_SAID(passed[1] <= 500 / 10 + 500 + 4, "%u", passed[1]);
	CHECK(passed[1] > 0);
}

int main(void)
{
	return challenged_main("challenge");
}
