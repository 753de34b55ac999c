// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts one established UDP flow into conntrack for each run. Only ASSURED entries show what a full
 * table does: the kernel evicts all others to make room (net/netfilter/nf_conntrack_core.c,
 * early_drop).
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define PROTO_UDP	17
#define STATUS_SEEN_REPLY	(1 << 1)	/* enum ip_conntrack_status */
#define STATUS_ASSURED		(1 << 2)

/* libbpf compares the kinds of what the arguments point to: a forward declaration is no struct */
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
					struct bpf_ct_opts___12 *opts, __u32 opts_size) __ksym __weak;
int bpf_ct_set_status(const struct nf_conn___init *entry, __u32 status) __ksym __weak;
void bpf_ct_set_timeout(struct nf_conn___init *entry, __u32 milliseconds) __ksym __weak;
struct nf_conn *bpf_ct_insert_entry(struct nf_conn___init *entry) __ksym __weak;
void bpf_ct_release(struct nf_conn *entry) __ksym __weak;

const volatile __u32 first_source;	/* host order; flow n has source first_source + n / 32768 */
const volatile __u32 destination;	/* host order */
const volatile __u32 seconds;
__u32 flow, inserted, failed;
int last_error;

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int prefill(struct xdp_md *ctx)
{
	struct bpf_ct_opts___12 opts = { .netns_id = -1, .l4proto = PROTO_UDP };
	struct bpf_sock_tuple tuple = {};
	struct nf_conn___init *fresh;
	struct nf_conn *entry;
	__u32 n = flow++;

	tuple.ipv4.saddr = bpf_htonl(first_source + (n >> 15));
	tuple.ipv4.daddr = bpf_htonl(destination);
	tuple.ipv4.sport = bpf_htons(1024 + (n & 32767));
	tuple.ipv4.dport = bpf_htons(4500);
	fresh = bpf_xdp_ct_alloc(ctx, &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts));
	if (!fresh) {
		failed++;
		last_error = opts.error;
		return XDP_DROP;
	}
	bpf_ct_set_timeout(fresh, seconds * 1000);
	bpf_ct_set_status(fresh, STATUS_SEEN_REPLY | STATUS_ASSURED);
	entry = bpf_ct_insert_entry(fresh);
	if (!entry) {
		failed++;
		return XDP_DROP;
	}
	bpf_ct_release(entry);
	inserted++;
	return XDP_DROP;
}
