// SPDX-License-Identifier: GPL-2.0-only
/* parse() and sane() alone, to be loaded and measured: returns the reason as the verdict. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/parse.h"
#include "bpf/sane.h"

const volatile bool l3;

SEC("xdp.frags")
int parse_xdp(struct xdp_md *ctx)
{
	const void *data = (const void *)(long)ctx->data;
	const void *data_end = (const void *)(long)ctx->data_end;
	struct pkt pkt;

	parse(data, data_end, bpf_xdp_get_buff_len(ctx), l3, &pkt);
	return sane(&pkt);
}

char LICENSE[] SEC("license") = "GPL";
