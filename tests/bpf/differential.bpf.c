// SPDX-License-Identifier: GPL-2.0-only
/* The stages that know nothing of limits, with each verdict written down. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/conntrack_xdp.h"
#include "bpf/parse.h"
#include "bpf/sane.h"
#include "bpf/track.h"

struct policy_knobs knobs;
volatile __u64 judged;		/* frames so far */
volatile __u32 last_reason;	/* of the last one */

static __always_inline enum reason judge_flow(void *ctx, const struct pkt *pkt)
{
	struct scene scene = { .knobs = &knobs, .now_ns = now_ns() };
	enum reason reason = sane(pkt);

	if (reason)
		return reason;
	reason = track(ctx, pkt, &scene);
	if (reason)
		return reason;
	track_admitted(pkt, scene.now_ns);
	return REASON_NEW;
}

SEC("xdp.frags")
int differential(struct xdp_md *ctx)
{
	struct pkt pkt;
	enum reason reason;

	parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, bpf_xdp_get_buff_len(ctx),
	      false, &pkt);
	reason = judge_flow(ctx, &pkt);
	last_reason = reason;
	judged++;
	return reason >= REASON_DROP_FIRST ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
