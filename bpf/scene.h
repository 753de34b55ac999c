/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the judge knows beside the packet: the policy, the device, the time.
 *
 * The policy of a packet is one and the same until the program returns. Functions that the verifier
 * takes by themselves are handed its first page.
 */
#ifndef WEIR_SCENE_H
#define WEIR_SCENE_H

#include "pkt.h"
#include "state.h"
#include "table.h"

struct scene {
	struct arena_view		arena;
	const struct policy_head	*head;
	const struct policy_knobs	*knobs;
	const struct class		*source;	/* what the policy says of the source */
	__u8				*would;		/* enum reason: is only counted; 0: none */
	__u64				now_ns;
	__u32				dev_flags;	/* enum dev_flag */
	__u8				role;		/* enum role */
	__u8				urpf;		/* enum urpf */
	bool				answers;	/* the program can send a frame back */
};

/* The class that a table gives an address. NULL when the policy is not readable. */
static __always_inline const struct class *
scene_class(struct scene *scene, __u32 root4, __u32 root6, __u32 class_line, __u8 family,
	    const __be32 addr[4])
{
	__u32 class = table_find(&scene->arena, family == 4 ? root4 : root6, family, addr);

	return arena_line_early(&scene->arena, class_line + class);
}

/* page: the first one of the policy, not NULL. */
static __always_inline void scene_policy(struct scene *scene, const struct policy_page *page)
{
	scene->arena = arena_of(page);
	scene->head = page_line(page, 0);
	scene->knobs = page_line(page, POLICY_KNOBS);
}

/* All but what hangs on the packet's addresses. False when there is no policy. */
static __always_inline bool scene_open(struct scene *scene, struct scratch *scratch)
{
	const struct policy_page *page = page_in_force();
	const struct dev *dev = dev_of(dev_slot);

	scene->now_ns = now_ns(scratch);
	scene->would = &scratch->would;
	scratch->routed = 0;
	scratch->mark = 0;
	if (!page || !dev)
		return false;
	scene->role = dev->role;
	scene->urpf = dev->urpf;
	scene->dev_flags = dev->flags;
	scene_policy(scene, page);
	return true;
}

/* The class of the source. False: the policy is not readable. */
static __always_inline bool scene_source(struct scene *scene, const struct pkt *pkt)
{
	scene->source = scene_class(scene, scene->head->source_root4, scene->head->source_root6,
				    scene->head->source_class, pkt->family, pkt->saddr);
	return scene->source;
}

/*
 * The number of the class that a table of the policy gives an address. A function of its own, which
 * the verifier takes once: for look-ups that few packets need.
 */
__noinline int weir_class(const struct policy_page *page, const __be32 (*addr)[4], __u32 family,
			  bool destination)
{
	struct scene scene = {};
	const struct policy_head *head;
	__u32 root;

	if (!page || !addr)
		return 0;
	scene_policy(&scene, page);
	head = scene.head;
	if (family == 4)
		root = destination ? head->destination_root4 : head->source_root4;
	else
		root = destination ? head->destination_root6 : head->source_root6;
	return table_find(&scene.arena, root, family, *addr);
}

/*
 * The same of an IPv4 address, in one of the tables, whose root is given: for short ways, which have nothing but
 * the address.
 */
__noinline int weir_class4(const struct policy_page *page, __u32 root, __be32 addr)
{
	struct arena_view arena;

	if (!page)
		return 0;
	arena = arena_of(page);
	return table_find(&arena, root, 4, &addr);
}

/* What the policy says of a source or of a destination; NULL as for scene_class(). */
static __always_inline const struct class *scene_ask(struct scene *scene, __u32 family,
						     const __be32 (*addr)[4], bool destination)
{
	__u32 number = weir_class(scene->arena.first, addr, family, destination);

	return arena_line(&scene->arena, number + (destination ? scene->head->destination_class :
						  scene->head->source_class));
}

static __always_inline bool reason_in(const __u64 mask[2], enum reason reason)
{
	return mask[(reason >> 6) & 1] >> (reason & 63) & 1;
}

/* `mode enforce for TIME` has run out and was not confirmed: everything is monitored again. */
static __always_inline bool scene_relapsed(const struct scene *scene)
{
	return scene->knobs->enforce_until_ns && scene->now_ns >= scene->knobs->enforce_until_ns;
}

/* A drop that is only counted: monitor mode, as a whole or for this reason. */
static __always_inline bool scene_monitors(const struct scene *scene, enum reason reason)
{
	return scene_relapsed(scene) || reason_in(scene->knobs->monitor, reason);
}

/*
 * Is that the end? A drop that is only counted is not: conntrack will see the packet, so it has to
 * pay for a flow like any other.
 */
static __always_inline bool scene_ends(struct scene *scene, enum reason reason)
{
	if (reason < REASON_DROP_FIRST || !scene_monitors(scene, reason))
		return reason;
	if (!*scene->would)
		*scene->would = reason;
	return false;
}

/* The compiler knows what such a function can return; the verifier has to be shown. */
static __always_inline enum reason answer(int reason)
{
	asm volatile("" : "+r"(reason));
	return reason & 127;
}

#endif
