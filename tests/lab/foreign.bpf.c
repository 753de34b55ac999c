// SPDX-License-Identifier: GPL-2.0-only
/* Somebody else's XDP program: what weir finds on a device that is taken. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int foreign_pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
