// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include "test.h"
#include "compile.h"
#include "prefixes.h"
#include "bpf/table.h"

#define SECOND	1000000000ULL
#define NOW	(1000 * SECOND)
#define FOREVER	(~0ULL)

static const void *arena_line(void *arena, __u32 line)
{
	const struct arena *lines = arena;

	return line < lines->lines ? lines->bytes + (size_t)line * POLICY_LINE : NULL;
}

static struct policy parsed(const char *text)
{
	struct policy policy;
	struct fail fail;

	if (policy_parse(text, "test", NOW, &policy, &fail)) {
		CHECK_SAID(false, "%s: %s", text, fail.what);
		policy_init(&policy);
	}
	return policy;
}

static void compile_policy(struct policy *policy, const struct arena *before, __u64 now_ns,
			   struct arena *arena)
{
	struct fail fail = { 0 };

	*arena = (struct arena){ 0 };
	CHECK_SAID(!compile(policy, before, now_ns, arena, &fail), "%s", fail.what);
	if (!arena->lines)
		exit(1);
}

static void compile_text(const char *text, const struct arena *before, struct arena *arena)
{
	struct policy policy = parsed(text);

	compile_policy(&policy, before, NOW, arena);
	policy_free(&policy);
}

static const struct policy_head *head_of(const struct arena *arena)
{
	return (const struct policy_head *)arena->bytes;
}

static const struct policy_knobs *knobs_of(const struct arena *arena)
{
	return (const struct policy_knobs *)(arena->bytes + POLICY_LINE);
}

static bool marked(const __u64 mask[2], enum reason reason)
{
	return mask[reason >> 6] >> (reason & 63) & 1;
}

static const struct rule *rule_at(const struct arena *arena, __u32 number)
{
	return (const struct rule *)(arena->bytes + head_of(arena)->rule * POLICY_LINE) + number;
}

/* flows that rule `number` may burst; 0 for none: tests tell limits apart by it */
static __u64 burst(const struct arena *arena, __u32 number)
{
	const struct rule *rule = rule_at(arena, number);

	return number ? rule->burst_ns / rule->cost_ns : 0;
}

static struct prefix prefix(const char *text)
{
	struct prefix prefix = { 0 };
	struct fail fail;

	CHECK_SAID(!prefix_parse(text, &prefix, &fail), "%s", fail.what);
	return prefix;
}

static const struct class *class_in(struct arena *arena, const char *address, __u32 root4,
				    __u32 root6, __u32 line)
{
	struct prefix one = prefix(address);
	__be32 words[4];

	memcpy(words, one.addr, sizeof(words));
	line += table_find(arena, one.family == 4 ? root4 : root6, one.family, words);
	return arena_line(arena, line);
}

static const struct class *source(struct arena *arena, const char *address)
{
	const struct policy_head *head = head_of(arena);

	return class_in(arena, address, head->source_root4, head->source_root6, head->source_class);
}

static const struct class *destination(struct arena *arena, const char *address)
{
	const struct policy_head *head = head_of(arena);

	return class_in(arena, address, head->destination_root4, head->destination_root6,
			head->destination_class);
}

static void add(struct entries *entries, const char *text, __u64 until_ns, const char *comment)
{
	struct entry entry = { prefix(text), until_ns, comment ? strdup(comment) : NULL };
	struct fail fail;

	CHECK_EQ(entries_put(entries, &entry, &fail), 0);
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
	CHECK_EQ(martian(&arena, "0.0.0.0"), 0);
	CHECK_EQ(martian(&arena, "0.0.0.1"), MARTIAN_BOTH);
	CHECK_EQ(martian(&arena, "8.8.8.8"), 0);
	CHECK_EQ(martian(&arena, "::"), 0);
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
	CHECK_EQ(destination(&arena, "203.0.113.53")->flags, CLASS_BYPASS);
	CHECK_EQ(destination(&arena, "203.0.113.54")->flags, 0);
	CHECK_EQ(destination(&arena, "203.0.114.1")->destination_rule[0], 0);
	CHECK_EQ(source(&arena, "203.0.113.53")->destination_rule[0], 0);
	CHECK_EQ(source(&arena, "8.8.8.8")->flags, CLASS_BYPASS);	/* from anywhere */
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
		     "check { malformed monitor; stray off; window drop; blackhole table 666; }\n",
		     NULL, &arena);
	CHECK(marked(knobs_of(&arena)->monitor, REASON_TRUNCATED));
	CHECK(marked(knobs_of(&arena)->monitor, REASON_LAND));
	CHECK(!marked(knobs_of(&arena)->monitor, REASON_BLOCKED));
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
		CHECK_EQ(rule->burst_ns, total ? 2 * SECOND : rule->cost_ns);
	}
	CHECK_EQ(rule_at(&arena, 1)->slot + rule_at(&arena, 2)->slot, 1);
	arena_free(&arena);
}

static __u32 slot_of(const struct arena *arena, const char *words)
{
	char text[128], *argv[16], *rest = text;
	struct limit limit;
	struct fail fail;
	int argc = 0;

	snprintf(text, sizeof(text), "%s", words);
	while (argc < 16 && (argv[argc] = strsep(&rest, " ")))
		argc++;
	CHECK_SAID(!limit_parse(argc, argv, &limit, &fail), "%s", fail.what);
	return compiled_slot(arena, &limit);
}

TEST(slots_stay_over_a_reload)
{
	struct arena first, second, third;
	__u32 total, eight, nine;

	compile_text("limit new-flows { total 200/second; prefix 8.0.0.0/8 total 10/second; }", NULL,
		     &first);
	total = slot_of(&first, "total 1/second");
	eight = slot_of(&first, "prefix 8.0.0.0/8 total 1/second");
	CHECK(total && eight && total != eight);
	CHECK_EQ(slot_of(&first, "prefix 9.0.0.0/8 total 1/second"), 0);
	compile_text("limit new-flows { prefix 9.0.0.0/8 total 10/second; per source 5/second;"
		     " prefix 8.0.0.0/8 total 99/second; }", &first, &second);
	nine = slot_of(&second, "prefix 9.0.0.0/8 total 1/second");
	CHECK_EQ(slot_of(&second, "prefix 8.0.0.0/8 total 1/second"), eight);
	CHECK(nine && nine != eight && nine != total);
	CHECK_EQ(slot_of(&second, "per source 1/second"), 0);
	compile_text("limit new-flows { total 200/second; prefix 9.0.0.0/8 total 10/second; }",
		     &second, &third);
	CHECK_EQ(slot_of(&third, "prefix 9.0.0.0/8 total 1/second"), nine);
	CHECK(slot_of(&third, "total 1/second") != nine);
	CHECK_EQ(head_of(&first)->generation, 1);
	CHECK_EQ(head_of(&third)->generation, 3);
	arena_free(&first);
	arena_free(&second);
	arena_free(&third);
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

/* ---- counters of block entries ------------------------------------------------------------- */

static __u32 hit_of(const struct arena *arena, const char *text)
{
	struct prefix one = prefix(text);

	return compiled_hit(arena, &one);
}

TEST(counters_of_block_entries)
{
	struct arena first, second;
	struct policy policy;
	__u32 named, timed;

	policy_init(&policy);
	add(&policy.block, "8.0.0.0/8", FOREVER, NULL);
	add(&policy.block, "9.0.0.0/8", FOREVER, NULL);
	add(&policy.block, "8.8.8.8", FOREVER, "noisy");
	add(&policy.block, "2a00::/16", NOW + SECOND, NULL);
	compile_policy(&policy, NULL, NOW, &first);
	named = hit_of(&first, "8.8.8.8");
	timed = hit_of(&first, "2a00::/16");
	CHECK_EQ(hit_of(&first, "8.0.0.0/8"), 1);
	CHECK_EQ(hit_of(&first, "9.0.0.0/8"), 1);
	CHECK_EQ(hit_of(&first, "7.0.0.0/8"), 0);
	CHECK(named > 1 && timed > 1 && named != timed);
	CHECK_EQ(source(&first, "8.8.8.8")->hit, named);
	CHECK_EQ(source(&first, "8.8.8.9")->hit, 1);
	CHECK_EQ(source(&first, "2a00::1")->hit, timed);
	add(&policy.block, "1.1.1.1", FOREVER, "new");
	compile_policy(&policy, &first, NOW, &second);
	CHECK_EQ(hit_of(&second, "8.8.8.8"), named);
	CHECK_EQ(hit_of(&second, "2a00::/16"), timed);
	CHECK(hit_of(&second, "1.1.1.1") > 1);
	CHECK(hit_of(&second, "1.1.1.1") != named && hit_of(&second, "1.1.1.1") != timed);
	arena_free(&first);
	arena_free(&second);
	policy_free(&policy);
}

TEST(counters_run_out)
{
	struct policy policy;
	struct arena arena;
	char seen[HIT_MAX] = { 0 };
	int own = 0, shared = 0;

	policy_init(&policy);
	for (int i = 0; i < HIT_MAX + 100; i++) {
		char text[64];

		snprintf(text, sizeof(text), "8.1.%d.%d", i >> 8, i & 255);
		add(&policy.block, text, FOREVER, "one");
	}
	compile_policy(&policy, NULL, NOW, &arena);
	for (int i = 0; i < HIT_MAX + 100; i++) {
		char text[64];
		__u32 hit;

		snprintf(text, sizeof(text), "8.1.%d.%d", i >> 8, i & 255);
		hit = source(&arena, text)->hit;
		CHECK(hit && hit < HIT_MAX);
		shared += hit == 1;
		own += hit != 1 && hit < HIT_MAX && !seen[hit]++;
	}
	CHECK_EQ(own, HIT_MAX - 2);
	CHECK_EQ(shared, 102);
	policy_free(&policy);
	arena_free(&arena);
}

/* ---- there and back ------------------------------------------------------------------------ */

/* the text of everything, with instants beside it, since text has durations only */
static char *everything(const struct policy *policy)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	policy_print(to, policy, NOW, true);
	fprintf(to, "enforce until %llu\n", policy->enforce_until_ns);
	for (size_t i = 0; i < policy->block.count; i++)
		fprintf(to, "%llu ", policy->block.at[i].until_ns);
	for (size_t i = 0; i < policy->trust.count; i++)
		fprintf(to, "%llu ", policy->trust.at[i].until_ns);
	fclose(to);
	return text;
}

TEST(decompile_gives_the_policy_back)
{
	struct policy policy = parsed(
		"mode enforce\n"
		"interface wan0 { role outside; driver native; urpf loose; }\n"
		"interface \"lan*\" { role inside; sources { 10.0.0.0/8, fd00::/8 }; }\n"
		"trusted { 192.0.2.0/24; 2001:db8:10::/48; }\n"
		"check { malformed drop; martians drop except 10.0.0.0/8; stray auto; }\n"
		"limit new-flows {\n"
		"  per source 200/second burst 400\n"
		"  prefix 100.64.0.0/10 per source 500/second burst 1000\n"
		"  prefix 203.0.113.0/24 total 2000/second burst 4000\n"
		"  per destination 500/second burst 50000\n"
		"  total 50000/second\n"
		"}\n"
		"pressure { tight above 70%; full above 90%; reserve 5% for tcp port 22; }\n"
		"bypass { udp port 53 to 203.0.113.53; tcp port 60000-60100; }\n"), back;
	struct arena arena, again;
	struct fail fail = { 0 };
	char *wanted, *got;

	policy.enforce_until_ns = NOW + 12345;
	add(&policy.block, "198.51.100.0/24", FOREVER, NULL);
	add(&policy.block, "198.51.100.7", NOW + 1, "a \"comment\" with { odd } \x1b bytes");
	add(&policy.block, "0.0.0.0/0", NOW + 77, NULL);
	add(&policy.block, "2001:db8:fffe::/47", FOREVER, "");
	add(&policy.block, "::/0", NOW + 3 * SECOND, NULL);
	add(&policy.trust, "192.0.2.7", NOW + 1234567, "mine");
	compile_policy(&policy, NULL, NOW, &arena);
	CHECK_SAID(!decompile(&arena, NOW, &back, &fail), "%s", fail.what);
	wanted = everything(&policy);
	got = everything(&back);
	CHECK_STR(got, wanted);
	compile_policy(&back, &arena, NOW, &again);
	CHECK_EQ(again.lines, arena.lines);
	CHECK_EQ(head_of(&again)->record_bytes, head_of(&arena)->record_bytes);
	CHECK(!memcmp(arena.bytes + POLICY_LINE, again.bytes + POLICY_LINE,
		      (arena.lines - 1) * POLICY_LINE));
	free(wanted);
	free(got);
	policy_free(&policy);
	policy_free(&back);
	arena_free(&arena);
	arena_free(&again);
}

TEST(decompile_leaves_out_what_ended)
{
	struct policy policy, back;
	struct arena arena;
	struct fail fail;

	policy_init(&policy);
	add(&policy.block, "8.8.8.8", NOW + 1, "short");
	add(&policy.block, "9.9.9.9", FOREVER, "long");
	compile_policy(&policy, NULL, NOW, &arena);
	CHECK_EQ(decompile(&arena, NOW + 1, &back, &fail), 0);
	CHECK_EQ(back.block.count, 1);
	CHECK_STR(back.block.count ? back.block.at[0].comment : "", "long");
	policy_free(&back);
	policy_free(&policy);
	arena_free(&arena);
}

/* an arena that something else wrote, or only a part of one */
TEST(decompile_refuses_what_is_broken)
{
	struct arena arena, part = { 0 };
	struct policy policy;
	struct fail fail = { 0 };
	__u64 seed = 5;

	CHECK(decompile(&part, NOW, &policy, &fail) < 0);
	CHECK(fail.what[0]);
	compile_text("blocked { 8.8.8.8; 9.0.0.0/8 comment \"x\"; }\n"
		     "trusted { 192.0.2.0/24 timeout 5m; }", NULL, &arena);
	for (part = arena; part.lines; part.lines--) {
		if (part.lines == arena.lines)
			continue;
		CHECK(decompile(&part, NOW, &policy, &fail) < 0);
	}
	for (int i = 0; i < 20000; i++) {
		size_t record = (size_t)head_of(&arena)->record * POLICY_LINE;
		size_t at = record + random_below(&seed, head_of(&arena)->record_bytes);
		__u8 was = arena.bytes[at];

		arena.bytes[at] = random_next(&seed);
		if (!decompile(&arena, NOW, &policy, &fail))
			policy_free(&policy);
		arena.bytes[at] = was;
	}
	CHECK_EQ(decompile(&arena, NOW, &policy, &fail), 0);
	CHECK_EQ(policy.block.count, 2);
	policy_free(&policy);
	arena_free(&arena);
}

int main(void)
{
	return test_main();
}
