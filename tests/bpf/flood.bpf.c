// SPDX-License-Identifier: GPL-2.0-only
/* Gives the packet a random source and hands it on: to the floor, or to a whole path. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} generator SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

/* One of 2^29 addresses, 32.0.0.0 to 63.255.255.255: no martians (xorshift64*). */
static __always_inline __u32 generate(void)
{
	__u32 zero = 0;
	__u64 *state = bpf_map_lookup_elem(&generator, &zero);

	if (!state)
		return 0;
	if (!*state)
		*state = (bpf_get_smp_processor_id() + 1) * 0x9e3779b97f4a7c15ULL;
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return 0x20000000 | *state * 0x2545f4914f6cdd1dULL >> 35;
}

SEC("xdp.frags")
int flood_random(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	__u32 sum, source;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	source = bpf_htonl(generate());
	/* RFC 1624, 16 bits at a time */
	sum = (__u16)~ip->check + (__u16)~ip->saddr + (__u16)~(ip->saddr >> 16);
	sum += (__u16)source + (source >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~sum;
	ip->saddr = source;
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int flood_floor(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
