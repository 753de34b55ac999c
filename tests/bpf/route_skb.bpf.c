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
bool known, before;

SEC("tc")
int route_skb(struct __sk_buff *ctx)
{
	struct scratch *scratch = scratch_of_cpu();
	struct pkt pkt = route_pkt;

	if (scratch)
		scratch->routed = 0;
	return weir_route(ctx, &pkt, &knobs, class_flags,
			  known ? ROUTE_KNOWN : before ? ROUTE_BEFORE : ROUTE_NEW);
}

char LICENSE[] SEC("license") = "GPL";
