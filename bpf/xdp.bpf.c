// SPDX-License-Identifier: GPL-2.0-only
/* XDP: xdp_md -> bytes, reason -> XDP_*. No checks. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "checksum_xdp.h"
#include "conntrack_xdp.h"
#include "audit.h"
#include "count.h"
#include "forward.h"
#include "judge.h"
#include "parse.h"
#include "parse_plain.h"
#include "reply.h"
#include "turn.h"

/* Fills *pkt from the linear part of the frame. bytes: of the whole frame; 0: that is all. */
__noinline int weir_read(struct xdp_md *ctx, struct pkt *pkt, __u32 bytes)
{
	if (!pkt)
		return 0;
	parse((void *)(long)ctx->data, (void *)(long)ctx->data_end,
	      bytes ? bytes : (__u32)(ctx->data_end - ctx->data), false, pkt);
	return 0;
}

/* How long a frame in fragments is, is a call: it is asked when its headers promise more. */
static __always_inline void read_whole(struct xdp_md *ctx, struct pkt *pkt)
{
	weir_read(ctx, pkt, 0);
	if (pkt->flags & (PKT_TRUNCATED | PKT_BAD_IP_HEADER))
		weir_read(ctx, pkt, bpf_xdp_get_buff_len(ctx));
}

/* Turns a SYN into the frame that goes back. 0: it did not. */
__noinline int weir_reply(struct xdp_md *ctx, const struct pkt *syn, __u64 now_ns)
{
	struct challenge_use *use = challenge_use_now();
	struct cookie cookie;
	__u32 bytes;

	if (!syn || !use)
		return 0;
	cookie = cookie_make(syn, now_ns, hash_key);
	bytes = reply_write((void *)(long)ctx->data, (void *)(long)ctx->data_end, syn, &cookie);
	if (!bytes)
		return 0;
	use->sent++;
	/* a driver that can't cut it off sends the rest as padding */
	bpf_xdp_adjust_tail(ctx, (int)bytes - (int)syn->bytes);
	return 1;
}

/*
 * Makes of a packet the frame that goes to its next hop. Returns the device that sends it; 0: the
 * kernel has to see it, and nothing was written.
 */
__noinline int weir_forward(struct xdp_md *ctx, const struct pkt *pkt)
{
	const struct dev *dev = dev_of(dev_slot);
	const struct forward_dev *from, *to;
	struct bpf_fib_lookup hop = {};

	if (!pkt || !dev || !forward_fits(pkt))
		return 0;
	from = forward_dev_of(dev->ifindex);
	if (!from || !(from->flags & FORWARD_FROM) || !fib_next_hop(ctx, pkt, dev->ifindex, &hop))
		return 0;
	/* back where it came from: the kernel tells the sender of the shorter way */
	if (hop.ifindex == dev->ifindex)
		return 0;
	to = forward_dev_of(hop.ifindex);
	if (!to || !(to->flags & FORWARD_TO))
		return 0;
	if (!forward_write((void *)(long)ctx->data, (void *)(long)ctx->data_end, pkt, from->mac,
			   hop.smac, hop.dmac))
		return 0;
	return hop.ifindex;
}

/* Tells tc ingress about a packet that skips connection tracking: XDP has no mark. */
static __always_inline void hand_over(struct xdp_md *ctx, __u32 mark)
{
	struct handover *handover;
	struct dev *dev;

	if (!bpf_xdp_adjust_meta(ctx, -(int)sizeof(*handover))) {
		handover = (void *)(long)ctx->data_meta;
		if ((void *)(handover + 1) > (void *)(long)ctx->data)
			return;
		handover->magic = HANDOVER_MAGIC;
		handover->mark = mark;
		return;
	}
	dev = dev_of(dev_slot);
	/* once: user space writes there, too, and each packet reads it */
	if (dev && !(dev->flags & DEV_NO_METADATA))
		dev->flags |= DEV_NO_METADATA;
}

static __always_inline int passed(struct xdp_md *ctx, const struct scratch *scratch, bool alone)
{
	if (alone && scratch->mark)
		hand_over(ctx, scratch->mark);
	return XDP_PASS;
}

/* Of a frame that was found plain; it is looked for again, so that nothing has to be kept. */
static __always_inline bool read_plain(struct xdp_md *ctx, struct pkt *pkt)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;

	return plain_fill(data, data_end, data_end - data, pkt);
}

/* Of a plain packet, before it is read further. */
static __always_inline int dropped(struct xdp_md *ctx, struct scratch *scratch, enum reason reason)
{
	if (audit_due(reason, count(reason, false, ctx->data_end - ctx->data)) && read_plain(ctx, &scratch->pkt))
		weir_audit(ctx, &scratch->pkt, AUDIT_INDEX(false, reason & 127));
	return XDP_DROP;
}

/* alone: it may change the packet's length and its metadata */
static __always_inline int verdict(struct xdp_md *ctx, bool alone)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct scratch *scratch = scratch_of_cpu();
	struct scene scene = { .answers = alone };
	__u32 bytes = data_end - data;
	enum reason reason;
	struct pkt *pkt;
	int towards = 0;
	bool would;
	__u64 nth;

	if (!scratch)
		return XDP_PASS;
	if (!scene_open(&scene, scratch)) {
		count(REASON_FAIL_OPEN, false, bpf_xdp_get_buff_len(ctx));
		return XDP_PASS;
	}
	pkt = &scratch->pkt;
	scratch->plain = plain_look(data, data_end, bytes, &scratch->look);
	reason = scratch->plain ? shortcut_plain(&scene, scratch) : REASON_NONE;
	if (reason >= REASON_DROP_FIRST)
		return dropped(ctx, scratch, reason);
	if (reason && !(reason == REASON_BYPASS && scratch->fast)) {
		count(reason, false, bytes);
		return passed(ctx, scratch, alone);
	}
	if (!scratch->plain || !read_plain(ctx, pkt))
		read_whole(ctx, pkt);
	if (!reason) {
		foresee(pkt, scratch);
		reason = judge(ctx, &scene, scratch);
	}
	if (reason == REASON_BYPASS && scratch->fast && !scene_monitors(&scene, REASON_FORWARDED))
		towards = weir_forward(ctx, pkt);
	if (towards)
		reason = REASON_FORWARDED;
	would = reason >= REASON_DROP_FIRST && scene_monitors(&scene, reason);
	nth = count(reason, would, pkt->bytes);
	if (audit_due(reason, nth))
		weir_audit(ctx, pkt, AUDIT_INDEX(would, reason & 127));
	if (towards)
		return bpf_redirect(towards, 0);
	if (reason < REASON_DROP_FIRST || would)
		return passed(ctx, scratch, alone);
	if (alone && reason == REASON_CHALLENGED && challenge_answers(pkt, &scene) &&
	    weir_reply(ctx, pkt, scene.now_ns))
		return XDP_TX;
	return XDP_DROP;
}

SEC("xdp.frags")
int weir_xdp(struct xdp_md *ctx)
{
	return verdict(ctx, true);
}

/*
 * Without a driver. The kernel copies a packet for a program that takes fragments, and tc ingress then
 * finds neither what was written in front of it nor its Ethernet header (seen: 6.18); for one that does
 * not, it makes the packet linear.
 */
SEC("?xdp")
int weir_generic(struct xdp_md *ctx)
{
	return verdict(ctx, true);
}

/*
 * Behind libxdp's dispatcher. Kernels from 6.12 on refuse a program there that may move the ends of
 * the packet, unless the dispatcher of that libxdp is made for it: this one does not.
 */
SEC("?xdp.frags")
int weir_chain(struct xdp_md *ctx)
{
	if (!turn_is_mine())
		return XDP_PASS;
	return verdict(ctx, false);
}

char LICENSE[] SEC("license") = "GPL";
