// SPDX-License-Identifier: GPL-2.0-only
/*
 * The challenge alone, for its benchmark: SYNs from random addresses, written into this CPU's
 * struct pkt and not parsed, so that the difference to `floor` is what the challenge costs.
 */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/conntrack_xdp.h"
#include "bpf/challenge.h"

#define FRAME	60	/* bytes; each run writes over the answer of the one before */

struct policy_knobs knobs;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} generator SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} outcome SEC(".maps");

/* The next random SYN (xorshift64*), or NULL. */
static __always_inline struct pkt *next_syn(void)
{
	struct scratch *scratch = scratch_of_cpu();
	__u64 *state, random;
	struct pkt *pkt;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&generator, &zero);
	if (!state || !scratch)
		return NULL;
	if (!*state)
		*state = (bpf_get_smp_processor_id() + 1) * 0x9e3779b97f4a7c15ULL;
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	random = *state * 0x2545f4914f6cdd1dULL;
	pkt = &scratch->pkt;
	pkt->family = 4;
	pkt->l4_proto = IPPROTO_TCP;
	pkt->tcp_flags = TCP_SYN;
	pkt->flags = PKT_HAS_L4;
	pkt->l3_offset = 14;
	pkt->l4_offset = 34;
	pkt->bytes = FRAME;
	pkt->saddr[0] = random >> 32;
	pkt->daddr[0] = 0x0100007f;
	pkt->sport = random;
	pkt->tcp_seq = random >> 13;
	return pkt;
}

static __always_inline int counted(__u32 reason)
{
	__u64 *packets = bpf_map_lookup_elem(&outcome, &reason);

	if (packets)
		++*packets;
	return XDP_DROP;
}

SEC("xdp")
int bench_floor(void *ctx)
{
	struct pkt *pkt = next_syn();

	(void)ctx;
	return counted(pkt ? REASON_CHALLENGED : 0);
}

static __always_inline enum reason asked(const struct pkt *pkt, struct scene *scene)
{
	struct scratch *scratch = scratch_of_cpu();

	if (!scratch)
		return REASON_FAIL_OPEN;
	scene->knobs = &knobs;
	scene->now_ns = now_ns(scratch);
	scene->answers = true;
	return challenge(pkt, scene);
}

SEC("xdp")
int bench_retransmit(void *ctx)
{
	struct pkt *pkt = next_syn();
	struct scene scene = {};

	(void)ctx;
	return counted(pkt ? asked(pkt, &scene) : 0);
}

SEC("xdp")
int bench_cookie(struct xdp_md *ctx)
{
	struct pkt *pkt = next_syn();
	struct scene scene = {};
	struct cookie cookie;
	enum reason reason;
	__u32 bytes;

	if (!pkt)
		return XDP_DROP;
	reason = asked(pkt, &scene);
	if (reason == REASON_CHALLENGED && challenge_answers(pkt, &scene)) {
		cookie = cookie_make(pkt, scene.now_ns, hash_key);
		bytes = reply_write((void *)(long)ctx->data, (void *)(long)ctx->data_end, pkt, &cookie);
		if (bytes)
			bpf_xdp_adjust_tail(ctx, (int)bytes - (int)pkt->bytes);
	}
	return counted(reason);
}

char LICENSE[] SEC("license") = "GPL";
