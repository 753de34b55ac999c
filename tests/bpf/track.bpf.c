// SPDX-License-Identifier: GPL-2.0-only
/* track() alone: the packet comes in track_pkt, the reason is the return value. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/conntrack_xdp.h"
#include "track_one.h"

SEC("xdp")
int track_xdp(struct xdp_md *ctx)
{
	return track_one(ctx);
}

char LICENSE[] SEC("license") = "GPL";
