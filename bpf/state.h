/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps as typed pointers, and the clock. Every function here may return NULL: the caller then
 * passes the packet (fail open).
 */
#ifndef WEIR_STATE_H
#define WEIR_STATE_H

#include "maps.h"
#include "arena.h"

static __always_inline struct dev *dev_of(__u32 slot)
{
	return bpf_map_lookup_elem(&dev, &slot);
}

static __always_inline const struct forward_dev *forward_dev_of(__u32 ifindex)
{
	__u32 place = ifindex % FORWARD_PLACES;
	const struct forward_dev *dev = bpf_map_lookup_elem(&forward, &place);

	return dev && dev->ifindex == ifindex ? dev : NULL;
}

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

static __always_inline struct pressure_now *pressure_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&pressure, &zero);
}

static __always_inline struct challenge_line *challenge_line(__u32 line)
{
	return bpf_map_lookup_elem(&strangers, &line);
}

static __always_inline struct challenge_use *challenge_use_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&challenge_use, &zero);
}

static __always_inline struct engage *engaged_of(__u32 slot)
{
	return bpf_map_lookup_elem(&engaged, &slot);
}

static __always_inline struct scratch *scratch_of_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

/*
 * The time moves once a tick, and so does jiffies, which is read and not called for: the clock is
 * asked only when that has moved. What it says may be a tick old.
 */
static __always_inline __u64 now_ns(struct scratch *scratch)
{
	__u64 jiffies = bpf_jiffies64();

	if (test_clock)
		return test_now_ns;
	if (jiffies != scratch->jiffies) {
		scratch->now_ns = bpf_ktime_get_coarse_ns();
		scratch->jiffies = jiffies;
	}
	return scratch->now_ns;
}

static __always_inline struct audit *audit_of(__u32 index)
{
	return bpf_map_lookup_elem(&audit, &index);
}

static __always_inline __u64 *turn_taken_of_cpu(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&turn_taken, &zero);
}

static __always_inline const struct routes_now *routes_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&routes, &zero);
}

/* What was answered for a block of sources. */
static __always_inline __u32 *route_answer_of(__u32 block)
{
	return bpf_map_lookup_elem(&route_answer, &block);
}

static __always_inline struct run *run_now(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&run, &zero);
}

static __always_inline struct flow_line *flow_line(__u32 line)
{
	return bpf_map_lookup_elem(&flow, &line);
}

static __always_inline struct flow_line *flow_hot_line(__u32 line)
{
	return bpf_map_lookup_elem(&flow_hot, &line);
}

static __always_inline struct bloom_line *bloom_line(__u32 line)
{
	return bpf_map_lookup_elem(&bloom, &line);
}

static __always_inline const struct policy_reserve *reserve_of(void *arena)
{
	const struct arena_view *view = arena;

	return page_line(view->first, POLICY_RESERVE);
}

/* two rules a line */
static __always_inline const struct rule *rule_of(void *arena, __u32 first_line, __u32 number)
{
	const struct rule *pair = arena_line_early(arena, first_line + number / 2);

	if (!pair)
		return NULL;
	return pair + (number & 1);
}

#endif
