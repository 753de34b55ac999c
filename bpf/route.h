/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the gateway's own routes say of a source: a blackhole route to it is an entry of a block
 * list that routing daemons share; no way back to it means that it is not there (RFC 3704).
 *
 * Asked only for a packet that is about to open a flow, or that is likely to (track.h), and once.
 * What they said is remembered for the source's block, if they say the same of all of it. Blackholes are
 * asked for again when a known flow is looked up again, so that they cut flows within
 * about a second and cost a fast flow nothing.
 *
 * The gateway's own addresses change, and one that has moved to another machine must not be shut
 * out: the policy marks those it knew, and here the routes have to agree.
 */
#ifndef WEIR_ROUTE_H
#define WEIR_ROUTE_H

#include "fib.h"
#include "scene.h"
#include "spoof.h"

#define ROUTE_TABLE_MAIN	254	/* linux/rtnetlink.h */

/* Does the way back leave by the device, or by one that stands behind it? */
static __always_inline bool route_leaves_by(const struct dev *dev, __u32 towards)
{
	__u32 same = towards == dev->ifindex;

	if (!towards || dev->flags & DEV_BEHIND_MORE)
		return true;
#pragma unroll
	for (__u32 i = 0; i < DEV_BEHIND; i++)
		same |= towards == dev->behind[i];
	return same;
}

/* No address that a route could lead to. */
static __always_inline bool route_none(const struct pkt *pkt)
{
	return source_unspecified(pkt) || source_link_local(pkt);
}

/* The blackhole table, if it is one that can be asked by itself; 0: it is found by the rules. */
static __always_inline __u32 route_blackhole_table(const struct policy_knobs *knobs)
{
	if (!(features & FEATURE_FIB_TBID) || knobs->blackhole_table == ROUTE_TABLE_MAIN)
		return 0;
	return knobs->blackhole_table;
}

static __always_inline enum reason route_blackhole(void *ctx, const struct pkt *pkt,
						   const struct dev *dev,
						   const struct policy_knobs *knobs)
{
	__u32 towards;

	if (fib_look(ctx, pkt, dev->ifindex, route_blackhole_table(knobs), &towards) == FIB_REFUSED)
		return REASON_BLACKHOLE;
	return REASON_NONE;
}

/* For a packet of a known flow. */
static __always_inline enum reason route_known(void *ctx, const struct pkt *pkt,
					       const struct policy_knobs *knobs)
{
	const struct dev *dev = dev_of(dev_slot);

	if (!dev || route_none(pkt) || reason_in(knobs->off, REASON_BLACKHOLE))
		return REASON_NONE;
	return route_blackhole(ctx, pkt, dev, knobs);
}

/*
 * Where an answer about an IPv4 source is remembered, and the word that it has there, but for the answer;
 * NULL: the kernel is to be asked each time (headers/routes.h).
 */
static __always_inline __u32 *route_memory(__be32 saddr, __u64 now, __u32 *word)
{
	__u32 block = bpf_ntohl(saddr) >> (32 - ROUTES_BLOCK_BITS);
	const struct routes_now *routes = routes_now();

	if (!routes || !routes->generation ||
	    now > routes->beat_ns + ROUTES_STALE_NS || routes->split[block / 64] >> (block & 63) & 1)
		return NULL;
	*word = ROUTE_ANSWER(routes->generation, dev_slot, 0);
	return route_answer_of(block);
}

static __always_inline __u32 route_told(enum fib_found found, bool aside)
{
	if (found == FIB_ROUTE)
		return aside ? ROUTE_ANSWER_ASIDE : ROUTE_ANSWER_BACK;
	return found == FIB_NONE ? ROUTE_ANSWER_NONE : 0;
}

/* As fib_look() by the rules, or as it was found for the source's block. aside: the way back leaves by
 * another device. */
static __always_inline enum fib_found route_look(void *ctx, const struct pkt *pkt,
						 const struct dev *dev, __u64 now, bool *aside)
{
	__u32 word = 0, towards, *memory = NULL, answer;
	enum fib_found found;

	if (pkt->family == 4)
		memory = route_memory(pkt->saddr[0], now, &word);
	answer = memory ? *memory ^ word : 0;
	if (answer && answer <= ROUTE_ANSWER_NONE) {
		*aside = answer == ROUTE_ANSWER_ASIDE;
		return answer == ROUTE_ANSWER_NONE ? FIB_NONE : FIB_ROUTE;
	}
	found = fib_look(ctx, pkt, dev->ifindex, 0, &towards);
	*aside = found == FIB_ROUTE && !route_leaves_by(dev, towards);
	answer = route_told(found, *aside);
	if (memory && answer)
		*memory = word | answer;
	return found;
}

/* What the whole of the routes, as the rules lead to them, says of the source. aside: there is a way
 * back, and it leaves by another device. */
static __always_inline enum reason route_back(void *ctx, const struct pkt *pkt, const struct dev *dev,
					      __u32 class_flags, __u64 now, bool blackhole, bool *aside)
{
	enum reason unreachable = dev->urpf == URPF_OFF ? REASON_NONE : REASON_URPF;

	switch (route_look(ctx, pkt, dev, now, aside)) {
	case FIB_REFUSED:
		return blackhole ? REASON_BLACKHOLE : unreachable;
	case FIB_NONE:
		return class_flags & CLASS_OWN ? REASON_MARTIAN : unreachable;
	case FIB_ROUTE:
		*aside &= dev->urpf == URPF_STRICT;
		return *aside ? REASON_URPF : REASON_NONE;
	default:
		return REASON_NONE;
	}
}

/* Has route() anything to say of a packet that would open a flow, whatever its source? */
static __always_inline bool route_asked_of_all(const struct scene *scene)
{
	return !reason_in(scene->knobs->off, REASON_BLACKHOLE) || scene->urpf != URPF_OFF;
}

static __always_inline bool route_asked(const struct scene *scene)
{
	return route_asked_of_all(scene) || scene->source->flags & CLASS_OWN;
}

/* Is it remembered that it has nothing to say of an IPv4 source? */
static __always_inline bool route_clears(const struct scene *scene, __be32 saddr)
{
	__u32 word = 0, *memory, answer;

	if (!reason_in(scene->knobs->off, REASON_BLACKHOLE) && route_blackhole_table(scene->knobs))
		return false;
	memory = route_memory(saddr, scene->now_ns, &word);
	if (!memory)
		return false;
	answer = *memory ^ word;
	return answer == ROUTE_ANSWER_BACK || (answer == ROUTE_ANSWER_ASIDE && scene->urpf != URPF_STRICT);
}

/* For a packet that would open a flow. class_flags: of its source. aside: as for route_back(). */
static __always_inline enum reason route(void *ctx, const struct pkt *pkt,
					 const struct policy_knobs *knobs, __u32 class_flags,
					 __u64 now, bool *aside)
{
	bool blackhole = !reason_in(knobs->off, REASON_BLACKHOLE);
	const struct dev *dev = dev_of(dev_slot);
	enum reason reason;

	if (!dev || route_none(pkt))
		return REASON_NONE;
	if (blackhole && route_blackhole_table(knobs)) {
		reason = route_blackhole(ctx, pkt, dev, knobs);
		if (reason)
			return reason;
		blackhole = false;
	}
	if (!blackhole && dev->urpf == URPF_OFF && !(class_flags & CLASS_OWN))
		return REASON_NONE;
	return route_back(ctx, pkt, dev, class_flags, now, !reason_in(knobs->off, REASON_BLACKHOLE), aside);
}

enum route_when {
	ROUTE_NEW,	/* the packet is about to open a flow */
	ROUTE_KNOWN,	/* it belongs to one: only a blackhole stops it */
	ROUTE_BEFORE,	/* it is not known yet which: only what would stop a stranger for good */
};

/*
 * All of it, in a function that the verifier reads once. When nothing was found against a packet
 * before, the routes are not asked again. The includer knows judged_ctx, the type of its context.
 */
__noinline int weir_route(judged_ctx *ctx, const struct pkt *pkt, const struct policy_knobs *knobs,
			  __u32 class_flags, __u32 when)
{
	struct scratch *scratch = scratch_of_cpu();
	enum reason reason;
	bool aside = false;

	if (!pkt || !knobs || !scratch || scratch->routed)
		return REASON_NONE;
	if (when == ROUTE_KNOWN)
		return route_known(ctx, pkt, knobs);
	reason = route(ctx, pkt, knobs, class_flags, now_ns(scratch), &aside);
	if (when == ROUTE_NEW)
		return reason;
	scratch->routed = !reason;
	return aside ? REASON_NONE : reason;
}

#endif
