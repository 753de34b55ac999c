/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short way of a flood's SYN: while a shared limit is spent (spent.h), a plain one of a stranger is
 * refused by its addresses alone, before it is read further.
 *
 * Only where the long way has nothing to say before it. Of a policy with challenges, or that looks into each TCP
 * packet, all go the long way; so does a source that is trusted, blocked or spoofed, or of which no answer of the
 * routes is remembered where they are asked, as there is none of a blackhole table of its own. What is refused here
 * would be refused there, for the same reason.
 */
#ifndef WEIR_SHORTCUT_SPENT_H
#define WEIR_SHORTCUT_SPENT_H

#include "block.h"
#include "challenge.h"
#include "route.h"
#include "spent.h"

/* What budgets are asked with, but for the destination. scene: with policy, source, now_ns and role. */
static __always_inline struct admit_input judge_input(struct scene *scene)
{
	return (struct admit_input){
		.arena = &scene->arena, .head = scene->head, .knobs = scene->knobs,
		.source = scene->source, .now_ns = scene->now_ns, .role = scene->role,
		.monitor = scene_relapsed(scene) ? ~0ULL : scene->knobs->monitor[1],
	};
}

/*
 * As weir_spent(), of what is in scratch->look; 0 also where somebody else has to be asked. A function
 * of its own, which the verifier takes once.
 */
__noinline int weir_shortcut_spent(const struct policy_page *page, __u64 now_ns)
{
	struct scratch *scratch = scratch_of_cpu();
	const struct dev *dev = dev_of(dev_slot);
	struct scene scene = { .now_ns = now_ns };
	const struct plain *plain;
	struct admit_input input;
	struct source *source;
	__u64 hash;

	if (!page || !scratch || !dev)
		return REASON_NONE;
	scene.role = dev->role & 1;
	scene.urpf = dev->urpf;
	scene.dev_flags = dev->flags;
	plain = &scratch->look;
	source = &scratch->admission.source;
	scene_policy(&scene, page);
	/* before the class, which is far: where nothing is remembered, the long way asks for it once more */
	if (route_asked_of_all(&scene) && !route_clears(&scene, plain->saddr))
		return REASON_NONE;
	scene.source = arena_line_early(&scene.arena, scene.head->source_class +
					weir_class4(page, scene.head->source_root4, plain->saddr));
	if (!scene.source || trust(&scene) || !lawful(&scene))
		return REASON_NONE;
	if (scene.source->flags & CLASS_OWN && !route_clears(&scene, plain->saddr))
		return REASON_NONE;
	*source = (struct source){ .key = plain->saddr, .who = who_is(4, scene.role) };
	hash = source_hash(source, hash_key);
	if (spent_spares(hash, now_ns))
		return REASON_NONE;
	input = judge_input(&scene);
	scratch->sought = 1;	/* as in weir_spent() */
	return spent_refuses(source, hash, &input, scratch);
}

/*
 * Of a plain SYN that is sane, and that no bypass speaks of. What is noted of another tick is not settled
 * here: refused_ns is of this one only behind weir_admit(), which comes behind weir_spent().
 */
static __always_inline enum reason shortcut_spent(struct scene *scene, const struct scratch *scratch)
{
	if (!spent_asked(scratch) || scratch->refused_ns != scene->now_ns)
		return REASON_NONE;
	if (challenge_asked(scene) || scene->knobs->flags & KNOB_LOOK_TCP)
		return REASON_NONE;
	return answer(weir_shortcut_spent(scene->arena.first, scene->now_ns));
}

#endif
