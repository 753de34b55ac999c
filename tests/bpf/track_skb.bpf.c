// SPDX-License-Identifier: GPL-2.0-only
/* track() as a tc program has it. */
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "bpf/conntrack_skb.h"
#include "bpf/track.h"

struct pkt track_pkt;
struct policy_knobs knobs;
bool admits;		/* whatever may open a flow does */
bool stranger;		/* the source was not seen before: nobody asks for a SYN sent again */

SEC("tc")
int track_skb(struct __sk_buff *ctx)
{
	struct scene scene = { .knobs = &knobs, .now_ns = now_ns() };
	struct pkt pkt = track_pkt;

	enum reason reason = track(ctx, &pkt, &scene);

	if (!reason && !stranger && track_resent(&pkt, scene.now_ns))
		reason = REASON_KNOWN;
	if (!reason && admits)
		track_admitted(&pkt, scene.now_ns);
	return reason;
}

char LICENSE[] SEC("license") = "GPL";
