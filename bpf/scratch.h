/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CPU writes down about its packet. Not on the stack: the verifier would follow what every
 * path wrote there, and meet a million states; what stands in a map is any value to it.
 */
#ifndef WEIR_SCRATCH_H
#define WEIR_SCRATCH_H

#include <linux/bpf.h>
#include "admission.h"
#include "pkt.h"
#include "window.h"

#define CHECKSUM_CHUNK	512	/* bytes that bpf_csum_diff() sums at once */

/* Which class an address was found in last, under which policy. */
struct class_memo {
	__be32	addr;
	__u32	generation;	/* as in struct policy_head; 0: nothing was found yet */
	__u32	class;
};

struct scratch {
	__u64			jiffies;	/* when now_ns was read; 0: never */
	__u64			now_ns;
	struct pkt		pkt;
	struct plain		look;
	struct admission	admission;
	struct tcp_flow		flow;
	__u8			chunk[CHECKSUM_CHUNK + 8] __attribute__((aligned(8)));
	struct conntrack_seen	seen;
	struct bpf_fib_lookup	query;	/* of the routes */
	__u32			mark;	/* of a flow that conntrack is not to see; 0 */
	__u32			foreseen;	/* a word of the line of the flow; to have touched it */
	struct backlog		backlog;
	__u64			refused_ns;	/* when this CPU counted the next */
	__u32			refused;	/* flows that were refused for a prefix or the total at that time */
	struct class_memo	bypass[2];	/* of a source, and of a destination */
	__u64			flow_hash;	/* of the packet's flow; 0: nobody has asked yet */
	__u8			would;	/* enum reason: the first drop that is only counted; 0: none */
	__u8			sanity;	/* enum reason: what sane() said of it */
	__u8			fast;	/* with a mark: 1: XDP may forward it */
	__u8			proof;	/* enum proof that the packet gave of its source; 0: none */
	__u8			routed;	/* 1: the routes were asked, and say nothing against its source */
	__u8			challenged;	/* 1: so was the SYN before, from outside */
	__u8			spent;		/* 1: what opens a flow is refused unseen: see spent.h */
	__u8			plain;		/* 1: `look` holds what it is, and it was asked of a shortcut */
	__u8			sought;		/* 1: a line was looked for that foresee() can touch early */
};

#endif
