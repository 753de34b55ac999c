// SPDX-License-Identifier: GPL-2.0-only
/* New flows while conntrack's table fills up: paced, spared and refused, against plain counts. */
#include "test.h"
#include "admission.h"

#define PACED(unproven, proven) SECOND / (unproven), (proven) ? SECOND / (proven) : 0

static void press(__u32 level, __u64 admit_cost_ns, __u64 proven_cost_ns)
{
	pressure = (struct pressure_now){
		.level = level, .beat_ns = START, .admit_cost_ns = admit_cost_ns,
		.proven_cost_ns = proven_cost_ns,
	};
}

/* Ten seconds of 1000 flows a second from random sources: how many get in. */
static int let_in(enum reason refusal, __u64 monitor)
{
	int new = 0;

	for (__u64 at = 0; at < 10 * SECOND; at += SECOND / 1000) {
		struct pkt pkt = packet4(draw());
		enum reason reason;

		pressure.beat_ns = START + at - at % (SECOND / 20);
		reason = admit_at(&pkt, START + at - at % 4000000, monitor);
		CHECK(reason == REASON_NEW || reason == refusal);
		new += reason == REASON_NEW;
	}
	return new;
}

static bool about(int got, int wanted, int burst)
{
	return got >= wanted * 95 / 100 && got <= wanted + burst;
}

TEST(calm_paces_nothing)
{
	start(1);
	press(PRESSURE_CALM, PACED(1, 1));
	CHECK_EQ(let_in(REASON_NEW, 0), 10000);
}

TEST(pace_is_kept)
{
	static const int rate[] = { 1, 7, 50, 400 };
	int got;

	for (size_t i = 0; i < sizeof(rate) / sizeof(*rate); i++) {
		start(2);
		press(PRESSURE_TIGHT, PACED(rate[i], 0));
		got = let_in(REASON_PRESSURE, 0);
		/* a tenth of a second may come at once, and two flows as the budget has them */
		CHECK_SAID(about(got, 10 * rate[i], rate[i] / 10 + 3), "%d/s: %d", rate[i], got);
	}
}

TEST(stale_beat_paces_nothing)
{
	start(3);
	press(PRESSURE_FULL, PACED(1, 1));
	pressure.reserved_only = 1;
	CHECK_EQ(admit4(1, START + PRESSURE_STALE_NS - 1), REASON_RESERVE);
	CHECK_EQ(admit4(1, START + PRESSURE_STALE_NS), REASON_NEW);
	/* a clock that is a tick behind the daemon's does not make a beat stale */
	CHECK_EQ(admit4(1, START - 10000000), REASON_RESERVE);
}

/* Strangers spend a budget of their own: what they are refused is still there for the proven. */
TEST(proven_have_a_budget_of_their_own)
{
	int got;

	start(4);
	press(PRESSURE_TIGHT, PACED(5, 0));
	got = let_in(REASON_PRESSURE, 0);
	CHECK(got < 60);
	all_proven = true;
	CHECK_EQ(let_in(REASON_NEW, 0), 10000);
	start(5);
	press(PRESSURE_FULL, PACED(5, 100));
	let_in(REASON_PRESSURE, 0);
	all_proven = true;
	got = let_in(REASON_PRESSURE, 0);
	CHECK_SAID(about(got, 1000, 15), "%d", got);
}

TEST(pace_that_is_monitored_refuses_nothing)
{
	int would = 0;

	start(6);
	press(PRESSURE_TIGHT, PACED(5, 0));
	for (int i = 0; i < 1000; i++)
		would += admit4(draw(), START) == REASON_PRESSURE;
	CHECK(would > 990);
	start(6);
	press(PRESSURE_TIGHT, PACED(5, 0));
	for (int i = 0; i < 1000; i++) {
		struct pkt pkt = packet4(draw());
		enum reason reason = admit_at(&pkt, START, 1ULL << (REASON_PRESSURE - 64));

		CHECK(reason == REASON_NEW || reason == REASON_PRESSURE);
		would -= reason == REASON_PRESSURE;
	}
	CHECK_EQ(would, 0);
}

/* What pressure refuses is charged to no limit, and what a limit refuses not to pressure. */
TEST(refusal_charges_nobody)
{
	int new = 0;

	start(7);
	set_rule(1, 1, 10);
	class_of_all.source_rule[ROLE_OUTSIDE] = 1;
	press(PRESSURE_TIGHT, PACED(1, 0));
	for (int i = 0; i < 1000; i++)
		new += admit4(9, START) == REASON_NEW;
	CHECK_EQ(new, 1);
	pressure.level = PRESSURE_CALM;
	for (int i = 0; i < 1000; i++)
		new += admit4(9, START) == REASON_NEW;
	CHECK_EQ(new, 10);
	pressure.level = PRESSURE_TIGHT;
	pressure.admit_cost_ns = SECOND / 100;
	CHECK_EQ(admit4(9, START + SECOND / 2), REASON_RATE_SOURCE);
	CHECK_EQ(budget_uses[0][RULES].admitted, 1);
}

/* Against the plain reading of each rule: protocol, ports, and the bit of the source. */
TEST(spared_is_what_is_reserved)
{
	int spared = 0;

	start(8);
	press(PRESSURE_FULL, PACED(1, 1));
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < RESERVE_SERVICES; i++) {
			reserve.first[i] = draw() % 4 ? draw() % 20 : 0;
			reserve.last[i] = draw() % 4 ? reserve.first[i] + draw() % 10 : 65535;
			reserve.protocol[i] = draw() % 3 ? 6 + draw() % 2 * 11 : 0;
		}
		for (int i = 0; i < 100; i++) {
			__u16 own = draw() & draw(), port = draw() % 30;
			struct pkt pkt = packet4(1);
			bool wanted = false, got;

			pkt.l4_proto = draw() % 2 ? 6 : 17;
			pkt.dport = bpf_htons(port);
			for (int n = 0; n < RESERVE_SERVICES; n++)
				wanted |= own >> n & 1 && port >= reserve.first[n] &&
					  port <= reserve.last[n] &&
					  (!reserve.protocol[n] || reserve.protocol[n] == pkt.l4_proto);
			got = pressure_spares(&reserve, own, &pkt);
			CHECK_EQ(got, wanted);
			spared += got;
		}
	}
	CHECK(spared > 1000 && spared < 19000);
}

TEST(last_share_is_for_what_it_is_reserved_for)
{
	struct pkt ssh = packet4(1);

	start(9);
	press(PRESSURE_FULL, PACED(1000000, 1000000));
	pressure.reserved_only = 1;
	reserve.first[3] = reserve.last[3] = 22;
	reserve.protocol[3] = 6;
	ssh.dport = bpf_htons(22);
	all_proven = true;
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(admit_at(&ssh, START, 0), REASON_RESERVE);
		CHECK_EQ(admit4(1, START), REASON_RESERVE);
	}
	class_of_all.reserve = 1 << 3;
	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(admit_at(&ssh, START, 0), REASON_NEW);
		CHECK_EQ(admit4(1, START), REASON_RESERVE);
	}
	knobs.off[1] = 1ULL << (REASON_RESERVE - 64);
	CHECK_EQ(admit4(1, START), REASON_NEW);
}

int main(void)
{
	return test_main();
}
