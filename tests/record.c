// SPDX-License-Identifier: GPL-2.0-only
/* What a reload keeps: slots of limits, counters of entries, and the policy itself. */
#include "compiled.h"

/* ---- slots of limits ----------------------------------------------------------------------- */

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
	arena_free(&first);
	arena_free(&second);
	arena_free(&third);
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
