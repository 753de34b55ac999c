// SPDX-License-Identifier: GPL-2.0-only
/* Limits together: all of them are charged for a flow, or none. */
#include "test.h"
#include "admission.h"

#define MONITOR(reason) (1ULL << ((reason) - 64))

enum { BY_SOURCE = 1, BY_AGGREGATE, BY_PREFIX, BY_DESTINATION, BY_TOTAL };

/* Limits of so many flows that never come back within a test. 0: no such limit. */
static void limits(__u64 source, __u64 aggregate, __u64 prefix, __u64 destination, __u64 total)
{
	__u64 burst[] = { 0, source, aggregate, prefix, destination, total };

	start(source + 10 * total);
	for (int i = BY_SOURCE; i <= BY_TOTAL; i++)
		if (burst[i])
			set_rule(i, 1, burst[i]);
	class_of_all.source_rule[ROLE_OUTSIDE] = source ? BY_SOURCE : 0;
	class_of_all.aggregate_rule[ROLE_OUTSIDE] = aggregate ? BY_AGGREGATE : 0;
	class_of_all.prefix_rule[ROLE_OUTSIDE] = prefix ? BY_PREFIX : 0;
	knobs.destination_rule[ROLE_OUTSIDE] = destination ? BY_DESTINATION : 0;
	knobs.total_rule[ROLE_OUTSIDE] = total ? BY_TOTAL : 0;
}

static int admitted(__u32 source, int flows, enum reason refusal, __u64 monitor)
{
	struct pkt pkt = packet4(source);
	int new = 0;

	for (int i = 0; i < flows; i++) {
		enum reason reason = admit_at(&pkt, START, monitor);

		CHECK(reason == REASON_NEW || reason == refusal);
		new += reason == REASON_NEW;
	}
	return new;
}

TEST(nothing_said_admits_all)
{
	limits(0, 0, 0, 0, 0);
	CHECK_EQ(admitted(1, 1000, REASON_NEW, 0), 1000);
}

TEST(each_limit_refuses_by_its_name)
{
	limits(5, 0, 0, 0, 0);
	CHECK_EQ(admitted(1, 20, REASON_RATE_SOURCE, 0), 5);
	CHECK_EQ(admitted(2, 20, REASON_RATE_SOURCE, 0), 5);
	limits(0, 5, 0, 0, 0);
	CHECK_EQ(admitted(bpf_htonl(0x0a000001), 3, REASON_RATE_PREFIX, 0), 3);
	CHECK_EQ(admitted(bpf_htonl(0x0a0000ff), 20, REASON_RATE_PREFIX, 0), 2);
	CHECK_EQ(admitted(bpf_htonl(0x0a000101), 20, REASON_RATE_PREFIX, 0), 5);
	limits(0, 0, 5, 0, 0);
	CHECK_EQ(admitted(1, 20, REASON_RATE_PREFIX, 0), 5);
	limits(0, 0, 0, 5, 0);
	CHECK_EQ(admitted(1, 20, REASON_RATE_DESTINATION, 0), 5);
	limits(0, 0, 0, 0, 5);
	CHECK_EQ(admitted(1, 20, REASON_RATE_TOTAL, 0), 5);
}

TEST(destination_is_address_port_and_protocol)
{
	struct pkt pkt = packet4(1), other[3] = { pkt, pkt, pkt };

	limits(0, 0, 0, 1, 0);
	other[0].dport ^= 1;
	other[1].l4_proto = 17;
	other[2].daddr[0] ^= 1;
	CHECK_EQ(admit_at(&pkt, START, 0), REASON_NEW);
	CHECK_EQ(admit_at(&pkt, START, 0), REASON_RATE_DESTINATION);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(admit_at(&other[i], START, 0), REASON_NEW);
}

/* The guard of source ports: from inside alone, for either family, each destination by itself. */
TEST(destinations_from_inside_are_guarded)
{
	for (__u8 family = 4; family <= 6; family += 2) {
		struct pkt pkt = { .family = family, .l4_proto = 17, .dport = 53, .daddr = { 1, 2, 3, 4 } };
		struct admit_input in = { .head = &head, .knobs = &knobs, .source = &class_of_all,
					  .now_ns = START, .role = ROLE_INSIDE };
		struct admission admission = {};

		limits(0, 0, 0, 0, 0);
		set_rule(BY_DESTINATION, 1, 100);
		knobs.destination_rule[ROLE_INSIDE] = BY_DESTINATION;
		for (int i = 0; i < 500; i++) {
			pkt.saddr[0] = draw();
			CHECK_EQ(admit(&pkt, &in, &admission),
				 i < 100 ? REASON_NEW : REASON_RATE_DESTINATION);
		}
		pkt.daddr[family == 6 ? 3 : 0] ^= 1;
		CHECK_EQ(admit(&pkt, &in, &admission), REASON_NEW);
		pkt.daddr[family == 6 ? 3 : 0] ^= 1;
		in.role = ROLE_OUTSIDE;
		for (int i = 0; i < 500; i++)
			CHECK_EQ(admit(&pkt, &in, &admission), REASON_NEW);
	}
}

/* What the total refuses does not eat the source's budget, nor any other's. */
TEST(refusal_charges_nobody)
{
	limits(10, 20, 30, 40, 5);
	CHECK_EQ(admitted(1, 1000, REASON_RATE_TOTAL, 0), 5);
	knobs.total_rule[ROLE_OUTSIDE] = 0;
	CHECK_EQ(admitted(1, 1000, REASON_RATE_SOURCE, 0), 5);
	class_of_all.source_rule[ROLE_OUTSIDE] = 0;
	CHECK_EQ(admitted(1, 1000, REASON_RATE_PREFIX, 0), 10);
	class_of_all.aggregate_rule[ROLE_OUTSIDE] = 0;
	CHECK_EQ(admitted(1, 1000, REASON_RATE_PREFIX, 0), 10);
	class_of_all.prefix_rule[ROLE_OUTSIDE] = 0;
	CHECK_EQ(admitted(1, 1000, REASON_RATE_DESTINATION, 0), 10);
}

/* and the other way round: a source over its limit does not eat the total */
TEST(source_over_its_limit_leaves_the_total)
{
	limits(5, 0, 0, 0, 12);
	CHECK_EQ(admitted(1, 1000, REASON_RATE_SOURCE, 0), 5);
	CHECK_EQ(admitted(2, 1000, REASON_RATE_SOURCE, 0), 5);
	CHECK_EQ(admitted(3, 1000, REASON_RATE_TOTAL, 0), 2);
}

TEST(monitoring_counts_what_enforcing_would)
{
	limits(5, 0, 0, 0, 12);
	CHECK_EQ(admitted(1, 1000, REASON_RATE_SOURCE, ~0ULL), 5);
	CHECK_EQ(admitted(2, 1000, REASON_RATE_SOURCE, ~0ULL), 5);
	CHECK_EQ(admitted(3, 4, REASON_RATE_TOTAL, ~0ULL), 2);
}

/* A monitored limit lets the packet through to those in force, which hold and are charged. */
TEST(limit_in_force_holds_behind_a_monitored_one)
{
	struct pkt pkt = packet4(1);
	int would = 0, refused = 0;

	limits(5, 0, 0, 0, 12);
	for (int i = 0; i < 100; i++) {
		enum reason reason = admit_at(&pkt, START, MONITOR(REASON_RATE_SOURCE));

		would += reason == REASON_RATE_SOURCE;
		refused += reason == REASON_RATE_TOTAL;
	}
	CHECK_EQ(would, 7);
	CHECK_EQ(refused, 88);
}

TEST(check_that_is_off_is_not_asked)
{
	limits(5, 0, 0, 0, 0);
	knobs.off[1] = MONITOR(REASON_RATE_SOURCE);
	CHECK_EQ(admitted(1, 100, REASON_NEW, 0), 100);
}

TEST(refused_flows_are_accounted)
{
	limits(5, 0, 0, 0, 0);
	admitted(1, 100, REASON_RATE_SOURCE, 0);
	CHECK(more4(1));
	CHECK_EQ(more4(1)->total, 100);
	CHECK_EQ(more4(1)->dropped, 95);
}

/* also the very first one, which has no numbers of its own yet */
TEST(first_refusal_is_accounted)
{
	limits(0, 0, 0, 0, 1);
	CHECK_EQ(admitted(1, 1, REASON_NEW, 0), 1);
	CHECK_EQ(admitted(2, 3, REASON_RATE_TOTAL, 0), 0);
	CHECK(more4(2));
	CHECK_EQ(more4(2)->total, 3);
	CHECK_EQ(more4(2)->dropped, 3);
	admitted(1, 1, REASON_RATE_TOTAL, 0);
	CHECK_EQ(more4(1)->dropped, 1);
}

/* What is sent again was charged before: it passes, over all limits, and leaves no trace. */
TEST(resent_is_known_and_costs_nothing)
{
	struct pkt pkt = packet4(1), other = packet4(1);

	limits(5, 0, 0, 0, 3);
	CHECK_EQ(admit_at(&pkt, START, 0), REASON_NEW);
	resent_port = pkt.dport;
	other.dport ^= 1;
	for (int i = 0; i < 100; i++)
		CHECK_EQ(admit_at(&pkt, START, 0), REASON_KNOWN);
	CHECK(!more4(1));
	for (int i = 0; i < 2; i++)
		CHECK_EQ(admit_at(&other, START, 0), REASON_NEW);
	CHECK_EQ(admit_at(&other, START, 0), REASON_RATE_TOTAL);
	CHECK_EQ(admit_at(&pkt, START, 0), REASON_KNOWN);
	CHECK_EQ(more4(1)->total, 4);
}

/* Nobody looks whether a stranger sent it before, admitted or refused. */
TEST(stranger_costs_no_look_at_the_flows)
{
	limits(5, 0, 0, 0, 3);
	for (__u32 source = 1; source <= 100; source++)
		CHECK_EQ(admit4(source, START), source <= 3 ? REASON_NEW : REASON_RATE_TOTAL);
	CHECK_EQ(resent_asked, 0);
	admit4(1, START);
	CHECK_EQ(resent_asked, 1);
}

/* A source that got no seat may have been here all the same. */
TEST(resent_without_a_seat_is_known)
{
	struct source_line full = { 0 };

	limits(5, 0, 0, 0, 3);
	for (__u32 way = 0; way < SOURCE_WAYS; way++)
		full.way[way] = (struct source_hot){ .key = 1000 + way, .word = START | SEAT_AGAIN };
	for (__u32 line = 0; line < LINES; line++)
		source_lines[line] = full;
	resent_port = packet4(1).dport;
	CHECK_EQ(admit4(1, START), REASON_KNOWN);
}

/* Per source rates under a coarse clock, against the plain count. */
TEST(source_rate_is_exact)
{
	static const __u64 rate[] = { 1, 10, 200, 5000, 100000 };
	static const __u64 tick_ms[] = { 1, 4, 10 };

	for (size_t i = 0; i < sizeof(rate) / sizeof(*rate); i++)
		for (size_t t = 0; t < 3; t++) {
			__u64 tick = tick_ms[t] * 1000000, step = SECOND / (rate[i] * 4), got = 0;
			__u64 most = rate[i] * 10 + 1 + TICK_NS / (SECOND / rate[i]);

			limits(1, 0, 0, 0, 0);
			set_rule(BY_SOURCE, rate[i], 1);
			for (__u64 at = 0; at < 10 * SECOND; at += step)
				got += admit4(9, START + at - at % tick) == REASON_NEW;
			CHECK_SAID(got * 100 >= rate[i] * 10 * 95 && got <= most,
				   "%llu/s tick %llu ms: %llu in 10 s", rate[i], tick_ms[t], got);
		}
}

int main(void)
{
	return test_main();
}
