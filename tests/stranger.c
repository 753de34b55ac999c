// SPDX-License-Identifier: GPL-2.0-only
/*
 * A line of strangers against a diary: a random course of SYNs and proofs, in which everything that
 * happened is written down with its whole time, and what must hold is asked of the diary.
 */
#include "test.h"
#include "admission.h"
#include "random.h"
/* they tell the compiler of BPF programs what to unroll, in words that gcc does not know */
#pragma GCC diagnostic ignored "-Wunknown-pragmas"
#include "bpf/proven.h"
#include "bpf/retransmit.h"

#define MS		1000000ULL
#define COURSES		300
#define EVENTS		400
#define MARKS		14
#define SYN_TICK	(1ULL << PENDING_TICK_SHIFT)
#define SYN_ROUND	(SYN_TICK << PENDING_TICK_BITS)
#define SYN_MIN		(RETRANSMIT_MIN * SYN_TICK)
#define SYN_MAX		(RETRANSMIT_MAX * SYN_TICK)
#define PROOF_TICK	(1ULL << PROVEN_TICK_SHIFT)

struct event {
	__u64	now;
	int	who;
	bool	came;		/* it was taken for a retransmission */
	enum proof proof;
};
static struct event diary[EVENTS];

static __u32 syn_mark(int who)
{
	return (who + 1U) << PENDING_TICK_BITS;
}

static __u32 source_mark(int who)
{
	return (who + 1U) << PROVEN_TICK_BITS;
}

/* somewhere in the first hours after boot, and around the turn of both clocks */
static __u64 some_begin(void)
{
	return (__u64)random_below(30000) * SECOND + random_below(1000000000);
}

/* the last event before `end` that was about `who`, or -1 */
static int last_before(int end, int who)
{
	do
		end--;
	while (end >= 0 && diary[end].who != who);
	return end;
}

/* ---- SYNs that wait ------------------------------------------------------------------------ */

/* Was one of its SYNs remembered at a time that makes this one a retransmission? */
static bool may_have_come(int end)
{
	for (int i = 0; i < end; i++) {
		__u64 age = (diary[end].now - diary[i].now) % SYN_ROUND;

		if (diary[i].who == diary[end].who && !diary[i].came &&
		    age + SYN_TICK > SYN_MIN && age < SYN_MAX + SYN_TICK)
			return true;
	}
	return false;
}

/* Its first SYN ever, or the first since it got through, then nobody but fewer others than there
 * are ways, then this one in time: there is no excuse. */
static bool must_have_come(int end)
{
	int first = last_before(end, diary[end].who), before;
	__u64 age;

	if (first < 0 || diary[first].came || end - first > PENDING_WAYS)
		return false;
	before = last_before(first, diary[end].who);
	age = diary[end].now - diary[first].now;
	return (before < 0 || diary[before].came) && age >= SYN_MIN + SYN_TICK && age <= SYN_MAX - SYN_TICK;
}

static void syn_course(unsigned int *came, unsigned int *musts)
{
	struct challenge_line line = {};
	__u64 now = some_begin();

	for (int i = 0; i < EVENTS; i++) {
		now += random_below(4) ? random_below(300) * MS : random_below(6000) * MS;
		diary[i] = (struct event){ .now = now, .who = random_below(MARKS) };
		diary[i].came = retransmit_came(&line, syn_mark(diary[i].who), now);
		*came += diary[i].came;
		*musts += must_have_come(i);
		if (diary[i].came)
			CHECK_SAID(may_have_come(i), "event %d", i);
		else
			CHECK_SAID(!must_have_come(i), "event %d", i);
		CHECK(line.next <= PENDING_WAYS);
	}
}

TEST(syns_get_through_when_they_must_and_only_then)
{
	unsigned int came = 0, musts = 0;

	random_seed();
	for (int i = 0; i < COURSES; i++)
		syn_course(&came, &musts);
	printf("# %u of %u came again, %u had to\n", came, COURSES * EVENTS, musts);
	CHECK(came > COURSES * EVENTS / 50 && musts > COURSES * EVENTS / 100);
}

/* ---- who is proven ------------------------------------------------------------------------- */

static __u64 proof_ticks(const struct event *event, __u64 now)
{
	return (now >> PROVEN_TICK_SHIFT) - (event->now >> PROVEN_TICK_SHIFT);
}

static bool has_proof(int end, int who, __u64 now)
{
	for (int i = 0; i < end; i++)
		if (diary[i].who == who && proof_ticks(&diary[i], now) < diary[i].proof)
			return true;
	return false;
}

/* How many sources but this one gave a proof, since `from`, or have one that was still good then? */
static int rivals(int from, int end, int who)
{
	int others = 0;

	for (int other = 0; other < MARKS; other++) {
		bool rival = false;

		for (int i = 0; i < end; i++)
			rival |= diary[i].who == other &&
				 (i > from || proof_ticks(&diary[i], diary[from].now) < diary[i].proof);
		others += rival && other != who;
	}
	return others;
}

/* A proof less the part that is not worth a write, and with a seat for everybody. */
static bool must_be_proven(int end, int who, __u64 now)
{
	int last = last_before(end, who);

	return last >= 0 && proof_ticks(&diary[last], now) < diary[last].proof - diary[last].proof / 16 &&
	       rivals(last, end, who) < PROVEN_WAYS;
}

static void proof_course(int sources, unsigned int *proven, unsigned int *musts)
{
	static const enum proof proofs[] = { PROOF_ANSWER, PROOF_RETRANSMISSION, PROOF_TWO_WAY };
	struct challenge_line line = {};
	__u64 now = some_begin();

	/* shorter than it takes the clock of the marks to go round */
	for (int i = 0; i < EVENTS / 4; i++) {
		int who = random_below(sources);
		bool is;

		now += random_below(8) ? random_below(20000) * MS : random_below(600000) * MS;
		is = proven_in(&line, source_mark(who), now);
		*proven += is;
		*musts += must_be_proven(i, who, now);
		CHECK_SAID(!is || has_proof(i, who, now), "event %d", i);
		CHECK_SAID(is || !must_be_proven(i, who, now), "event %d", i);
		diary[i] = (struct event){ .now = now, .who = random_below(sources), .proof = proofs[random_below(3)] };
		proven_put(&line, source_mark(diary[i].who), diary[i].proof, now);
	}
}

TEST(sources_are_proven_when_they_must_and_only_then)
{
	unsigned int proven = 0, musts = 0, asked = 0;

	for (int i = 0; i < COURSES; i++, asked += EVENTS / 4)
		proof_course(2 + random_below(MARKS - 2), &proven, &musts);
	printf("# %u of %u proven, %u had to be\n", proven, asked, musts);
	CHECK(proven > asked / 10 && proven < asked && musts > asked / 20);
}

TEST(weak_proofs_never_push_a_better_one_out)
{
	for (int i = 0; i < COURSES; i++) {
		struct challenge_line line = {};
		__u64 now = some_begin(), end = now + (PROOF_TWO_WAY - PROOF_RETRANSMISSION - 1) * PROOF_TICK;

		for (int who = 0; who < PROVEN_WAYS; who++)
			proven_put(&line, source_mark(who), PROOF_TWO_WAY, now);
		for (; now < end; now += random_below(8000) * MS) {
			proven_put(&line, source_mark(PROVEN_WAYS + random_below(1 << 19)),
				   random_below(2) ? PROOF_ANSWER : PROOF_RETRANSMISSION, now);
			for (int who = 0; who < PROVEN_WAYS; who++)
				CHECK(proven_in(&line, source_mark(who), now));
		}
	}
}

/* ---- who gets through by chance ------------------------------------------------------------- */

#define TRIES	(40U << 20)

static struct pkt anyone(void)
{
	__u64 random = draw();

	return (struct pkt){
		.family = 4, .l4_proto = 6, .daddr = { 0x01010101 }, .dport = 80,
		.saddr = { random >> 32 }, .sport = random >> 16, .tcp_seq = draw(),
	};
}

/* Poisson: five deviations to either side are one run in a million. */
static void check_chance(const char *what, unsigned int hits, double computed)
{
	printf("# %u of %u %s by chance; computed: %.0f\n", hits, TRIES, what, computed);
	CHECK((hits - computed) * (hits - computed) < 25 * computed);
}

/* Each comes when all that wait in its line are of the age of a retransmission. */
TEST(spoofed_syns_are_taken_for_another_one_as_computed)
{
	struct challenge_line line = {};
	unsigned int hits = 0;
	__u64 now = 1;

	start(20261121);
	for (__u32 i = 0; i < TRIES; i++, now += 1400 * MS) {
		struct pkt syn = anyone();

		hits += retransmit_came(&line, pending_mark(&syn, hash_key), now);
	}
	check_chance("spoofed SYNs pass", hits, TRIES * (double)PENDING_WAYS / (1 << 22));
}

TEST(strangers_are_taken_for_somebody_proven_as_computed)
{
	struct challenge_line line = {};
	unsigned int hits = 0;

	start(20261122);
	for (__u32 i = 0; i < TRIES; i++) {
		struct pkt pkt = anyone();
		struct proven_key key = proven_key(&pkt, 64, 0, hash_key);

		/* four others, afresh now and then: whom one of them meets is chance */
		if (i % 64 < PROVEN_WAYS) {
			line.proven[i % 64] = 0;
			proven_put(&line, key.mark, PROOF_TWO_WAY, START);
		} else {
			hits += proven_in(&line, key.mark, START);
		}
	}
	check_chance("strangers count as proven", hits,
		     TRIES * (64.0 - PROVEN_WAYS) / 64 * PROVEN_WAYS / (1 << 20));
}

int main(void)
{
	return test_main();
}
