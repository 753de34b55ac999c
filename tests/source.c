// SPDX-License-Identifier: GPL-2.0-only
/* Accounting by source, against what a list without limits would know. */
#include "test.h"
#include "admission.h"
#include "source.h"

/* Sources so few that they fit: every number is what a naive count says. */
TEST(exact_while_sources_fit)
{
	enum { SOURCES = 512, FLOWS = 200000 };
	static __u32 flows[SOURCES];
	__u64 now = START;

	start(11);
	memset(flows, 0, sizeof(flows));
	for (int i = 0; i < FLOWS; i++) {
		__u32 source = draw() % SOURCES;

		now += draw() % 100000;
		CHECK_EQ(admit4(source * 2654435761u, now), REASON_NEW);
		flows[source]++;
	}
	for (__u32 source = 0; source < SOURCES; source++) {
		struct source_more *more = more4(source * 2654435761u);

		CHECK(more);
		if (!more)
			return;
		CHECK_EQ(more->total, flows[source]);
		CHECK_EQ(more->dropped, 0);
	}
}

TEST(rate_is_told_within_five_percent)
{
	static const __u64 rate[] = { 2, 300, 20000 };

	for (size_t i = 0; i < 3; i++) {
		__u64 now = START, end = START + 400 * SECOND, average;
		struct source_more *more;

		start(12);
		for (; now < end; now += SECOND / rate[i])
			admit4(7, now - now % 4000000);
		more = more4(7);
		CHECK(more);
		if (!more)
			return;
		average = more->rates >> (2 * SOURCE_RATE_BITS);
		average = average * 1000000000 / (1 << SOURCE_WINDOW_SHIFT) * 10 >> SOURCE_AVERAGE_SHIFT;
		CHECK_SAID(average >= rate[i] * 10 * 95 / 100 && average <= rate[i] * 10 * 105 / 100,
			   "average %llu/10s of %llu/s", average, rate[i]);
		average = (more->rates >> SOURCE_RATE_BITS & RATE_MAX) * SECOND >> SOURCE_WINDOW_SHIFT;
		CHECK_SAID(average + 1 >= rate[i] * 95 / 100 && average <= rate[i] * 105 / 100 + 1,
			   "rate %llu of %llu/s", average, rate[i]);
	}
}

/* What another CPU tells late does not undo what is known by then; and a long rest is no way back. */
TEST(late_flow_leaves_the_rates)
{
	__u64 now = START, end = START + 100 * SECOND;
	struct source_more *more, before;

	start(13);
	for (; now < end; now += SECOND / 500)
		admit4(7, now);
	more = more4(7);
	CHECK(more);
	if (!more)
		return;
	before = *more;
	admit4(7, end - 20 * SECOND);
	CHECK_EQ(more->total, before.total + 1);
	CHECK_EQ(more->rates, before.rates + 1);
	CHECK_EQ(more->last_step, before.last_step);
	end += 40 * 86400 * SECOND;
	admit4(7, end);
	CHECK_EQ(more->rates & RATE_MAX, 1);
	CHECK_EQ(more->last_step, (__u32)(end >> SOURCE_STEP_SHIFT));
}

/* A million sources seen once each, among them 32 that keep coming. */
TEST(heavy_is_never_evicted_by_a_million_random)
{
	enum { HEAVY = 32, FLOOD = 1000000, EVERY = 100 };
	__u32 flows = 0;
	__u64 now = START;

	start(13);
	for (int i = 0; i < FLOOD; i++) {
		now += 2000;
		admit4((__u32)draw() | 1U << 31, now);
		if (i % EVERY)
			continue;
		flows++;
		for (__u32 heavy = 1; heavy <= HEAVY; heavy++)
			admit4(heavy, now);
	}
	for (__u32 heavy = 1; heavy <= HEAVY; heavy++) {
		struct source_more *more = more4(heavy);

		CHECK_SAID(more && more->total == flows, "heavy %u: %u of %u", heavy,
			   more ? more->total : 0, flows);
	}
}

/* The flood sends two flows a source, so that its sources look as if they came again. */
TEST(heavy_survives_sources_that_come_twice)
{
	__u64 now = START;
	__u32 flows = 0;

	start(14);
	for (int i = 0; i < 500000; i++) {
		__u32 source = (__u32)draw() | 1U << 31;

		now += 2000;
		admit4(source, now);
		admit4(source, now);
		if (i % 100)
			continue;
		admit4(5, now);
		flows++;
	}
	CHECK(more4(5) && more4(5)->total == flows);
}

/* However the table is beaten, nobody is charged for another: one flow never meets a limit. */
TEST(quiet_never_looks_heavy)
{
	__u64 now = START;

	start(15);
	set_rule(1, 1, 1);
	class_of_all.source_rule[ROLE_OUTSIDE] = 1;
	for (int i = 0; i < 1000000; i++) {
		__u32 quiet = i;

		now += 2000;
		admit4((__u32)draw() % 100000 | 1U << 31, now);
		CHECK_EQ(admit4(quiet, now), REASON_NEW);
	}
}

TEST(proven_keeps_its_seat)
{
	struct source_line *line = source_lines;
	__u64 now = START;

	start(16);
	line->way[2] = (struct source_hot){ 77, SEAT_PROVEN | seat_time(now) };
	for (int i = 0; i < 1000; i++) {
		struct seat seat = seat_find(line, 1000 + i, 0, now + SECOND);

		CHECK(seat.none || seat.way != 2);
		seat_take(line, &seat, 1000 + i, 0, now + SECOND, &(struct pace){}, 0);
		seat = seat_find(line, 1000 + i, 0, now + SECOND);
		seat_take(line, &seat, 1000 + i, 0, now + SECOND, &(struct pace){}, 0);
	}
	CHECK_EQ(line->way[2].key, 77);
	CHECK(line->way[2].word & SEAT_PROVEN);
	CHECK(!seat_find(line, 5, 0, now + PROVEN_KEEP_NS + SECOND).none);
}

/* Between a look at its seat and its charge a newcomer took its mark off. */
TEST(mark_taken_off_meanwhile_loses_no_charge)
{
	const __u64 now = START + 60 * SECOND;
	const struct pace pace = { .cost_ns = SECOND, .burst_ns = 2 * SECOND };
	struct source_line line = { .way = { { 7, SEAT_AGAIN | seat_time(START) } } };
	struct seat seat = seat_find(&line, 7, 0, now);

	line.way[0].word &= ~SEAT_AGAIN;
	seat_take(&line, &seat, 7, 0, now, &pace, pace.cost_ns);
	CHECK_EQ(SEAT_TAT_NS(line.way[0].word), (seat_time(now) << SEAT_TAT_SHIFT) + seat_steps(SECOND) * SEAT_STEP_NS);
	CHECK(line.way[0].word & SEAT_AGAIN);
}

/* It leaves the line as the long way does, or untouched; and is taken where nothing hinders. */
TEST(first_seat_by_the_short_way)
{
	static const __u64 marks[] = { 0, 0, 0, SEAT_AGAIN | SEAT_MORE, SEAT_PROVEN, SEAT_MORE, SEAT_SIX, SEAT_DROPPED };
	const struct pace endless = { .burst_ns = 1ULL << 60 };
	unsigned taken = 0;

	start(17);
	for (int i = 0; i < 200000; i++) {
		struct source_line line = { 0 }, other;
		__u64 key = 1 + draw() % 8, who = draw() % 2 ? SEAT_SIX : 0, now = START + draw() % SECOND, hinders = 0;
		unsigned kinds = draw() % 2 ? 3 : 8;
		struct seat seat;
		bool first;

		for (int way = 0; way < SOURCE_WAYS; way++) {
			if (draw() % 4)
				line.way[way] = (struct source_hot){
					.key = 1 + draw() % 8,
					.word = marks[draw() % kinds] | seat_time(START + draw() % SECOND),
				};
			hinders |= line.way[way].word & (SEAT_AGAIN | SEAT_PROVEN) || line.way[way].key == key;
		}
		other = line;
		first = seat_take_first(&other, key, who, now);
		CHECK_EQ(first, !hinders);
		if (first) {
			seat = seat_find(&line, key, who, now);
			CHECK(!seat.none && !seat.word);
			seat_take(&line, &seat, key, who, now, &endless, 0);
			taken++;
		}
		CHECK(!memcmp(&line, &other, sizeof(line)));
	}
	CHECK(taken > 10000 && taken < 190000);
}

/* Of the seats in a line that have proved themselves one is left to be taken by others. */
TEST(proof_is_for_the_seat_of_its_key)
{
	struct source_line line = { .way = {
		{ 1, seat_time(START) }, { 2, seat_time(START) }, { 3, seat_time(START) | SEAT_INSIDE },
		{ 4, seat_time(START) },
	} };

	seat_prove(&line, 3, 0, START);
	for (int way = 0; way < SOURCE_WAYS; way++)
		CHECK(!(line.way[way].word & SEAT_PROVEN));
	for (__u64 key = 1; key <= 4; key++)
		seat_prove(&line, key, key == 3 ? SEAT_INSIDE : 0, START);
	for (int way = 0; way < SOURCE_WAYS; way++)
		CHECK(!!(line.way[way].word & SEAT_PROVEN) == (way < 3));
	/* the first one was away for long: his seat is nobody's, and the proof of the fourth holds */
	line.way[0].word = SEAT_PROVEN | seat_time(START - PROVEN_KEEP_NS - SECOND);
	seat_prove(&line, 4, 0, START);
	CHECK(line.way[3].word & SEAT_PROVEN);
}

/* Sending for a line writes a byte that is 0 in every seat: nothing is changed by it. */
TEST(line_that_is_sent_for_stays_what_it_was)
{
	struct source_line before[LINES];
	__u64 now = START;

	start(18);
	set_rule(1, 100, 200);
	class_of_all.source_rule[ROLE_OUTSIDE] = 1;
	for (int i = 0; i < 20000; i++, now += 100000)
		admit4(draw() % (3 * LINES * SOURCE_WAYS), now);
	memcpy(before, source_lines, sizeof(before));
	for (int i = 0; i < LINES; i++)
		seat_foresee(&source_lines[i]);
	CHECK(!memcmp(before, source_lines, sizeof(before)));
	CHECK(before[3].way[0].word);
}

/* ::/64 with the bits of an IPv4 address is another source than that address; so is a role. */
TEST(families_and_roles_never_meet)
{
	struct pkt four = packet4(bpf_htonl(0xc0000201)), six = { .family = 6 };
	struct admit_input in = { .head = &head, .knobs = &knobs, .source = &class_of_all,
				  .now_ns = START };
	struct admission admission = {};

	start(17);
	set_rule(1, 1, 1);
	class_of_all.source_rule[ROLE_OUTSIDE] = class_of_all.source_rule[ROLE_INSIDE] = 1;
	six.saddr[0] = 0;
	six.saddr[1] = four.saddr[0];
	CHECK_EQ(admit(&four, &in, &admission), REASON_NEW);
	CHECK_EQ(admit(&four, &in, &admission), REASON_RATE_SOURCE);
	CHECK_EQ(admit(&six, &in, &admission), REASON_NEW);
	six.saddr[1] = bpf_htonl(four.saddr[0]);
	CHECK_EQ(admit(&six, &in, &admission), REASON_NEW);
	in.role = ROLE_INSIDE;
	CHECK_EQ(admit(&four, &in, &admission), REASON_NEW);
}

TEST(ipv6_source_is_the_prefix_that_was_asked_for)
{
	static const __u8 length[] = { 48, 56, 64, 65, 96, 127, 128 };

	for (size_t i = 0; i < sizeof(length); i++) {
		struct pkt pkt = { .family = 6, .saddr = { bpf_htonl(0x20010db8) } };
		struct pkt inside = pkt, outside = pkt;
		struct source a, b, c;

		start(18);
		if (length[i] < 128)
			inside.saddr[length[i] / 32] ^= bpf_htonl(1U << (31 - length[i] % 32));
		outside.saddr[(length[i] - 1) / 32] ^= bpf_htonl(1U << (31 - (length[i] - 1) % 32));
		a = source_of(&pkt, 0, length[i], hash_key);
		b = source_of(&inside, 0, length[i], hash_key);
		c = source_of(&outside, 0, length[i], hash_key);
		CHECK(a.key == b.key && a.low == b.low);
		CHECK(a.key != c.key);
		CHECK_EQ(c.key ^ (length[i] > 64 ? hash_word(c.low, hash_key) : 0),
			 address_half(outside.saddr[0], outside.saddr[1]) &
			 (length[i] < 64 ? ~0ULL << (64 - length[i]) : ~0ULL));
	}
}

/* What user space makes of the table: the prefix that came, however long a source is. */
TEST(ipv6_source_is_told_as_its_prefix)
{
	static const __u8 length[] = { 48, 56, 64, 65, 96, 127, 128 };
	struct source_keys keys = { .secret = { HASH_KEY } };

	for (size_t i = 0; i < sizeof(length); i++) {
		struct admit_input in = { .head = &head, .knobs = &knobs, .source = &class_of_all,
					  .now_ns = START };
		struct admission admission = {};
		struct pkt pkt = { .family = 6 };
		struct prefix wanted = { .family = 6, .length = length[i] };
		struct source_row row;
		struct source *source = &admission.source;
		const struct source_hot *hot;

		start(21 + i);
		for (int word = 0; word < 4; word++)
			pkt.saddr[word] = draw();
		memcpy(wanted.addr, pkt.saddr, sizeof(wanted.addr));
		for (int bit = length[i]; bit < 128; bit++)
			wanted.addr[bit / 8] &= ~(0x80 >> bit % 8);
		source_length6 = keys.length6 = length[i];
		CHECK_EQ(admit(&pkt, &in, &admission), REASON_NEW);
		hot = &source_lines[source->line].way[source->seat.way];
		CHECK(source_read(hot, more_of(&pkt), START, &keys, &row));
		CHECK_EQ(row.prefix.family, length[i] > 64 ? 0 : 6);
		CHECK_EQ(admit(&pkt, &in, &admission), REASON_NEW);
		CHECK(source_read(hot, more_of(&pkt), START, &keys, &row));
		CHECK_SAID(!prefix_compare(&row.prefix, &wanted), "of /%u", length[i]);
	}
	source_length6 = 64;
}

/* Ten seconds of 50 flows/s, a minute of silence, one more flow: what it did on average is told, and
 * when it came first. */
TEST(life_of_a_source_is_told)
{
	const __u32 address = 7;
	const struct source_keys keys = { .secret = { HASH_KEY }, .length6 = 64 };
	struct source_row row = {};
	__u64 now = START, end;

	start(31);
	for (end = now + 10 * SECOND; now < end; now += SECOND / 50)
		admit4(address, now);
	now += 60 * SECOND;
	admit4(address, now);
	for (size_t i = 0; i < LINES * SOURCE_WAYS; i++)
		if (source_read(&source_lines[i / SOURCE_WAYS].way[i % SOURCE_WAYS], &source_mores[i],
				now + 5 * SECOND, &keys, &row))
			break;
	CHECK_EQ(row.total, 501);
	CHECK_SAID(row.mean > 501 / 71.0 && row.mean < 501 / 69.0, "%f", row.mean);
	CHECK_SAID(row.known_ns >= 75 * SECOND && row.known_ns < 77 * SECOND, "%llu", row.known_ns);
	CHECK_SAID(row.busiest < 1, "%f", row.busiest);
}

TEST(who_came_once_is_known_since_then)
{
	const struct source_hot hot = { .key = 9, .word = seat_time(START) };
	const struct source_keys keys = { .length6 = 64 };
	struct source_row row;

	CHECK(source_read(&hot, &(struct source_more){}, START + 3 * SECOND, &keys, &row));
	CHECK(row.known_ns >= 3 * SECOND && row.known_ns < 3 * SECOND + SEAT_STEP_NS);
	CHECK_EQ(row.idle_ns, row.known_ns);
}

int main(void)
{
	return test_main();
}
