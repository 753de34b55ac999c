// SPDX-License-Identifier: GPL-2.0-only
/* Somebody else's XDP program that shares its device: counts UDP over IPv4 to the discard port. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DISCARD	9

__u64 seen;

SEC("xdp")
int neighbour(struct xdp_md *ctx)
{
	struct frame {
		struct ethhdr eth;
		struct iphdr ip;
		struct udphdr udp;
	} __attribute__((packed)) *frame = (void *)(long)ctx->data;

	if ((void *)(frame + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	if (frame->eth.h_proto == bpf_htons(ETH_P_IP) && frame->ip.ihl == 5 &&
	    frame->ip.protocol == IPPROTO_UDP && frame->udp.dest == bpf_htons(DISCARD))
		__sync_fetch_and_add(&seen, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
