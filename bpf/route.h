/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the gateway's own routes say of a source: a blackhole route to it is an entry of a block
 * list that routing daemons share; no way back to it means that it is not there (RFC 3704).
 *
 * Asked only for a packet that is about to open a flow, or that is likely to (track.h), and once.
 * Blackholes are asked for again when a known flow is looked up again, so that they cut flows within
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

/* What the whole of the routes, as the rules lead to them, says of the source. aside: there is a way
 * back, and it leaves by another device. */
static __always_inline enum reason route_back(void *ctx, const struct pkt *pkt,
					      const struct dev *dev, __u32 class_flags,
					      bool blackhole, bool *aside)
{
	enum reason unreachable = dev->urpf == URPF_OFF ? REASON_NONE : REASON_URPF;
	__u32 towards;

	switch (fib_look(ctx, pkt, dev->ifindex, 0, &towards)) {
	case FIB_REFUSED:
		return blackhole ? REASON_BLACKHOLE : unreachable;
	case FIB_NONE:
		return class_flags & CLASS_OWN ? REASON_MARTIAN : unreachable;
	case FIB_ROUTE:
		*aside = dev->urpf == URPF_STRICT && !route_leaves_by(dev, towards);
		return *aside ? REASON_URPF : REASON_NONE;
	default:
		return REASON_NONE;
	}
}

/* Has route() anything to say of a packet that would open a flow? */
static __always_inline bool route_asked(const struct scene *scene)
{
	return !reason_in(scene->knobs->off, REASON_BLACKHOLE) || scene->urpf != URPF_OFF ||
	       scene->source->flags & CLASS_OWN;
}

/* For a packet that would open a flow. class_flags: of its source. aside: as for route_back(). */
static __always_inline enum reason route(void *ctx, const struct pkt *pkt,
					 const struct policy_knobs *knobs, __u32 class_flags,
					 bool *aside)
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
	return route_back(ctx, pkt, dev, class_flags, !reason_in(knobs->off, REASON_BLACKHOLE), aside);
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
	reason = route(ctx, pkt, knobs, class_flags, &aside);
	if (when == ROUTE_NEW)
		return reason;
	scratch->routed = !reason;
	return aside ? REASON_NONE : reason;
}

#endif
