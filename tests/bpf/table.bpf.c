// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * table_find() in the kernel, for tests/table.c and tests/bench/table.c: each run takes the next
 * address of ask[] and leaves the class in answer[]. nothing() does all of it but the look-up.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/maps.h"
#include "bpf/arena.h"
#include "bpf/table.h"

#define ASKED (1 << 20)

struct lpm_key {
	__u32	length;
	__be32	addr[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20);
	__uint(key_size, sizeof(struct lpm_key));
	__uint(value_size, 4);
} lpm6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20);
	__uint(key_size, 8);
	__uint(value_size, 4);
} lpm4 SEC(".maps");

__u32 next, root, family;
__be32 ask[ASKED][4];
__u32 answer[ASKED];

static __always_inline int ran(__u32 at, __u32 class)
{
	answer[at] = class;
	return XDP_PASS;
}

SEC("xdp")
int nothing(struct xdp_md *ctx __attribute__((unused)))
{
	__u32 at = next++ & (ASKED - 1);

	if (!page_in_force())
		return XDP_ABORTED;
	return ran(at, ask[at][0] ^ ask[at][1]);
}

SEC("xdp")
int find(struct xdp_md *ctx __attribute__((unused)))
{
	__u32 at = next++ & (ASKED - 1);
	__be32 addr[4] = { ask[at][0], ask[at][1], ask[at][2], ask[at][3] };
	const struct policy_page *page = page_in_force();
	struct arena_view arena;

	if (!page)
		return XDP_ABORTED;
	arena = arena_of(page);
	return ran(at, table_find(&arena, root, family, addr));
}

SEC("xdp")
int find_lpm4(struct xdp_md *ctx __attribute__((unused)))
{
	__u32 at = next++ & (ASKED - 1), key[2] = { 32, ask[at][0] };
	__u32 *class;

	if (!page_in_force())
		return XDP_ABORTED;
	class = bpf_map_lookup_elem(&lpm4, key);
	return ran(at, class ? *class : 0);
}

SEC("xdp")
int find_lpm6(struct xdp_md *ctx __attribute__((unused)))
{
	__u32 at = next++ & (ASKED - 1);
	struct lpm_key key = { 128, { ask[at][0], ask[at][1], ask[at][2], ask[at][3] } };
	__u32 *class;

	if (!page_in_force())
		return XDP_ABORTED;
	class = bpf_map_lookup_elem(&lpm6, &key);
	return ran(at, class ? *class : 0);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
