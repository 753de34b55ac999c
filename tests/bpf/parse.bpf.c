// SPDX-License-Identifier: GPL-2.0-only
/* parse() and sane() alone, to be compared with what they do natively, and to be measured. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/parse.h"
#include "bpf/sane.h"

const volatile bool l3;
struct pkt seen;	/* what parse() made of the last frame */

static __always_inline enum reason read_frame(struct xdp_md *ctx, struct pkt *pkt)
{
	const void *data = (const void *)(long)ctx->data;
	const void *data_end = (const void *)(long)ctx->data_end;

	parse(data, data_end, bpf_xdp_get_buff_len(ctx), l3, pkt);
	return sane(pkt);
}

/* the verdict is the reason */
SEC("xdp.frags")
int parse_frame(struct xdp_md *ctx)
{
	struct pkt pkt;

	return read_frame(ctx, &pkt);
}

SEC("xdp.frags")
int show_frame(struct xdp_md *ctx)
{
	struct pkt pkt;
	enum reason reason = read_frame(ctx, &pkt);

	seen = pkt;
	return reason;
}

/* what the frame costs before anybody looks at it */
SEC("xdp.frags")
int floor_frame(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
