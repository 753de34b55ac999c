// SPDX-License-Identifier: GPL-2.0-only
/* track() alone: the packet comes in track_pkt, the reason is the return value. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/conntrack_skb.h"
#include "track_one.h"

SEC("tc")
int track_skb(struct __sk_buff *ctx)
{
	return track_one(ctx);
}

char LICENSE[] SEC("license") = "GPL";
