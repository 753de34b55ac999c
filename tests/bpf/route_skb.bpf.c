// SPDX-License-Identifier: GPL-2.0-only
/* The same as route.bpf.c for the context of tc. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/conntrack_skb.h"
#include "bpf/route.h"

struct pkt route_pkt;
struct policy_knobs knobs;
__u32 class_flags;
bool known;

SEC("tc")
int route_skb(struct __sk_buff *ctx)
{
	struct pkt pkt = route_pkt;

	return weir_route(ctx, &pkt, &knobs, class_flags, known);
}

char LICENSE[] SEC("license") = "GPL";
