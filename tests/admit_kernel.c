// SPDX-License-Identifier: GPL-2.0-only
/*
 * Admission in the verified and compiled program, against the same code compiled natively: the same
 * frames at the same time under the same policy pass or are dropped alike, for the same reasons, and
 * leave the same sources, groups and budgets behind. SEED=number repeats a run.
 */
#include <sched.h>
#include "attach.h"
#include "frame.h"
#include "gateway.h"
#define LINES		GATEWAY_LINES
#define HASH_KEY	GATEWAY_KEY
#include "spent.h"
#include "lookup.h"
#include "random.h"
#include "test.h"
#include "bpf/parse.h"
#include "xdp.skel.h"

#define FRAMES	50000
#define LOOK	50	/* frames between two looks at the counters */

static const char policy_text[] =
	"mode enforce\n"
	"limit new-flows {\n"
	"	per source 5/second burst 8\n"
	"	prefix 25.0.0.0/8 per source 2/second burst 12\n"
	"	prefix 25.1.2.0/24 total 40/second burst 50\n"
	"	prefix 31.0.0.0/8 per aggregate 30/second burst 40\n"
	"	per destination 100/second burst 120\n"
	"	total 400/second burst 450\n"
	"}\n"
	"pressure { tight above 70% }\n";

static const struct gateway_kind xdp_kind = { "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes };

static struct gateway gateway;
static struct arena arena;
static __u64 native[REASON_COUNT];	/* packets by reason */

/* What the native side knows of the policy is what was compiled for the other one. */
static void obey(void)
{
	const struct rule *compiled;
	struct policy policy;
	struct fail fail = {};

	CHECK_SAID(!gateway_policy(&gateway, policy_text, &fail), "%s", fail.what);
	CHECK(!policy_parse(policy_text, "test", START, &policy, &fail));
	CHECK(!compile(&policy, NULL, START, &arena, &fail));
	policy_free(&policy);
	memcpy(&head, arena.bytes, sizeof(head));
	memcpy(&knobs, arena.bytes + POLICY_KNOBS * POLICY_LINE, sizeof(knobs));
	compiled = (const struct rule *)(arena.bytes + (size_t)head.rule * POLICY_LINE);
	for (int i = 1; i < RULES && compiled[i].cost_ns; i++) {
		CHECK(compiled[i].slot < RULES);
		rules[i] = compiled[i];
	}
	CHECK(!(head.destination_root4 | head.destination_root6));
	head.rule = 0;
}

/*
 * A SYN of a flow that was never there: the source port tells frames apart. Sources are a few that
 * keep coming, neighbours of theirs, and random ones, more than the table holds.
 */
static void make(struct craft *c, unsigned int frame)
{
	bool six = !random_below(8);
	unsigned int crowd = random_below(4);
	char from[64], to[64];

	*c = (struct craft){};
	craft_eth(c, six ? ETH_P_IPV6 : ETH_P_IP);
	if (six) {
		snprintf(from, sizeof(from), "2a00:%x::%x", crowd ? random_below(40) : random_below(65536),
			 1 + random_below(9));
		craft_ip6(c, from, "2a00:ffff::1", IPPROTO_TCP);
	} else {
		if (crowd == 0)
			snprintf(from, sizeof(from), "40.%u.%u.%u", random_below(256), random_below(256),
				 random_below(256));
		else if (crowd == 1)
			snprintf(from, sizeof(from), "25.1.2.%u", random_below(100));
		else if (crowd == 2)
			snprintf(from, sizeof(from), "31.0.%u.%u", random_below(4), random_below(256));
		else
			snprintf(from, sizeof(from), "25.2.%u.1", random_below(30));
		snprintf(to, sizeof(to), "26.0.0.%u", random_below(3) ? random_below(64) : 0);
		craft_ip4(c, from, to, IPPROTO_TCP);
	}
	craft_tcp(c, 1024 + frame % 60000, 80, TCP_SYN);
	craft_finish(c);
}

static enum reason judge_natively(const struct craft *c, __u64 now_ns)
{
	struct admit_input in = { .head = &head, .knobs = &knobs, .monitor = knobs.monitor[1],
				  .now_ns = now_ns };
	struct prefix source = {};
	struct pkt pkt;

	parse(c->byte, c->byte + c->size, c->size, false, &pkt);
	source.family = pkt.family;
	source.length = pkt.family == 4 ? 32 : 128;
	memcpy(source.addr, pkt.saddr, sizeof(source.addr));
	in.source = lookup_source(&arena, &source);
	return ask_all(&pkt, &in);
}

/* The second half of the time the table fills up. */
static void tell_pressure(__u64 now_ns, bool tight)
{
	__u32 zero = 0;

	pressure = (struct pressure_now){
		.beat_ns = now_ns, .level = tight ? PRESSURE_TIGHT : PRESSURE_CALM,
		.admit_cost_ns = SECOND / 100, .proven_cost_ns = SECOND / 200,
	};
	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_PRESSURE), &zero, &pressure, BPF_ANY));
}

static bool counters_agree(unsigned int frame)
{
	struct counter sum[2 * REASON_COUNT];
	bool same = true;

	gateway_count(&gateway, sum);
	for (int i = 0; i < REASON_COUNT; i++) {
		CHECK_SAID(sum[i].packets == native[i], "frame %u, reason %d: %llu and natively %llu", frame,
			   i, sum[i].packets, native[i]);
		same &= sum[i].packets == native[i];
	}
	return same;
}

static bool play(unsigned int frame, __u64 now_ns)
{
	enum reason reason;
	struct craft c;
	int verdict;

	make(&c, frame);
	reason = judge_natively(&c, now_ns);
	native[reason]++;
	verdict = gateway_send(&gateway, c.byte, c.size);
	CHECK_SAID(verdict == (reason >= REASON_DROP_FIRST ? XDP_DROP : XDP_PASS),
		   "frame %u: verdict %d, natively reason %d", frame, verdict, reason);
	return (frame + 1) % LOOK || counters_agree(frame);
}

/* All lines of a table, byte by byte. */
static void tables_agree(const char *map, const void *lines, size_t count, size_t size)
{
	__u8 line[size];
	int differ = 0;

	for (__u32 i = 0; i < count; i++) {
		CHECK(!bpf_map_lookup_elem(gateway_map(&gateway, map), &i, line));
		differ += memcmp(line, (const __u8 *)lines + i * size, size) != 0;
	}
	CHECK_SAID(!differ, "%s: %d of %zu lines differ", map, differ, count);
}

static void budgets_agree(void)
{
	struct budget_use of_cpu[libbpf_num_possible_cpus()];

	for (__u32 i = 1; i < RULES + 2; i++) {
		__u32 slot = i < RULES ? i : BUDGET_UNPROVEN + i - RULES;
		struct budget_use *use = &of_cpu[sched_getcpu()];
		struct budget shared;

		CHECK(!bpf_map_lookup_elem(gateway_map(&gateway, MAP_BUDGET), &slot, &shared));
		CHECK(!bpf_map_lookup_elem(gateway_map(&gateway, MAP_BUDGET_USE), &slot, of_cpu));
		CHECK_SAID(!memcmp(&shared, &budgets[i], sizeof(shared)), "budget %u", i);
		CHECK_SAID(!memcmp(use, &budget_uses[0][i], sizeof(*use)), "use of budget %u", i);
	}
}

TEST(kernel_and_native_agree)
{
	static const enum reason expected[] = {
		REASON_NEW, REASON_RATE_SOURCE, REASON_RATE_PREFIX, REASON_RATE_DESTINATION,
		REASON_RATE_TOTAL, REASON_PRESSURE,
	};
	__u64 now_ns = START;
	unsigned int frame;
	int error;

	if (geteuid())
		SKIP("needs root");
	CHECK(!unshare(CLONE_NEWNET));
	random_seed();
	start(random_state);
	error = gateway_open(&gateway, &xdp_kind, attach_probe(), true);
	CHECK_SAID(!error, "%s", strerror(error));
	if (error)
		return;
	obey();
	for (frame = 0; frame < FRAMES; frame++) {
		/*
		 * A tick of the coarse clock, of few packets or of a flood, now and then a pause in which
		 * budgets are full again.
		 */
		if (!random_below(frame / 4096 % 2 ? 256 : 8))
			now_ns += random_below(1000) ? 4000000 : random_below(2000000000);
		if (gateway.now_ns != now_ns) {
			gateway_at(&gateway, now_ns);
			tell_pressure(now_ns, frame > FRAMES / 2);
		}
		if (!play(frame, now_ns))
			break;
	}
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		printf("# reason %d: %llu\n", expected[i], native[expected[i]]);
		CHECK_SAID(native[expected[i]] >= 20, "reason %d is hardly met", expected[i]);
	}
	CHECK_SAID(unseen >= 1000, "%lu flows were refused without a look at their sources", unseen);
	/* what is noted by then is accounted with the next flow */
	gateway_at(&gateway, now_ns + 4000000);
	play(frame, gateway.now_ns);
	tables_agree(MAP_BLOOM, blooms, BLOOM_LINES, sizeof(*blooms));
	tables_agree(MAP_SOURCE, source_lines, LINES, sizeof(*source_lines));
	tables_agree(MAP_GROUP, group_lines, LINES, sizeof(*group_lines));
	tables_agree(MAP_SOURCE_MORE, source_mores, LINES * SOURCE_WAYS, sizeof(*source_mores));
	budgets_agree();
	arena_free(&arena);
	gateway_close(&gateway);
}

int main(void)
{
	return test_main();
}
