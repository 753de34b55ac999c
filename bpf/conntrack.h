/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's connection table, asked from BPF (net/netfilter/nf_conntrack_bpf.c).
 *
 * A program includes conntrack_xdp.h or conntrack_skb.h, which define conntrack_look() for its
 * kind of context. The functions are weak: a kernel without them loads the program as long as
 * the constant `features` keeps the verifier from reaching the call. Asking refreshes no timeout
 * and holds no reference when it returns.
 */
#ifndef WEIR_CONNTRACK_H
#define WEIR_CONNTRACK_H

#include <linux/bpf.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <bpf/bpf_helpers.h>
#include "maps.h"
#include "window.h"

/* As much of the kernel's types as is read here; offsets come from its BTF (CO-RE). */
struct ip_ct_tcp_state {
	__u32	td_end;
	__u32	td_maxend;
	__u32	td_maxwin;
	__u32	td_maxack;
	__u8	flags;
} __attribute__((preserve_access_index));

struct ip_ct_tcp {
	struct ip_ct_tcp_state seen[2];
	__u8	state;
	__u8	last_dir;
	__u8	last_index;
	__u32	last_ack;
	__u32	last_end;
} __attribute__((preserve_access_index));

union nf_conntrack_proto {
	struct ip_ct_tcp tcp;
} __attribute__((preserve_access_index));

struct nf_conn {
	unsigned long status;
	union nf_conntrack_proto proto;
} __attribute__((preserve_access_index));

#define CONNTRACK_TCP_BYTES	64	/* struct ip_ct_tcp of any kernel has fewer */

/* 12 bytes: the only size that every kernel since 6.1 takes */
struct bpf_ct_opts___12 {
	__s32	netns_id;
	__s32	error;
	__u8	l4proto;
	__u8	dir;
	__u8	reserved[2];
};

extern void bpf_ct_release(struct nf_conn *ct) __ksym __weak;

enum conntrack_found {
	CONNTRACK_FOUND,
	CONNTRACK_ABSENT,
	CONNTRACK_UNSURE,	/* the kernel can't be asked, or not about this */
};

/* What one asks about, in network order; an IPv4 address stands in word 0. */
struct conntrack_key {
	const __be32	*saddr;
	const __be32	*daddr;
	__be16		sport;
	__be16		dport;
	__u8		family;		/* 4 or 6 */
	__u8		l4_proto;	/* IPPROTO_TCP or IPPROTO_UDP; others are CONNTRACK_UNSURE */
};

/* Can the kernel be asked at all? */
static __always_inline bool conntrack_offered(void);

/* Of an entry that was found it fills *seen and, if it is TCP, *flow, unless they are NULL. */
static __always_inline enum conntrack_found conntrack_look(void *ctx,
							   const struct conntrack_key *key,
							   struct conntrack_seen *seen,
							   struct tcp_flow *flow);

static __always_inline struct conntrack_seen conntrack_status(const struct nf_conn *ct, bool reply)
{
	return (struct conntrack_seen){ .assured = (ct->status & IPS_ASSURED) >> IPS_ASSURED_BIT,
					.reply = reply };
}

/* Returns the size that the kernel wants for this family. */
static __always_inline __u32 conntrack_tuple(const struct conntrack_key *key,
					     struct bpf_sock_tuple *tuple)
{
	if (key->family == 4) {
		tuple->ipv4.saddr = key->saddr[0];
		tuple->ipv4.daddr = key->daddr[0];
		tuple->ipv4.sport = key->sport;
		tuple->ipv4.dport = key->dport;
		return sizeof(tuple->ipv4);
	}
	__builtin_memcpy(tuple->ipv6.saddr, key->saddr, sizeof(tuple->ipv6.saddr));
	__builtin_memcpy(tuple->ipv6.daddr, key->daddr, sizeof(tuple->ipv6.daddr));
	tuple->ipv6.sport = key->sport;
	tuple->ipv6.dport = key->dport;
	return sizeof(tuple->ipv6);
}

/* What an answer without an entry means: not there, or could not be asked. */
static __always_inline enum conntrack_found conntrack_missed(const struct bpf_ct_opts___12 *opts)
{
	return opts->error == -2 /* ENOENT */ ? CONNTRACK_ABSENT : CONNTRACK_UNSURE;
}

static __always_inline void conntrack_side(const struct ip_ct_tcp_state *seen,
					   struct tcp_side *side)
{
	side->end = seen->td_end;
	side->max_end = seen->td_maxend;
	side->max_window = seen->td_maxwin;
	side->max_ack = seen->td_maxack;
	side->flags = seen->flags;
}

/*
 * Read without the entry's lock: each number is one that stood there, not all at one instant. By a
 * copy, since Linux 6.1 lets a program read no other member of a union than the first. What can't
 * be copied is 0, and a side of which nothing was seen is never out of its window.
 */
static __always_inline void conntrack_read(const struct nf_conn *ct, bool reply,
					   struct tcp_flow *flow)
{
	__u8 copy[CONNTRACK_TCP_BYTES] __attribute__((aligned(8)));
	const struct ip_ct_tcp *tcp = (const struct ip_ct_tcp *)copy;
	unsigned long status = ct->status;

	bpf_probe_read_kernel(copy, sizeof(copy), &ct->proto.tcp);
	conntrack_side(&tcp->seen[0], reply ? &flow->receiver : &flow->sender);
	conntrack_side(&tcp->seen[1], reply ? &flow->sender : &flow->receiver);
	flow->last_end = tcp->last_end;
	flow->last_ack = tcp->last_ack;
	flow->last = tcp->last_index;
	flow->last_reply = tcp->last_dir;
	flow->state = tcp->state;
	flow->replied = !!(status & IPS_SEEN_REPLY);
	flow->assured = !!(status & IPS_ASSURED);
	flow->adjusted = !!(status & IPS_SEQ_ADJUST);
	flow->reply = reply;
}

/* What a look-up tells; gives the entry back. ct: NULL when none was found. seen, flow: or NULL. */
static __always_inline enum conntrack_found conntrack_told(struct nf_conn *ct,
							   const struct bpf_ct_opts___12 *opts,
							   struct conntrack_seen *seen,
							   struct tcp_flow *flow)
{
	if (!ct)
		return conntrack_missed(opts);
	if (seen)
		*seen = conntrack_status(ct, opts->dir);
	if (flow)
		conntrack_read(ct, opts->dir, flow);
	bpf_ct_release(ct);
	return CONNTRACK_FOUND;
}

#endif
