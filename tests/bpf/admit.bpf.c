// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests and benchmarks of admission alone: no parser and no tables, one source a run from a
 * generator, so that the difference to `floor` is what accounting and budgets cost.
 */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi.h"
#include "bpf/admission.h"

#define RULES	64

const volatile __u64 hash_key[4];
const volatile __u32 source_mask;
const volatile __u32 group_mask;
const volatile __u8 source_length6 = 64;
const volatile __u32 sources;	/* 0: any address; else so many different ones */

struct class class_of_all;
struct policy_head head;
struct policy_knobs knobs;

#define TABLE(name, kind, entries, type_name) \
	struct { \
		__uint(type, kind); \
		__uint(max_entries, entries); \
		__type(key, __u32); \
		__type(value, type_name); \
	} name SEC(".maps")

/* rules stand where the datapath has them, behind a map in a map: two a line */
struct arena {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, RULES / 2);
	__uint(map_flags, BPF_F_INNER_MAP);
	__uint(key_size, 4);
	__uint(value_size, POLICY_LINE);
} rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__array(values, struct arena);
} policy SEC(".maps") = { .values = { &rules } };

/* of cache lines, as bpf/maps.h has them */
#define LINES_TABLE(name, entries, type_name) \
	struct { \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(map_flags, BPF_F_MMAPABLE); \
		__uint(max_entries, entries); \
		__type(key, __u32); \
		__type(value, type_name); \
	} name SEC(".maps")

LINES_TABLE(source, 1, struct source_line);
LINES_TABLE(source_more, 1, struct source_more);
LINES_TABLE(group, 1, struct source_line);
LINES_TABLE(budget, RULES, struct budget);
TABLE(budget_use, BPF_MAP_TYPE_PERCPU_ARRAY, RULES, struct budget_use);
TABLE(generator, BPF_MAP_TYPE_PERCPU_ARRAY, 1, __u64);
TABLE(outcome, BPF_MAP_TYPE_PERCPU_ARRAY, REASON_COUNT, __u64);
TABLE(scratch, BPF_MAP_TYPE_PERCPU_ARRAY, 1, struct admission);
TABLE(lru, BPF_MAP_TYPE_LRU_HASH, 1, __u64);

static __always_inline struct source_line *source_line(__u32 line)
{
	return bpf_map_lookup_elem(&source, &line);
}

static __always_inline struct source_line *group_line(__u32 line)
{
	return bpf_map_lookup_elem(&group, &line);
}

static __always_inline struct source_more *source_more_of(__u32 index)
{
	return bpf_map_lookup_elem(&source_more, &index);
}

static __always_inline struct budget *budget_of(__u32 slot)
{
	return bpf_map_lookup_elem(&budget, &slot);
}

static __always_inline struct budget_use *budget_use_of(__u32 slot)
{
	return bpf_map_lookup_elem(&budget_use, &slot);
}

static __always_inline const struct rule *rule_of(void *arena, __u32 first_line, __u32 number)
{
	__u32 line = first_line + number / 2;
	const struct rule *pair = bpf_map_lookup_elem(arena, &line);

	return pair ? pair + (number & 1) : NULL;
}

TABLE(pressure, BPF_MAP_TYPE_ARRAY, 1, struct pressure_now);
struct policy_reserve reserve;
bool all_proven;

static __always_inline const struct policy_reserve *reserve_of(void *arena __attribute__((unused)))
{
	return &reserve;
}

static __always_inline struct pressure_now *pressure_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&pressure, &zero);
}

static __always_inline bool is_proven(const struct pkt *pkt __attribute__((unused)),
				      __u64 now_ns __attribute__((unused)))
{
	return all_proven;
}

static __always_inline int track_resent(const struct pkt *pkt __attribute__((unused)),
					__u64 now_ns __attribute__((unused)))
{
	return 0;
}

#include "bpf/admit.h"

static __always_inline struct admission *scratch_admission(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

static __always_inline void *policy_arena(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&policy, &zero);
}

/* The next random address of this CPU (xorshift64*). */
static __always_inline __u32 generate(void)
{
	__u32 zero = 0, address;
	__u64 *state = bpf_map_lookup_elem(&generator, &zero);

	if (!state)
		return 0;
	if (!*state)
		*state = (bpf_get_smp_processor_id() + 1) * 0x9e3779b97f4a7c15ULL;
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	address = *state * 0x2545f4914f6cdd1dULL >> 32;
	return sources ? address % sources : address;
}

static __always_inline int counted(__u32 reason)
{
	__u64 *packets = bpf_map_lookup_elem(&outcome, &reason);

	if (packets)
		++*packets;
	return XDP_DROP;
}

SEC("xdp")
int bench_floor(void *ctx __attribute__((unused)))
{
	return counted(generate() & 1);
}

SEC("xdp")
int bench_clock(void *ctx __attribute__((unused)))
{
	return counted(generate() + bpf_ktime_get_coarse_ns() & 1);
}

/* What memory alone costs: one random line of the table of sources is read and written. */
SEC("xdp")
int bench_touch(void *ctx __attribute__((unused)))
{
	__u64 address = generate();
	struct source_line *line = source_line(hash_line(hash_word(address, hash_key), source_mask));

	if (!line)
		return XDP_PASS;
	address += line->way[address & 3].word;
	line->way[address & 3].word = address;
	return counted(REASON_NEW);
}

SEC("xdp")
int bench_admit(void *ctx __attribute__((unused)))
{
	struct pkt pkt = { .family = 4, .l4_proto = 6, .dport = 0x5000 };
	struct admit_input in = {
		.arena = policy_arena(), .head = &head, .knobs = &knobs, .source = &class_of_all, .role = ROLE_OUTSIDE,
		.now_ns = bpf_ktime_get_coarse_ns(),
	};
	struct admission *admission = scratch_admission();

	if (!in.arena || !admission)
		return XDP_PASS;
	pkt.saddr[0] = generate();
	pkt.daddr[0] = 0x0100007f;
	return counted(admit(&pkt, &in, admission));
}

/* IPv6, both roles, everything in play: what the verifier has to walk at most. */
SEC("xdp")
int verify_admit(void *ctx __attribute__((unused)))
{
	struct pkt pkt = { .l4_proto = 17 };
	struct admit_input in = {
		.arena = policy_arena(), .head = &head, .knobs = &knobs, .source = &class_of_all,
		.destination = &class_of_all, .monitor = knobs.monitor[1],
		.now_ns = bpf_ktime_get_coarse_ns(),
	};
	struct admission *admission = scratch_admission();

	if (!in.arena || !admission)
		return XDP_PASS;
	pkt.family = generate() & 1 ? 6 : 4;
	in.role = generate() & 1;
	pkt.saddr[0] = generate();
	pkt.saddr[1] = generate();
	pkt.saddr[3] = generate();
	pkt.daddr[0] = generate();
	pkt.daddr[3] = generate();
	pkt.dport = generate();
	return counted(admit(&pkt, &in, admission));
}

/* The same decision with what the kernel has for it: a hash map of sources that evicts by LRU. */
SEC("xdp")
int bench_lru(void *ctx __attribute__((unused)))
{
	__u64 now_ns = bpf_ktime_get_coarse_ns(), fresh_ns, *tat_ns;
	__u32 address = generate();
	const struct rule *rule;
	struct pace pace;
	void *arena = policy_arena();

	if (!arena)
		return XDP_PASS;
	rule = rule_of(arena, 0, 1);
	if (!rule)
		return XDP_PASS;
	tat_ns = bpf_map_lookup_elem(&lru, &address);
	if (!tat_ns) {
		fresh_ns = now_ns + rule->cost_ns;
		bpf_map_update_elem(&lru, &address, &fresh_ns, BPF_ANY);
		return counted(REASON_NEW);
	}
	pace = pace_of(rule);
	if (gcra_closed(*tat_ns, now_ns, &pace))
		return counted(REASON_RATE_SOURCE);
	*tat_ns = (*tat_ns > now_ns ? *tat_ns : now_ns) + rule->cost_ns;
	return counted(REASON_NEW);
}

char LICENSE[] SEC("license") = "GPL";
