/* SPDX-License-Identifier: GPL-2.0-only */
/* conntrack_look() for programs whose context is a struct __sk_buff. */
#ifndef WEIR_CONNTRACK_SKB_H
#define WEIR_CONNTRACK_SKB_H

#include "conntrack.h"

typedef struct __sk_buff judged_ctx;	/* what a stage gets that the verifier takes apart */

extern struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *ctx, struct bpf_sock_tuple *tuple,
					 __u32 tuple__sz, struct bpf_ct_opts___12 *opts,
					 __u32 opts__sz) __ksym __weak;

static __always_inline bool conntrack_offered(void)
{
	return features & FEATURE_CT_SKB;
}

static __always_inline enum conntrack_found conntrack_look(void *ctx,
							   const struct conntrack_key *key,
							   struct conntrack_seen *seen,
							   struct tcp_flow *flow)
{
	struct bpf_ct_opts___12 opts = { .netns_id = -1, .l4proto = key->l4_proto };
	struct bpf_sock_tuple tuple = {};
	struct nf_conn *ct;

	if (!conntrack_offered())
		return CONNTRACK_UNSURE;
	ct = bpf_skb_ct_lookup(ctx, &tuple, conntrack_tuple(key, &tuple), &opts, sizeof(opts));
	return conntrack_told(ct, &opts, seen, flow);
}

#endif
