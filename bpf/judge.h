/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order of the stages, and nothing else: cheap and certain first, costly and global last. The
 * first stage with an opinion ends it.
 */
#ifndef WEIR_JUDGE_H
#define WEIR_JUDGE_H

#include "block.h"
#include "bypass.h"
#include "challenge.h"	/* these two before admit.h: it asks who is proven, */
#include "track.h"	/* and what was sent before */
#include "route.h"
#include "sane.h"
#include "scene.h"
#include "shortcut.h"
#include "spent.h"
#include "spoof.h"

static __always_inline bool heeded(const struct scene *scene, enum reason reason)
{
	return reason && !reason_in(scene->knobs->off, reason);
}

/*
 * To be called as soon as a packet is read: what it will ask for is on its way from memory. Which
 * line that is for a SYN, the one before tells: as long as strangers are challenged their SYNs end
 * there, and nobody looks for their seats. And after a packet that asked for none, as in a flood of spoofed or
 * blocked sources, none is touched: a line that nobody waits for still takes its time.
 */
static __always_inline void foresee(const struct pkt *pkt, struct scratch *scratch)
{
	const struct dev *dev = dev_of(dev_slot);
	__u8 role = dev ? dev->role & 1 : ROLE_OUTSIDE, sought;

	sought = scratch->sought;
	scratch->sought = 0;
	if (!scratch->plain)
		scratch->flow_hash = 0;
	if (!sought)
		return;
	if (!scratch->plain && track_has_line(pkt))
		track_foresee(pkt, scratch);
	if (!track_opens(pkt))
		return;
	if (scratch->challenged && challenge_concerns(pkt, role))
		challenge_foresee(pkt);
	else if (!scratch->spent)
		admit_foresee(pkt, role, &scratch->admission);
}

/*
 * Stages that the verifier meets once: functions of their own, of which the judge sees nothing but
 * a number. Inlined, each of their ends would be a start for all that comes behind it. The price is
 * a call (1-2 ns), and that only ctx, numbers and memory of known size can be handed over.
 */
__noinline int weir_prove(const struct pkt *pkt, __u32 proof, __u64 now_ns)
{
	if (pkt)
		prove(pkt, proof, now_ns);
	return 0;
}

__noinline int weir_track(judged_ctx *ctx, const struct pkt *pkt,
			  const struct policy_knobs *knobs, const struct class *source, __u64 now_ns)
{
	struct scene scene = { .knobs = knobs, .source = source, .now_ns = now_ns };
	struct scratch *scratch = scratch_of_cpu();
	enum reason reason;

	if (!pkt || !knobs || !source || !scratch)
		return REASON_FAIL_OPEN;
	scene.would = &scratch->would;
	scratch->proof = 0;
	scratch->sought |= !track_opens(pkt);
	reason = track(ctx, pkt, &scene);
	if (scratch->proof)
		weir_prove(pkt, scratch->proof, now_ns);
	return reason;
}

/* For what challenge_concerns(). */
__noinline int weir_challenge(const struct pkt *pkt, const struct policy_page *page, __u64 now_ns,
			      bool answers)
{
	struct scene scene = { .now_ns = now_ns, .answers = answers };
	struct scratch *scratch = scratch_of_cpu();
	enum reason reason;

	if (!pkt || !page || !scratch)
		return REASON_FAIL_OPEN;
	scene_policy(&scene, page);
	reason = challenge(pkt, &scene);
	scratch->challenged = reason == REASON_CHALLENGED;
	scratch->sought |= scratch->challenged;
	return reason;
}

__noinline int weir_answered(const struct pkt *pkt, __u64 now_ns)
{
	return pkt ? challenge_rst(pkt, now_ns) : 0;
}

#define ADMIT_ROLE	1	/* enum role */
#define ADMIT_COUNTED	2	/* a check before would drop it, but only counts */

/* flags: ADMIT_*. source: the class of the source in the policy whose first page this is. */
__noinline int weir_admit(const struct pkt *pkt, const struct class *source,
			  const struct policy_page *page, __u64 now_ns, __u32 flags)
{
	struct scene scene = { .source = source, .now_ns = now_ns, .role = flags & ADMIT_ROLE };
	struct scratch *scratch = scratch_of_cpu();
	struct admit_input input;
	enum reason reason;

	if (!pkt || !source || !page || !scratch)
		return REASON_FAIL_OPEN;
	scratch->sought = 1;
	scene_policy(&scene, page);
	input = judge_input(&scene);
	input.counted = bit_any(flags & ADMIT_COUNTED);
	if (scene.head->destination_root4 | scene.head->destination_root6)
		input.destination = scene_ask(&scene, pkt->family, &pkt->daddr, true);
	reason = admit(pkt, &input, &scratch->admission);
	spent_learn(scratch, reason, &input);
	return reason;
}

/* For what spent_asked(). source, page: as for weir_admit(). */
__noinline int weir_spent(const struct pkt *pkt, const struct class *source,
			  const struct policy_page *page, __u64 now_ns, __u32 role)
{
	struct scene scene = { .source = source, .now_ns = now_ns, .role = role & 1 };
	struct scratch *scratch = scratch_of_cpu();
	struct admit_input input;

	if (!pkt || !source || !page || !scratch)
		return REASON_NONE;
	scene_policy(&scene, page);
	input = judge_input(&scene);
	scratch->sought = 1;	/* of a known flow: a packet of one may be the next */
	return spent(pkt, &input, scratch);
}

/* The packet opens a flow: it is remembered, and so is its source. */
__noinline int weir_admitted(const struct pkt *pkt, __u64 now_ns)
{
	struct scratch *scratch = scratch_of_cpu();

	if (!pkt || !scratch)
		return 0;
	track_admitted(pkt, now_ns);
	spent_admitted(&scratch->admission.source, now_ns);
	return 0;
}

/* What is not whole is checked by nobody before it is put together. */
static __always_inline bool checksum_asked(const struct pkt *pkt, const struct scene *scene)
{
	const struct run *run;

	if (reason_in(scene->knobs->off, REASON_L4_CHECKSUM) || !(pkt->flags & PKT_HAS_L4) ||
	    pkt->flags & (PKT_FRAGMENT_FIRST | PKT_FRAGMENT_LATER))
		return false;
	run = run_now();
	return run && run->conntrack & CONNTRACK_CHECKSUM;
}

/* Is it readable enough to ask where it comes from? Not where the IP header itself is wrong. */
static __always_inline bool has_source(const struct pkt *pkt, enum reason sanity)
{
	return pkt->family && sanity != REASON_NOT_IP && sanity != REASON_TRUNCATED &&
	       sanity != REASON_IP_HEADER && sanity != REASON_IP_CHECKSUM;
}

/*
 * Of a packet that can't be judged further: might conntrack make an entry for it? Not for a later
 * fragment, which is nothing before its first one has come, nor for an error.
 */
static __always_inline bool may_open(const struct pkt *pkt)
{
	return !(pkt->flags & (PKT_FRAGMENT_LATER | PKT_ICMP_ERROR));
}

/* May it open a flow? Then it is what is said here. */
static __always_inline enum reason judge_new(void *ctx, const struct pkt *pkt, struct scene *scene,
					     const struct scratch *scratch, enum reason admitted)
{
	enum reason reason;

	if (route_asked(scene)) {
		reason = answer(weir_route(ctx, pkt, scene->knobs, scene->source->flags, ROUTE_NEW));
		if (scene_ends(scene, reason))
			return reason;
	}
	if (spent_asked(scratch)) {
		reason = answer(weir_spent(pkt, scene->source, scene->arena.first, scene->now_ns,
					   scene->role));
		if (reason)
			return reason;
	}
	reason = answer(weir_admit(pkt, scene->source, scene->arena.first, scene->now_ns,
				   scene->role | bit_any(*scene->would) * ADMIT_COUNTED));
	return reason == REASON_NEW ? admitted : reason;
}

/* What comes of a stray that is only counted: one that conntrack picks up opens a flow. */
static __always_inline bool stray_opens(const struct pkt *pkt, struct scene *scene)
{
	const struct run *run = run_now();

	return run && track_picks_up(pkt, run) && !scene_ends(scene, REASON_STRAY);
}

static __always_inline enum reason judge_all(void *ctx, const struct pkt *pkt, struct scene *scene,
					     struct scratch *scratch)
{
	enum reason sanity = sane(pkt), bypassed, reason;

	if (sanity && !has_source(pkt, sanity))
		/* a check that is off: what it spared can't be judged further */
		return heeded(scene, sanity) ? sanity : REASON_CLEAN;
	if (sanity >= REASON_DROP_FIRST) {
		if (heeded(scene, sanity) && scene_ends(scene, sanity))
			return sanity;
		sanity = REASON_CLEAN;	/* spared: it is judged by its source alone */
	}
	if (!sanity) {
		reason = shortcut(pkt, scene, scratch);
		if (reason)
			return reason;
	}
	/* by way of memory, the verifier takes it for any, and what follows is one way and not three */
	*(volatile __u8 *)&scratch->sanity = sanity;
	sanity = *(volatile __u8 *)&scratch->sanity & 127;
	if (!scene_source(scene, pkt))
		return REASON_FAIL_OPEN;
	if (checksum_asked(pkt, scene) && weir_checksum_wrong(ctx, pkt) &&
	    scene_ends(scene, REASON_L4_CHECKSUM))
		return REASON_L4_CHECKSUM;
	/* first, since it holds for whatever passes: also for the trusted and the monitored */
	bypassed = bypass(pkt, scene, scratch);
	reason = trust(scene);
	if (reason)
		return bypassed ? bypassed : reason;
	reason = block(scene, pkt);
	if (scene_ends(scene, reason))
		return reason;
	reason = spoof(pkt, scene->source->flags, scene->role, scene->dev_flags);
	if (scene_ends(scene, reason))
		return reason;
	if (sanity == REASON_CLEAN)
		return bypassed ? bypassed : sanity;
	if (sanity && !may_open(pkt))
		return sanity;
	if (bypassed)
		return bypassed;
	if (sanity)
		return judge_new(ctx, pkt, scene, scratch, sanity);
	reason = REASON_NONE;
	if (track_asked(pkt, scene))
		reason = answer(weir_track(ctx, pkt, scene->knobs, scene->source, scene->now_ns));
	if (reason && reason != REASON_KNOWN && challenge_expects(pkt, scene) &&
	    weir_answered(pkt, scene->now_ns))
		return REASON_ANSWERED;
	if (reason && !(reason == REASON_STRAY && stray_opens(pkt, scene)))
		return reason;
	if (!challenge_asked(scene)) {
		scratch->challenged = 0;
	} else if (challenge_concerns(pkt, scene->role)) {
		reason = answer(weir_challenge(pkt, scene->arena.first, scene->now_ns,
					       scene->answers));
		if (scene_ends(scene, reason))
			return reason;
	}
	reason = judge_new(ctx, pkt, scene, scratch, REASON_NEW);
	if (reason == REASON_NEW)
		weir_admitted(pkt, scene->now_ns);
	return reason;
}

/* Of drops that are only counted the first one is told, unless another one is in force. */
static __always_inline enum reason judge(void *ctx, struct scene *scene, struct scratch *scratch)
{
	enum reason reason;

	*scene->would = 0;
	reason = judge_all(ctx, &scratch->pkt, scene, scratch);
	if (!*scene->would || (reason >= REASON_DROP_FIRST && !scene_monitors(scene, reason)))
		return reason;
	return answer(*scene->would);
}

#endif
