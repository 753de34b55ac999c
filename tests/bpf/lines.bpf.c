// SPDX-License-Identifier: GPL-2.0-only
/* Where the values of the maps stand that are made of cache lines: for tests/lines.c. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/state.h"

const void *source_at, *group_at, *strangers_at, *flow_at, *flow_hot_at, *budget_at, *engaged_at;

SEC("xdp")
int lines(struct xdp_md *ctx __attribute__((unused)))
{
	source_at = source_line(0);
	group_at = group_line(0);
	strangers_at = challenge_line(0);
	flow_at = flow_line(0);
	flow_hot_at = flow_hot_line(0);
	budget_at = budget_of(0);
	engaged_at = engaged_of(0);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
