/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short way: most packets belong to a flow whose last one was judged a moment ago, and would get
 * the same answer. A word in the table of flows found lately says so, for a second, on the device
 * that it came by, and under the policy that was in force: for one that has come since it is too old
 * (head.since). Nothing else is asked, and no packet is dropped by a word.
 *
 * A word is written for a packet that passes as `known` for its own sake only: never for one that
 * monitoring lets through. What is checked in each packet of a flow (its window, its checksum) leaves no
 * shortcut.
 *
 * A packet of a bypassed service is told by its ports and its addresses, whosever it is: its flow is not
 * looked for, since a service may have as many clients as it likes.
 */
#ifndef WEIR_SHORTCUT_H
#define WEIR_SHORTCUT_H

#include "block.h"
#include "bypass.h"
#include "parse_plain.h"
#include "sane.h"
#include "shortcut_spent.h"
#include "track.h"

/* For how many ticks back a word was written under this policy; 0: not even for this one. */
static __always_inline __u32 shortcut_ticks(const struct policy_head *head, __u32 tick)
{
	__u32 since = tick - head->since;

	if ((__s32)since <= 0)
		return 0;
	return since <= TRACK_HOT ? since : TRACK_HOT + 1;
}

/* KNOWN or no opinion, of a flow. page: the first one of the policy. tcp: 1 or 0. */
static __always_inline enum reason shortcut_of(const struct policy_page *page, __u64 now_ns, __u64 hash,
					       bool tcp)
{
	__u32 tick = FLOW_TICK(now_ns), ticks = shortcut_ticks(page_line(page, 0), tick);
	const struct policy_knobs *knobs = page_line(page, POLICY_KNOBS);
	struct flow_line *line;

	if (!ticks || knobs->flags & (tcp ? KNOB_LOOK_TCP : KNOB_LOOK_UDP))
		return REASON_NONE;
	line = flow_hot_line(hash_line(hash, FLOW_HOT_LINES - 1));
	if (!line || !flow_seen(line, hash ^ FLOW_FOUND, tick, ticks - 1, false))
		return REASON_NONE;
	return REASON_KNOWN;
}

/* A function of its own, which the verifier takes once: for packets that are not plain. */
__noinline int weir_shortcut(const struct policy_page *page, __u64 now_ns, __u64 hash, bool tcp)
{
	return page ? shortcut_of(page, now_ns, hash, tcp) : REASON_NONE;
}

/*
 * As scene_class(), of IPv4. A service has one address, and who asks it asks again: what was found for the
 * packet before is remembered.
 */
static __always_inline const struct class *shortcut_class(struct scene *scene, struct class_memo *memo,
							  __u32 root, __u32 class_line,
							  const __be32 *addr)
{
	if (memo->addr != *addr || memo->generation != scene->head->generation) {
		memo->class = weir_class4(scene->arena.first, root, *addr);
		memo->addr = *addr;
		memo->generation = scene->head->generation;
	}
	return arena_line_early(&scene->arena, class_line + memo->class);
}

/*
 * The mark of a packet of a bypassed service, by its addresses; 0: none, or the long way has to say.
 * forward, back: groups that speak of its ports. A function of its own, which the verifier takes once.
 */
__noinline int weir_bypassed(const struct policy_page *page, __u64 forward, __u64 back, __u64 now_ns,
			     __u32 role_and_flags)
{
	struct scratch *scratch = scratch_of_cpu();
	struct bypass_found found = { forward, back };
	struct scene scene = {
		.now_ns = now_ns, .role = role_and_flags & 1, .dev_flags = role_and_flags >> 1,
	};
	const struct policy_bypass *bypass;
	const struct class *destination;
	__u64 told;

	if (!page || !scratch)
		return 0;
	scene_policy(&scene, page);
	scene.source = shortcut_class(&scene, &scratch->bypass[0], scene.head->source_root4,
				      scene.head->source_class, &scratch->look.saddr);
	if (!scene.source || !bypass_source(&found, scene.source) || !(trust(&scene) || lawful(&scene)))
		return 0;
	destination = shortcut_class(&scene, &scratch->bypass[1], scene.head->destination_root4,
				     scene.head->destination_class, &scratch->look.daddr);
	if (!destination)
		return 0;
	bypass = page_line(page, POLICY_BYPASS);
	told = bypass_told(bypass, &found, destination);
	scratch->fast = bit_any(told >> 32);
	return told;
}

/* BYPASS, with its mark in the scratch, and whether XDP may forward it; or no opinion. */
static __always_inline enum reason shortcut_bypass(struct scene *scene, struct scratch *scratch, bool tcp)
{
	const struct plain *plain = &scratch->look;
	struct bypass_found found;

	if (scene->knobs->flags & (tcp ? KNOB_LOOK_TCP : KNOB_LOOK_UDP))
		return REASON_NONE;
	found = bypass_service(scene, page_line(scene->arena.first, POLICY_BYPASS), plain->l4_proto,
			       plain->sport, plain->dport);
	if (!(found.forward | found.back))
		return REASON_NONE;
	scratch->mark = weir_bypassed(scene->arena.first, found.forward, found.back, scene->now_ns,
				      scene->role | scene->dev_flags << 1);
	return scratch->mark ? REASON_BYPASS : REASON_NONE;
}

/*
 * KNOWN, or BYPASS with its mark in the scratch, or of a SYN the limit that refuses it; or no opinion. Of a plain
 * packet, before it is read further.
 */
static __always_inline enum reason shortcut_plain(struct scene *scene, struct scratch *scratch)
{
	const struct plain *plain = &scratch->look;
	bool tcp = plain->l4_proto == IPPROTO_TCP;

	scratch->flow_hash = 0;
	asm volatile("" ::: "memory");	/* what was looked at is read again, and not kept on the stack */
	if (plain->saddr == plain->daddr || (tcp && !tcp_flags_valid(plain->tcp_flags)))
		return REASON_NONE;
	if (scene->knobs->flags & KNOB_BYPASS && shortcut_bypass(scene, scratch, tcp))
		return REASON_BYPASS;
	if (tcp && (plain->tcp_flags & TCP_KIND) == TCP_SYN)
		return shortcut_spent(scene, scratch);
	if (!scratch->sought)
		return REASON_NONE;
	scratch->flow_hash = flow_hash4(plain->saddr, plain->daddr, plain->sport, plain->dport,
					plain->l4_proto, hash_key);
	return shortcut_of(scene->arena.first, scene->now_ns, scratch->flow_hash, tcp);
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
	if (reason)
		scratch->sought = 1;
	return reason;
}

#endif
