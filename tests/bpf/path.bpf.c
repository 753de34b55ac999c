// SPDX-License-Identifier: GPL-2.0-only
/*
 * Around the program that is measured: `vary` gives each run another flow and hands the frame on by
 * a tail call, so that the target can be weir's program, the floor, or a bare look-up. `fill` makes
 * the flows that `vary` walks through known to conntrack.
 */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "bpf/wire.h"

#define FIRST_SOURCE	0x0a000001	/* 10.0.0.1 */
#define LIFETIME_MS	3600000
#define STATUS_SEEN_REPLY	(1 << 1)	/* enum ip_conntrack_status */
#define STATUS_ASSURED		(1 << 2)

/* what the frame carries: no options, TCP */
struct plain {
	struct ethhdr		eth;
	struct iphdr		ip;
	struct tcp_header	tcp;
} __attribute__((packed));

struct nf_conn {
	unsigned long status;
} __attribute__((preserve_access_index));

struct nf_conn___init {
	struct nf_conn ct;
};

struct bpf_ct_opts___12 {
	__s32	netns_id;
	__s32	error;
	__u8	l4proto;
	__u8	dir;
	__u8	reserved[2];
};

struct nf_conn___init *bpf_xdp_ct_alloc(struct xdp_md *ctx, struct bpf_sock_tuple *tuple, __u32 size,
					struct bpf_ct_opts___12 *opts, __u32 opts_size) __ksym;
struct nf_conn *bpf_xdp_ct_lookup(struct xdp_md *ctx, struct bpf_sock_tuple *tuple, __u32 size,
				  struct bpf_ct_opts___12 *opts, __u32 opts_size) __ksym;
int bpf_ct_set_status(const struct nf_conn___init *entry, __u32 status) __ksym;
void bpf_ct_set_timeout(struct nf_conn___init *entry, __u32 milliseconds) __ksym;
struct nf_conn *bpf_ct_insert_entry(struct nf_conn___init *entry) __ksym;
void bpf_ct_release(struct nf_conn *entry) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

__u32 flows;		/* vary: so many sources in turn, a power of two; 0: any address */
bool ports;		/* vary: from any port */
__u64 state = 1;
__u32 filled, found, lost;

/* xorshift64*: the sources come scattered, so that no cache sees the next one coming */
static __always_inline __u64 scatter(void)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dULL;
}

static __always_inline void set_source(struct iphdr *ip, __u32 source)
{
	const __be16 *word = (const __be16 *)ip;
	__u32 sum = 0;

	ip->saddr = bpf_htonl(source);
	ip->check = 0;
#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~sum;
}

SEC("xdp.frags")
int vary(struct xdp_md *ctx)
{
	struct plain *frame = (void *)(long)ctx->data;
	__u64 random = scatter();
	__u32 source = random >> 32;

	if ((void *)(frame + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	if (flows)
		source = FIRST_SOURCE + (source & (flows - 1));
	set_source((void *)frame + offsetof(struct plain, ip), source);
	if (ports)
		frame->tcp.sport = random >> 16;
	bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int same(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &target, 0);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int nothing(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

static __always_inline void tuple_of(const struct plain *frame, struct bpf_sock_tuple *tuple)
{
	tuple->ipv4.saddr = frame->ip.saddr;
	tuple->ipv4.daddr = frame->ip.daddr;
	tuple->ipv4.sport = frame->tcp.sport;
	tuple->ipv4.dport = frame->tcp.dport;
}

/* the least that asks conntrack about a packet */
SEC("xdp.frags")
int bare(struct xdp_md *ctx)
{
	struct bpf_ct_opts___12 opts = { .netns_id = -1, .l4proto = IPPROTO_TCP };
	const struct plain *frame = (void *)(long)ctx->data;
	struct bpf_sock_tuple tuple = {};
	struct nf_conn *entry;

	if ((void *)(frame + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	if (frame->eth.h_proto != bpf_htons(ETH_P_IP) || frame->ip.protocol != IPPROTO_TCP)
		return XDP_PASS;
	tuple_of(frame, &tuple);
	entry = bpf_xdp_ct_lookup(ctx, &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts));
	if (!entry) {
		lost++;
		return XDP_DROP;
	}
	found++;
	bpf_ct_release(entry);
	return XDP_PASS;
}

/* One more flow, as the frame says, from the next source. */
SEC("xdp.frags")
int fill(struct xdp_md *ctx)
{
	struct bpf_ct_opts___12 opts = { .netns_id = -1, .l4proto = IPPROTO_TCP };
	const struct plain *frame = (void *)(long)ctx->data;
	struct bpf_sock_tuple tuple = {};
	struct nf_conn___init *fresh;
	struct nf_conn *entry;

	if ((void *)(frame + 1) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	tuple_of(frame, &tuple);
	tuple.ipv4.saddr = bpf_htonl(FIRST_SOURCE + filled);
	fresh = bpf_xdp_ct_alloc(ctx, &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts));
	if (!fresh)
		return XDP_DROP;
	bpf_ct_set_timeout(fresh, LIFETIME_MS);
	bpf_ct_set_status(fresh, STATUS_SEEN_REPLY | STATUS_ASSURED);
	entry = bpf_ct_insert_entry(fresh);
	if (!entry)
		return XDP_DROP;
	bpf_ct_release(entry);
	filled++;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
