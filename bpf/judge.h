/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The order of the stages, and nothing else: cheap and certain first, costly and global last. The
 * first stage with an opinion ends it.
 */
#ifndef WEIR_JUDGE_H
#define WEIR_JUDGE_H

#include "admit.h"
#include "block.h"
#include "sane.h"
#include "scene.h"
#include "track.h"

static __always_inline bool heeded(const struct scene *scene, enum reason reason)
{
	return reason && !reason_in(scene->knobs->off, reason);
}

static __always_inline enum reason ask_admit(const struct pkt *pkt, const struct scene *scene)
{
	const struct policy_head *head = scene->head;
	struct admit_input input = {
		.arena = scene->arena, .head = head, .knobs = scene->knobs,
		.source = scene->source, .now_ns = scene->now_ns, .role = scene->role,
		.monitor = scene_relapsed(scene) ? ~0ULL : scene->knobs->monitor[1],
	};

	if (head->destination_root4 | head->destination_root6)
		input.destination = scene_class(scene, head->destination_root4,
						head->destination_root6, head->destination_class,
						pkt->family, pkt->daddr);
	return admit(pkt, &input);
}

static __always_inline enum reason judge(void *ctx, const struct pkt *pkt, struct scene *scene)
{
	enum reason reason = sane(pkt);

	if (heeded(scene, reason))
		return reason;
	if (reason)
		return REASON_CLEAN;	/* a check that is off: what it spared can't be judged further */
	reason = trust(scene);
	if (reason)
		return reason;
	reason = block(scene, pkt);
	if (reason)
		return reason;
	reason = track(ctx, pkt, scene);
	if (reason)
		return reason;
	reason = ask_admit(pkt, scene);
	if (reason == REASON_NEW)
		track_admitted(pkt, scene->now_ns);
	return reason;
}

#endif
