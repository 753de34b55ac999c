// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include "compiled.h"
#include "lookup.h"

static const struct policy_knobs *knobs_of(const struct arena *arena)
{
	return (const struct policy_knobs *)(arena->bytes + POLICY_LINE);
}

static bool marked(const __u64 mask[2], enum reason reason)
{
	return mask[reason >> 6] >> (reason & 63) & 1;
}

/* flows that rule `number` may burst; 0 for none: tests tell limits apart by it */
static __u64 burst(const struct arena *arena, __u32 number)
{
	const struct rule *rule = rule_at(arena, number);

	return number ? rule->burst_ns / rule->cost_ns : 0;
}

static const struct class *destination(struct arena *arena, const char *address)
{
	const struct policy_head *head = head_of(arena);

	return class_in(arena, address, head->destination_root4, head->destination_root6,
			head->destination_class);
}

/* ---- what is said of nested prefixes ------------------------------------------------------- */

TEST(nothing_said_is_class_0)
{
	struct arena arena;

	compile_text("check { martians off; }", NULL, &arena);
	CHECK_EQ(head_of(&arena)->source_root4, 0);
	CHECK_EQ(head_of(&arena)->source_root6, 0);
	CHECK_EQ(head_of(&arena)->destination_root4, 0);
	CHECK_EQ(source(&arena, "192.0.2.1")->flags, 0);
	CHECK_EQ(destination(&arena, "2001:db8::1")->flags, 0);
	CHECK_EQ(head_of(&arena)->magic, POLICY_MAGIC);
	CHECK_EQ(head_of(&arena)->lines, arena.lines);
	arena_free(&arena);
}

TEST(kinds_are_inherited_apart)
{
	struct arena arena;
	const struct class *class;

	compile_text("check { martians off; }\n"
		     "trusted { 10.1.0.0/16; }\n"
		     "blocked { 10.0.0.0/8; 10.1.2.0/24; }\n"
		     "limit new-flows {\n"
		     "  per source 10/second burst 11\n"
		     "  prefix 10.0.0.0/8 per source 10/second burst 12\n"
		     "  prefix 10.1.2.0/24 total 10/second burst 13\n"
		     "  prefix 10.1.2.3/32 per source 10/second burst 14\n"
		     "}\n", NULL, &arena);
	class = source(&arena, "10.1.2.3");
	CHECK_EQ(class->flags, CLASS_TRUSTED | CLASS_BLOCKED);
	CHECK_EQ(burst(&arena, class->source_rule[ROLE_OUTSIDE]), 14);
	CHECK_EQ(burst(&arena, class->source_rule[ROLE_INSIDE]), 14);
	CHECK_EQ(burst(&arena, class->prefix_rule[ROLE_OUTSIDE]), 13);
	class = source(&arena, "10.1.2.4");
	CHECK_EQ(burst(&arena, class->source_rule[ROLE_OUTSIDE]), 12);
	CHECK_EQ(burst(&arena, class->prefix_rule[ROLE_OUTSIDE]), 13);
	class = source(&arena, "10.2.0.1");
	CHECK_EQ(class->flags, CLASS_BLOCKED);
	CHECK_EQ(class->prefix_rule[ROLE_OUTSIDE], 0);
	class = source(&arena, "11.0.0.1");
	CHECK_EQ(class->flags, 0);
	CHECK_EQ(burst(&arena, class->source_rule[ROLE_OUTSIDE]), 11);
	CHECK_EQ(burst(&arena, source(&arena, "2001:db8::1")->source_rule[ROLE_INSIDE]), 11);
	arena_free(&arena);
}

TEST(limits_hold_for_their_role)
{
	struct arena arena;
	const struct class *class;

	compile_text("limit new-flows {\n"
		     "  from outside per source 10/second burst 11\n"
		     "  prefix 8.0.0.0/8 from inside per source 10/second burst 12\n"
		     "  prefix 8.0.0.0/8 from outside per aggregate 10/second burst 13\n"
		     "}\n", NULL, &arena);
	class = source(&arena, "8.1.1.1");
	CHECK_EQ(burst(&arena, class->source_rule[ROLE_OUTSIDE]), 11);
	CHECK_EQ(burst(&arena, class->source_rule[ROLE_INSIDE]), 12);
	CHECK_EQ(burst(&arena, class->aggregate_rule[ROLE_OUTSIDE]), 13);
	CHECK_EQ(class->aggregate_rule[ROLE_INSIDE], 0);
	CHECK_EQ(source(&arena, "9.1.1.1")->source_rule[ROLE_INSIDE], 0);
	arena_free(&arena);
}

TEST(block_lasts_as_long_as_the_longest)
{
	struct policy policy;
	struct arena arena;

	policy_init(&policy);
	add(&policy.block, "8.0.0.0/8", FOREVER, NULL);
	add(&policy.block, "8.8.8.0/24", NOW + 10 * SECOND, NULL);
	add(&policy.block, "9.0.0.0/8", NOW + 10 * SECOND, NULL);
	add(&policy.block, "9.9.9.9", NOW + 20 * SECOND, NULL);
	add(&policy.block, "9.9.9.10", NOW + 5 * SECOND, NULL);
	compile_policy(&policy, NULL, NOW, &arena);
	CHECK(source(&arena, "8.8.8.8")->block_until_ns == FOREVER);
	CHECK_EQ(source(&arena, "9.9.9.9")->block_until_ns, NOW + 20 * SECOND);
	CHECK_EQ(source(&arena, "9.9.9.10")->block_until_ns, NOW + 10 * SECOND);
	CHECK_EQ(source(&arena, "9.1.1.1")->block_until_ns, NOW + 10 * SECOND);
	arena_free(&arena);
	compile_policy(&policy, NULL, NOW + 10 * SECOND, &arena);	/* these ended */
	CHECK_EQ(source(&arena, "9.1.1.1")->flags & CLASS_BLOCKED, 0);
	CHECK_EQ(source(&arena, "9.9.9.9")->flags & CLASS_BLOCKED, CLASS_BLOCKED);
	policy_free(&policy);
	arena_free(&arena);
}

TEST(sides)
{
	struct arena arena;

	compile_text("interface lan0 { role inside; sources { 10.0.0.0/8, fd00::/8 }; }\n"
		     "interface wan0 { role outside; sources { 10.9.0.0/16 }; }\n", NULL, &arena);
	CHECK_EQ(source(&arena, "10.1.1.1")->flags & CLASS_INSIDE, CLASS_INSIDE);
	CHECK_EQ(source(&arena, "fd00::1")->flags & CLASS_INSIDE, CLASS_INSIDE);
	CHECK_EQ(source(&arena, "10.9.1.1")->flags & CLASS_INSIDE, 0);
	CHECK_EQ(source(&arena, "8.8.8.8")->flags & CLASS_INSIDE, 0);
	arena_free(&arena);
}

#define MARTIAN_BOTH (CLASS_MARTIAN | CLASS_MARTIAN_INSIDE)

static __u32 martian(struct arena *arena, const char *address)
{
	return source(arena, address)->flags & MARTIAN_BOTH;
}

TEST(martians)
{
	struct arena arena;

	compile_text("check { martians drop except 10.0.0.0/8, 192.168.7.0/24, 172.0.0.0/8; }", NULL,
		     &arena);
	CHECK_EQ(martian(&arena, "192.168.1.1"), CLASS_MARTIAN);
	CHECK_EQ(martian(&arena, "192.168.7.1"), 0);
	CHECK_EQ(martian(&arena, "10.1.1.1"), 0);
	CHECK_EQ(martian(&arena, "172.16.1.1"), 0);
	CHECK_EQ(martian(&arena, "127.0.0.1"), MARTIAN_BOTH);
	CHECK_EQ(martian(&arena, "224.0.0.1"), MARTIAN_BOTH);
	CHECK_EQ(martian(&arena, "255.255.255.255"), MARTIAN_BOTH);
	CHECK_EQ(martian(&arena, "0.0.0.0"), MARTIAN_BOTH);
	CHECK_EQ(martian(&arena, "0.0.0.1"), MARTIAN_BOTH);
	CHECK_EQ(martian(&arena, "8.8.8.8"), 0);
	CHECK_EQ(martian(&arena, "::"), MARTIAN_BOTH);
	CHECK_EQ(martian(&arena, "::1"), MARTIAN_BOTH);
	CHECK_EQ(martian(&arena, "::ffff:1.2.3.4"), MARTIAN_BOTH);
	CHECK_EQ(martian(&arena, "fe80::1"), 0);
	CHECK_EQ(martian(&arena, "fd00::1"), CLASS_MARTIAN);
	CHECK_EQ(martian(&arena, "ff02::1"), MARTIAN_BOTH);
	CHECK_EQ(martian(&arena, "2a00::1"), 0);
	arena_free(&arena);
}

TEST(private_is_no_martian_unless_said)
{
	struct arena arena;

	compile_text("", NULL, &arena);
	CHECK_EQ(martian(&arena, "192.168.1.1"), 0);
	CHECK_EQ(martian(&arena, "127.0.0.1"), MARTIAN_BOTH);
	arena_free(&arena);
	compile_text("check { martians off; }", NULL, &arena);
	CHECK_EQ(martian(&arena, "127.0.0.1"), 0);
	arena_free(&arena);
}

/* The slot of the rate that challenges strangers to there; 0: none has one. */
static __u32 engage_slot(struct arena *arena, const char *address)
{
	__u32 number = destination(arena, address)->engage_rule;

	return number ? rule_at(arena, number)->slot : 0;
}

TEST(rates_that_engage)
{
	static const char limits[] = "limit new-flows { per source 7/second; total 9/second }\n";
	struct arena before, after;
	char text[512];

	snprintf(text, sizeof(text), "%schallenge { syn cookie; engage above 1/second; engage to "
		 "192.0.2.0/24 above 10/second; engage to 192.0.2.128/25 above 5/second }", limits);
	compile_text(text, NULL, &before);
	CHECK(knobs_of(&before)->flags & KNOB_ENGAGE_TO);
	CHECK_EQ(rule_at(&before, destination(&before, "192.0.2.1")->engage_rule)->cost_ns, 100000000);
	CHECK_EQ(rule_at(&before, destination(&before, "192.0.2.129")->engage_rule)->cost_ns, 200000000);
	CHECK_EQ(destination(&before, "192.0.3.1")->engage_rule, 0);
	CHECK(engage_slot(&before, "192.0.2.1") != engage_slot(&before, "192.0.2.129"));
	CHECK_EQ(rule_at(&before, 1)->cost_ns, 142857143);
	/* what stays keeps its slot, wherever it stands; the new one has that of nobody */
	compile_text("challenge { syn cookie; engage to 2001:db8::/32 above 1/second; engage to "
		     "192.0.2.128/25 above 6/second; engage to 192.0.2.0/24 above 10/second }", &before, &after);
	CHECK_EQ(engage_slot(&after, "192.0.2.1"), engage_slot(&before, "192.0.2.1"));
	CHECK_EQ(engage_slot(&after, "192.0.2.129"), engage_slot(&before, "192.0.2.129"));
	CHECK_EQ(engage_slot(&after, "2001:db8::1"), 3);
	arena_free(&before);
	compile_text("challenge { syn cookie; engage above 1/second }", &after, &before);
	CHECK(!(knobs_of(&before)->flags & KNOB_ENGAGE_TO));
	CHECK_EQ(engage_slot(&before, "192.0.2.1"), 0);
	arena_free(&before);
	arena_free(&after);
}

TEST(too_many_rates_that_engage)
{
	struct policy policy;
	struct fail fail = {};
	char text[ENGAGE_MAX * 48] = "challenge {\n";
	size_t used = strlen(text);

	for (int i = 0; i < ENGAGE_MAX; i++)
		used += snprintf(text + used, sizeof(text) - used, "engage to 10.0.%d.0/24 above 1/second\n", i);
	snprintf(text + used, sizeof(text) - used, "}\n");
	CHECK(policy_parse(text, "test", NOW, &policy, &fail));
	CHECK_EQ(fail.line, ENGAGE_MAX + 1);
}

TEST(destinations)
{
	struct arena arena;

	compile_text("limit new-flows {\n"
		     "  per destination 10/second burst 11\n"
		     "  prefix 203.0.113.0/24 per destination 10/second burst 12\n"
		     "  total 10/second burst 13\n"
		     "}\n"
		     "bypass { udp port 53 to 203.0.113.53; }\n", NULL, &arena);
	CHECK_EQ(burst(&arena, knobs_of(&arena)->destination_rule[ROLE_OUTSIDE]), 11);
	CHECK_EQ(burst(&arena, knobs_of(&arena)->total_rule[ROLE_INSIDE]), 13);
	CHECK_EQ(burst(&arena, destination(&arena, "203.0.113.53")->destination_rule[0]), 12);
	CHECK_EQ(destination(&arena, "203.0.113.53")->bypass_to, 1);
	CHECK_EQ(destination(&arena, "203.0.113.54")->bypass_to, 0);
	CHECK_EQ(destination(&arena, "203.0.113.54")->flags, 0);
	CHECK_EQ(destination(&arena, "203.0.114.1")->destination_rule[0], 0);
	CHECK_EQ(source(&arena, "203.0.113.53")->destination_rule[0], 0);
	CHECK_EQ(source(&arena, "8.8.8.8")->bypass_from, 1);	/* from anywhere */
	CHECK_EQ(source(&arena, "203.0.113.53")->bypass_to, 1);	/* what it sends back */
	arena_free(&arena);
}

/* the merge against the plain definition of it, on random nested lists */
TEST(random_block_and_trust)
{
	__u64 seed = 20261121;

	for (int round = 0; round < 200; round++) {
		struct policy policy;
		struct arena arena;
		int wrong = 0;

		policy_init(&policy);
		policy.check.martians = CHECK_OFF;
		for (int i = 0; i < 60; i++) {
			char text[64];
			int length = 16 + random_below(&seed, 17);
			__u32 address = 0x0a000000 | random_below(&seed, 0x10000);
			struct in_addr in = { htonl(address & ~0U << (32 - length)) };

			snprintf(text, sizeof(text), "%s/%d", inet_ntoa(in), length);
			add(random_below(&seed, 4) ? &policy.block : &policy.trust, text,
			    random_below(&seed, 3) ? FOREVER : NOW - 5 + random_below(&seed, 20), NULL);
		}
		compile_policy(&policy, NULL, NOW, &arena);
		for (int i = 0; i < 2000; i++) {
			struct in_addr in = { htonl(0x0a000000 | random_below(&seed, 0x11000)) };
			const char *address = inet_ntoa(in);
			struct prefix one = prefix(address);
			const struct class *class = source(&arena, address);
			__u64 until[2] = { 0 };
			struct entries *list[2] = { &policy.block, &policy.trust };

			for (int n = 0; n < 2; n++)
				for (size_t e = 0; e < list[n]->count; e++) {
					struct entry *entry = &list[n]->at[e];

					if (entry->until_ns > NOW && entry->until_ns > until[n] &&
					    prefix_covers(&entry->prefix, &one))
						until[n] = entry->until_ns;
				}
			wrong += class->block_until_ns != until[0] || class->trust_until_ns != until[1];
			wrong += !(class->flags & CLASS_BLOCKED) != !until[0];
			wrong += !(class->flags & CLASS_TRUSTED) != !until[1];
		}
		CHECK_SAID(!wrong, "round %d: %d", round, wrong);
		policy_free(&policy);
		arena_free(&arena);
	}
}

/* ---- knobs and rules ----------------------------------------------------------------------- */

TEST(knobs)
{
	struct arena arena;

	compile_text("mode enforce\n"
		     "check { malformed monitor; stray off; window drop; blackhole table 666;"
		     " urpf loose monitor; }\n",
		     NULL, &arena);
	CHECK(marked(knobs_of(&arena)->monitor, REASON_TRUNCATED));
	CHECK(marked(knobs_of(&arena)->monitor, REASON_LAND));
	CHECK(!marked(knobs_of(&arena)->monitor, REASON_BLOCKED));
	CHECK(marked(knobs_of(&arena)->monitor, REASON_URPF));
	CHECK(marked(knobs_of(&arena)->off, REASON_STRAY));
	CHECK(marked(knobs_of(&arena)->off, REASON_L4_CHECKSUM));
	CHECK(!marked(knobs_of(&arena)->off, REASON_WINDOW));
	CHECK(!marked(knobs_of(&arena)->off, REASON_BLACKHOLE));
	CHECK(!marked(knobs_of(&arena)->off, REASON_RATE_TOTAL));
	CHECK_EQ(knobs_of(&arena)->blackhole_table, 666);
	CHECK_EQ(knobs_of(&arena)->mode, MODE_ENFORCE);
	arena_free(&arena);
	compile_text("mode monitor", NULL, &arena);
	for (int reason = REASON_DROP_FIRST; reason < REASON_COUNT; reason++)
		CHECK(marked(knobs_of(&arena)->monitor, reason));
	CHECK(marked(knobs_of(&arena)->off, REASON_BLACKHOLE));
	CHECK(marked(knobs_of(&arena)->off, REASON_WINDOW));
	arena_free(&arena);
}

TEST(rule_is_rate_and_burst)
{
	struct arena arena;

	compile_text("limit new-flows { total 200/second burst 400; from inside per source 7/minute; }",
		     NULL, &arena);
	for (__u32 number = 1; number <= 2; number++) {
		const struct rule *rule = rule_at(&arena, number);
		bool total = rule->slot;

		CHECK_EQ(rule->cost_ns, total ? SECOND / 200 : 60 * SECOND / 7);
		/* one flow, in steps of its seat */
		CHECK_EQ(rule->burst_ns, total ? 2 * SECOND : 8571428608);
	}
	CHECK_EQ(rule_at(&arena, 1)->slot + rule_at(&arena, 2)->slot, 1);
	arena_free(&arena);
}

/* What user space asks of an arena. */
TEST(lookup_finds_what_was_compiled)
{
	struct prefix near = prefix("203.0.113.53"), far = prefix("198.51.100.1"), six = prefix("2001:db8::1");
	struct arena arena;
	__u32 number;

	compile_text("limit new-flows {\n"
		     "  prefix 203.0.113.0/24 per destination 10/second burst 11\n"
		     "  prefix 2001:db8::/32 per destination 10/second burst 12\n"
		     "  from inside per destination 10/second burst 13\n"
		     "  prefix 203.0.113.0/24 per aggregate 10/second burst 14\n"
		     "}", NULL, &arena);
	number = lookup_destination(&arena, &near)->destination_rule[ROLE_OUTSIDE];
	CHECK_EQ(lookup_rule(&arena, number)->burst_ns, 11 * SECOND / 10);
	number = lookup_destination(&arena, &six)->destination_rule[ROLE_INSIDE];
	CHECK_EQ(lookup_rule(&arena, number)->burst_ns, 12 * SECOND / 10);
	CHECK_EQ(lookup_destination(&arena, &far)->destination_rule[ROLE_INSIDE], 0);
	number = lookup_destination_default(&arena, ROLE_INSIDE);
	CHECK_EQ(lookup_rule(&arena, number)->burst_ns, 13 * SECOND / 10);
	CHECK_EQ(lookup_destination_default(&arena, ROLE_OUTSIDE), 0);
	number = lookup_source(&arena, &near)->aggregate_rule[ROLE_OUTSIDE];
	CHECK_EQ(lookup_rule(&arena, number)->burst_ns, 14 * SECOND / 10);
	CHECK(!lookup_rule(&arena, 0));
	arena_free(&arena);
}

TEST(too_many_limits)
{
	struct policy policy;
	struct arena arena = { 0 };
	struct fail fail = { 0 };

	policy_init(&policy);
	policy.limit = calloc(RULE_MAX, sizeof(*policy.limit));
	policy.limit_count = RULE_MAX;
	CHECK_EQ(compile(&policy, NULL, NOW, &arena, &fail), -EXIT_USAGE);
	CHECK(strstr(fail.what, "16384 limits"));
	CHECK_EQ(arena.lines, 0);
	policy_free(&policy);
}

int main(void)
{
	return test_main();
}
