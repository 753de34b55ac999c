/* SPDX-License-Identifier: GPL-2.0-only */
/* track() alone, for a program of either kind, which has included its conntrack_*.h before. */
#ifndef WEIR_TESTS_TRACK_ONE_H
#define WEIR_TESTS_TRACK_ONE_H

#include "bpf/track.h"

struct pkt track_pkt;	/* the packet */
struct policy_knobs knobs;
struct class class;
bool admits;		/* whatever may open a flow does */
bool stranger;		/* the source was not seen before: nobody asks for a SYN sent again */

__u32 proof_given;	/* enum proof: what the packet proved of its source; 0: nothing */

/* The reason, which is what the program returns. */
static __always_inline enum reason track_one(void *ctx)
{
	struct scratch *scratch = scratch_of_cpu();
	struct scene scene = { .knobs = &knobs, .source = &class };
	struct pkt pkt = track_pkt;
	enum reason reason;

	if (!scratch)
		return REASON_FAIL_OPEN;
	scratch->flow_hash = 0;
	scratch->proof = 0;
	scene.now_ns = now_ns(scratch);
	scene.would = &scratch->would;
	scratch->routed = 0;
	reason = track(ctx, &pkt, &scene);
	proof_given = scratch->proof;
	if (!reason && !stranger && track_resent(&pkt, scene.now_ns))
		reason = REASON_KNOWN;
	if (!reason && admits)
		track_admitted(&pkt, scene.now_ns);
	return reason;
}

#endif
