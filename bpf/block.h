/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trust list and the block list. Trust wins, whichever prefix is the longer one. An entry
 * carries its end, so it expires with nobody's help.
 *
 * Trust is of a source, and where that source lives an inside interface may list: the same address
 * from outside is somebody else's, and not trusted. So whoever trusts the networks inside does not
 * trust those who send in their name. Martians are what a registry says, and yield to the operator.
 */
#ifndef WEIR_BLOCK_H
#define WEIR_BLOCK_H

#include "scene.h"

static __always_inline enum reason trust(const struct scene *scene)
{
	const struct class *class = scene->source;

	if (!(class->flags & CLASS_TRUSTED) || scene->now_ns >= class->trust_until_ns)
		return REASON_NONE;
	if (scene->role == ROLE_OUTSIDE && class->flags & CLASS_INSIDE)
		return REASON_NONE;
	return REASON_TRUSTED;
}

static __always_inline void block_hit(const struct class *class, __u32 bytes)
{
	__u32 slot = class->hit;
	struct counter *hits = slot ? bpf_map_lookup_elem(&hit, &slot) : NULL;

	if (!hits)
		return;
	hits->packets++;
	hits->bytes += bytes;
}

static __always_inline enum reason block(const struct scene *scene, const struct pkt *pkt)
{
	const struct class *class = scene->source;

	if (!(class->flags & CLASS_BLOCKED) || scene->now_ns >= class->block_until_ns)
		return REASON_NONE;
	block_hit(class, pkt->bytes);
	return REASON_BLOCKED;
}

/*
 * Would its source be let through, as far as its class tells, if it is not trusted? What has to be counted,
 * or needs more than the class, is no: the long way knows.
 */
static __always_inline bool lawful(const struct scene *scene)
{
	__u32 flags = scene->source->flags;

	if (flags & (CLASS_BLOCKED | CLASS_MARTIAN | CLASS_MARTIAN_INSIDE))
		return false;
	if (scene->role == ROLE_OUTSIDE)
		return !(flags & CLASS_INSIDE);
	return flags & CLASS_INSIDE || !(scene->dev_flags & DEV_SOURCES);
}

#endif
