/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short way: most packets belong to a flow whose last one was judged a moment ago, and would get
 * the same answer. A word in the table of flows found lately says so, for a second, on the device
 * that it came by, and under the policy that was in force: for one that has come since it is too old
 * (head.since). Nothing else is asked, and no packet is dropped by it.
 *
 * A word is written for a packet that passes as `known` or `bypass` for its own sake only: never for
 * one that monitoring lets through. What is checked in each packet of a flow (its window, its
 * checksum) leaves no shortcut.
 */
#ifndef WEIR_SHORTCUT_H
#define WEIR_SHORTCUT_H

#include "parse_plain.h"
#include "sane.h"
#include "track.h"

/* Of how many packets that are bypassed one is noted: a flood of strangers to a bypassed service
 * must not push out the flows that go on. */
#define SHORTCUT_SHARE	16	/* a power of two */

/* For how many ticks back a word was written under this policy; 0: not even for this one. */
static __always_inline __u32 shortcut_ticks(const struct policy_head *head, __u32 tick)
{
	__u32 since = tick - head->since;

	if ((__s32)since <= 0)
		return 0;
	return since <= TRACK_HOT ? since : TRACK_HOT + 1;
}

/* KNOWN, BYPASS or no opinion, of a flow. page: the first one of the policy. tcp: 1 or 0. */
static __always_inline enum reason shortcut_of(const struct policy_page *page, __u64 now_ns, __u64 hash,
					       bool tcp)
{
	__u32 tick = FLOW_TICK(now_ns), ticks = shortcut_ticks(page_line(page, 0), tick);
	const struct policy_knobs *knobs = page_line(page, POLICY_KNOBS);
	__u32 flags = knobs->flags;
	struct flow_line *line;

	if (!ticks || flags & (tcp ? KNOB_LOOK_TCP : KNOB_LOOK_UDP))
		return REASON_NONE;
	line = flow_hot_line(hash_line(hash, FLOW_HOT_LINES - 1));
	if (!line)
		return REASON_NONE;
	if (flow_seen(line, hash ^ FLOW_FOUND, tick, ticks - 1, false))
		return REASON_KNOWN;
	if (!(flags & KNOB_BYPASS) ||
	    !flow_seen(line, hash ^ FLOW_BYPASSED, tick, ticks - 1, false))
		return REASON_NONE;
	return REASON_BYPASS;
}

/* The mark of a bypassed flow. */
static __always_inline __u32 shortcut_mark(const struct policy_page *page, enum reason reason)
{
	const struct policy_bypass *bypass = page_line(page, POLICY_BYPASS);

	return reason == REASON_BYPASS ? bypass->mark : 0;
}

/* A function of its own, which the verifier takes once: for packets that are not plain. */
__noinline int weir_shortcut(const struct policy_page *page, __u64 now_ns, __u64 hash, bool tcp)
{
	return page ? shortcut_of(page, now_ns, hash, tcp) : REASON_NONE;
}

/*
 * KNOWN or BYPASS, with its mark in the scene; or no opinion. Of a plain packet, before it is read
 * further: it is asked of nothing but its flow and its flags.
 */
static __always_inline enum reason shortcut_plain(const struct plain *plain, struct scene *scene,
						  struct scratch *scratch)
{
	bool tcp = plain->l4_proto == IPPROTO_TCP;
	enum reason reason;

	scratch->flow_hash = 0;
	if (!scratch->sought || plain->saddr == plain->daddr ||
	    (tcp && ((plain->tcp_flags & TCP_KIND) == TCP_SYN || !tcp_flags_valid(plain->tcp_flags))))
		return REASON_NONE;
	scratch->flow_hash = flow_hash4(plain->saddr, plain->daddr, plain->sport, plain->dport,
					plain->l4_proto, hash_key);
	reason = shortcut_of(scene->arena.first, scene->now_ns, scratch->flow_hash, tcp);
	scene->mark = shortcut_mark(scene->arena.first, reason);
	return reason;
}

/* The same of a packet that is not plain, but sane. */
static __always_inline enum reason shortcut(const struct pkt *pkt, struct scene *scene,
					    struct scratch *scratch)
{
	enum reason reason;

	if (scratch->plain || !scratch->flow_hash)
		return REASON_NONE;
	reason = answer(weir_shortcut(scene->arena.first, scene->now_ns, scratch->flow_hash,
				      pkt->l4_proto == IPPROTO_TCP));
	if (!reason)
		return REASON_NONE;
	scratch->sought = 1;
	scene->mark = shortcut_mark(scene->arena.first, reason);
	return reason;
}

/* A packet has passed as bypassed, and XDP does not forward its flow: the next ones may be short. */
__noinline int weir_bypassed(const struct pkt *pkt, __u64 now_ns)
{
	struct scratch *scratch = scratch_of_cpu();
	struct flow_place place;

	if (!pkt || !scratch || pkt->flags & PKT_FRAGMENT_LATER || !track_has_line(pkt))
		return 0;
	place = flow_place(pkt, now_ns);
	flow_hot_put(&place, FLOW_BYPASSED);
	scratch->sought = 1;
	return 0;
}

/* nth: as count() tells it of the packet. */
static __always_inline void shortcut_note(const struct pkt *pkt, const struct scene *scene,
					  enum reason reason, __u64 nth)
{
	if (reason == REASON_BYPASS && !scene->fast && !(nth & (SHORTCUT_SHARE - 1)))
		weir_bypassed(pkt, scene->now_ns);
}

#endif
