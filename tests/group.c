// SPDX-License-Identifier: GPL-2.0-only
/*
 * What user space makes of the table of aggregates and destinations: who sits there, and how fast
 * the busiest one opens flows. The datapath's own code takes the seats and charges them.
 */
#include <arpa/inet.h>
#include "test.h"
#include "admission.h"
#include "busiest.h"
#include "group.h"

enum { BY_GROUP = 1 };

static enum reason admit_from(const struct pkt *pkt, __u8 role, __u64 now_ns)
{
	struct admit_input in = { .head = &head, .knobs = &knobs, .source = &class_of_all,
				  .now_ns = now_ns, .role = role };
	struct admission admission = {};

	return admit(pkt, &in, &admission);
}

/* Begins anew with one limit of both roles, per aggregate or per destination. */
static void begin(__u64 with, bool destination, __u64 rate, __u64 burst)
{
	start(with);
	set_rule(BY_GROUP, rate, burst);
	for (int role = 0; role < ROLE_COUNT; role++) {
		class_of_all.aggregate_rule[role] = destination ? 0 : BY_GROUP;
		knobs.destination_rule[role] = destination ? BY_GROUP : 0;
	}
}

/* The one seat of the table that is taken, or NULL if there are more or none. */
static const struct source_hot *only_seat(void)
{
	const struct source_hot *found = NULL;
	int count = 0;

	for (size_t i = 0; i < (size_t)LINES * SOURCE_WAYS; i++) {
		const struct source_hot *hot = &group_lines[i / SOURCE_WAYS].way[i % SOURCE_WAYS];

		if (!hot->word)
			continue;
		found = hot;
		count++;
	}
	return count == 1 ? found : NULL;
}

/* Of a random packet of that family and role. */
static bool seated(struct pkt *pkt, __u8 family, __u8 role, struct group_row *row)
{
	const struct source_hot *hot;

	memset(group_lines, 0, sizeof(group_lines));
	*pkt = (struct pkt){ .family = family, .l4_proto = draw(), .dport = draw() };
	for (int word = 0; word < (family == 6 ? 4 : 1); word++) {
		pkt->saddr[word] = draw();
		pkt->daddr[word] = draw();
	}
	CHECK_EQ(admit_from(pkt, role, START), REASON_NEW);
	hot = only_seat();
	CHECK(hot);
	return hot && group_read(hot, row);
}

TEST(aggregate_is_told_as_its_prefix)
{
	begin(31, false, 1, 5);
	for (int i = 0; i < 400; i++) {
		__u8 family = i & 1 ? 6 : 4, role = i >> 1 & 1;
		struct prefix wanted = { .family = family, .length = family == 6 ? 48 : 24 };
		struct group_row row;
		struct pkt pkt;

		CHECK(seated(&pkt, family, role, &row));
		memcpy(wanted.addr, pkt.saddr, wanted.length / 8);
		CHECK(!row.destination);
		CHECK_EQ(row.role, role);
		CHECK(!prefix_compare(&row.prefix, &wanted));
	}
}

TEST(destination_is_told_as_it_is)
{
	begin(32, true, 1, 5);
	for (int i = 0; i < 400; i++) {
		struct prefix wanted = { .family = 4, .length = 32 };
		struct group_row row;
		struct pkt pkt;

		CHECK(seated(&pkt, 4, i & 1, &row));
		memcpy(wanted.addr, pkt.daddr, 4);
		CHECK(row.destination);
		CHECK_EQ(row.role, i & 1);
		CHECK(!prefix_compare(&row.prefix, &wanted));
		CHECK_EQ(row.protocol, pkt.l4_proto);
		CHECK_EQ(row.port, ntohs(pkt.dport));
	}
}

TEST(ipv6_destination_is_not_told)
{
	begin(33, true, 1, 5);
	for (int i = 0; i < 400; i++) {
		struct group_row row;
		struct pkt pkt;

		CHECK(seated(&pkt, 6, i & 1, &row));
		CHECK(row.destination);
		CHECK_EQ(row.role, i & 1);
		CHECK_EQ(row.prefix.family, 0);
		CHECK_EQ(row.protocol, 0);
		CHECK_EQ(row.port, 0);
	}
}

TEST(free_seat_is_nobody)
{
	struct group_row row;

	CHECK(!group_read(&(struct source_hot){ .key = 5 }, &row));
}

TEST(groups_in_words)
{
	struct group_row row = { .prefix = { .family = 4, .length = 24, .addr = { 192, 0, 2 } } };
	char text[GROUP_TEXT];

	CHECK_STR(group_print(&row, text, sizeof(text)), "192.0.2.0/24");
	row = (struct group_row){ .destination = true, .protocol = 6, .port = 80,
				  .prefix = { .family = 4, .length = 32, .addr = { 192, 0, 2, 1 } } };
	CHECK_STR(group_print(&row, text, sizeof(text)), "192.0.2.1 tcp port 80");
	row.protocol = 253;
	row.port = 0;
	CHECK_STR(group_print(&row, text, sizeof(text)), "192.0.2.1 proto 253");
	row.prefix = (struct prefix){};
	CHECK_STR(group_print(&row, text, sizeof(text)), "an IPv6 destination");
}

/* ---- the busiest one: flows and looks by one coarse clock ---- */

static __u64 time_ns, tick_ns;

static __u64 clock_ns(void)
{
	return time_ns - time_ns % tick_ns;
}

static struct pkt to_port(__u16 port)
{
	struct pkt pkt = packet4(7);

	pkt.dport = htons(port);
	return pkt;
}

static bool opens(__u16 port)
{
	struct pkt pkt = to_port(port);

	return admit_from(&pkt, ROLE_OUTSIDE, clock_ns()) == REASON_NEW;
}

static void offer_all(struct busiest *busiest)
{
	*busiest = (struct busiest){ .pace = pace_of(&rules[BY_GROUP]) };
	for (size_t i = 0; i < (size_t)LINES * SOURCE_WAYS; i++) {
		const struct source_hot *hot = &group_lines[i / SOURCE_WAYS].way[i % SOURCE_WAYS];

		if (!busiest_idle(hot, clock_ns()))
			busiest_offer(busiest, hot, clock_ns());
	}
	busiest_look(busiest, clock_ns);
}

static __u16 port_of(const struct busiest_seat *seat)
{
	struct group_row row = {};

	CHECK(seat && group_read(&seat->seen, &row));
	return row.port;
}

/* Flows to one port come at a rate for a second, and are looked at all the while for another. */
static __u64 watched(__u64 rate, struct busiest *busiest)
{
	__u64 step_ns = SECOND / rate, look_ns = tick_ns / BUSIEST_LOOKS;
	__u64 next_ns = START + SECOND, admitted = 0;

	for (time_ns = START; time_ns < START + SECOND; time_ns += step_ns)
		opens(80);
	offer_all(busiest);
	for (; time_ns < START + 2 * SECOND; time_ns += step_ns) {
		admitted += opens(80);
		for (; next_ns <= time_ns; next_ns += look_ns)
			busiest_look(busiest, clock_ns);
	}
	busiest_look(busiest, clock_ns);
	return admitted;
}

TEST(rate_at_the_limit_is_exact)
{
	static const __u64 limit[] = { 10, 500, 20000 }, tick_ms[] = { 1, 4, 10 };

	for (size_t i = 0; i < 9; i++) {
		struct busiest busiest;
		const struct busiest_seat *seat;
		__u64 admitted;

		tick_ns = tick_ms[i / 3] * 1000000;
		begin(2001 + i, true, limit[i % 3], limit[i % 3] / 2);
		admitted = watched(limit[i % 3] * 5, &busiest);
		seat = busiest_pick(&busiest);
		CHECK_EQ(port_of(seat), 80);
		CHECK_EQ(busiest_flows(&busiest), admitted);
		CHECK(admitted >= limit[i % 3] * 95 / 100 && admitted <= limit[i % 3] * 105 / 100);
		CHECK(pace_spent_percent(&busiest.pace, SEAT_TAT_NS(seat->seen.word), clock_ns()) > 79);
		while (opens(80))
			;
		offer_all(&busiest);
		CHECK_EQ(busiest.closed, 1);
	}
}

/* Never more than came; all of them where a flow costs at least a tick. */
TEST(rate_below_the_limit_is_a_lower_bound)
{
	static const __u64 limit[] = { 100, 500, 20000 }, tick_ms[] = { 1, 4, 10 };
	static const __u64 percent[] = { 3, 40, 90 };

	for (size_t i = 0; i < 27; i++) {
		__u64 allowed = limit[i % 3], rate = allowed * percent[i / 9] / 100, came, told;
		struct busiest busiest;

		tick_ns = tick_ms[i / 3 % 3] * 1000000;
		begin(3001 + i, true, allowed, allowed);
		came = watched(rate, &busiest);
		told = busiest_flows(&busiest);
		CHECK(came >= rate - 1 && came <= rate + 1);
		CHECK_SAID(told <= came && told * 100 >= came * (SECOND / allowed < tick_ns ? 85 : 100),
			   "limit %llu/s tick %llu ns: %llu of %llu", allowed, tick_ns, told, came);
		CHECK_EQ(busiest.closed, 0);
	}
}

/* More than can be looked at: who has spent the most is among those that are. */
TEST(most_spent_of_many_is_found)
{
	struct busiest busiest;

	begin(4001, true, 10, 100);
	tick_ns = 1000000;
	time_ns = START;
	for (int round = 0; round < 90; round++) {
		opens(443);
		for (__u16 port = 1; port < 1000 && round < 3; port++)
			if (port != 443)
				opens(port);
	}
	offer_all(&busiest);
	CHECK_EQ(busiest.count, BUSIEST_SEATS);
	CHECK_EQ(port_of(busiest_pick(&busiest)), 443);
	CHECK_EQ(busiest.closed, 0);
	for (int round = 0; round < 20; round++)
		opens(443);
	offer_all(&busiest);
	CHECK_EQ(busiest.closed, 1);
}

/* Strangers that come in the same tick, and after him. */
TEST(who_came_again_is_found_in_a_flood)
{
	struct busiest busiest;

	begin(4005, true, 1000, 1000);
	tick_ns = 4000000;
	time_ns = START;
	opens(443);
	opens(443);
	time_ns += tick_ns;
	for (__u16 port = 1000; port < 3000; port++)
		opens(port);
	offer_all(&busiest);
	opens(443);
	busiest_look(&busiest, clock_ns);
	CHECK_EQ(port_of(busiest_pick(&busiest)), 443);
}

/* Of two that spend nothing, who opens more flows. */
TEST(faster_one_is_busier)
{
	struct busiest busiest;

	begin(4002, true, 1000, 1000);
	tick_ns = 1000000;
	time_ns = START;
	opens(1);
	opens(2);
	offer_all(&busiest);
	for (int i = 0; i < 1000; i++) {
		time_ns += tick_ns / 4;
		if (i % 8 == 0)
			opens(1);
		if (i % 40 == 0 || i == 999)
			opens(2);
		busiest_look(&busiest, clock_ns);
	}
	CHECK_EQ(port_of(busiest_pick(&busiest)), 1);
	CHECK_EQ(busiest_flows(&busiest), 125);
}

TEST(who_rests_is_not_busy)
{
	struct busiest busiest;

	begin(4003, true, 1000, 1000);
	tick_ns = 1000000;
	time_ns = START;
	opens(1);
	time_ns += SECOND / 2;
	offer_all(&busiest);
	CHECK_EQ(busiest.count, 1);
	CHECK(!busiest_pick(&busiest));
	time_ns += SECOND;
	offer_all(&busiest);
	CHECK_EQ(busiest.count, 0);
}

/* What another key does in the seat is not taken for flows of the one that had it. */
TEST(seat_that_another_took_is_left)
{
	struct busiest busiest;
	struct source_hot *hot;

	begin(4004, true, 10, 10);
	tick_ns = 1000000;
	time_ns = START;
	opens(1);
	hot = (struct source_hot *)only_seat();
	CHECK(hot);
	if (!hot)
		return;
	offer_all(&busiest);
	CHECK_EQ(busiest.count, 1);
	hot->key ^= 1;
	hot->word += SECOND;
	busiest_look(&busiest, clock_ns);
	CHECK_EQ(busiest.count, 0);
	CHECK(!busiest_pick(&busiest));
}

int main(void)
{
	return test_main();
}
