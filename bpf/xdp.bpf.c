// SPDX-License-Identifier: GPL-2.0-only
/* XDP: xdp_md -> bytes, reason -> XDP_*. No checks. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "checksum_xdp.h"
#include "conntrack_xdp.h"
#include "count.h"
#include "judge.h"
#include "parse.h"

/* Fills *pkt from the linear part of the frame. */
__noinline int weir_read(struct xdp_md *ctx, struct pkt *pkt)
{
	if (!pkt)
		return 0;
	parse((void *)(long)ctx->data, (void *)(long)ctx->data_end, bpf_xdp_get_buff_len(ctx), false,
	      pkt);
	return 0;
}

SEC("xdp.frags")
int weir_xdp(struct xdp_md *ctx)
{
	struct scratch *scratch = scratch_of_cpu();
	struct scene scene = {};
	enum reason reason;
	struct pkt *pkt;
	bool would;

	if (!scratch)
		return XDP_PASS;
	pkt = &scratch->pkt;
	weir_read(ctx, pkt);
	foresee(pkt, &scratch->admission);
	if (!scene_open(&scene, pkt)) {
		count(REASON_FAIL_OPEN, false, pkt->bytes);
		return XDP_PASS;
	}
	reason = judge(ctx, pkt, &scene);
	would = reason >= REASON_DROP_FIRST && scene_monitors(&scene, reason);
	count(reason, would, pkt->bytes);
	return reason >= REASON_DROP_FIRST && !would ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
