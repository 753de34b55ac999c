// SPDX-License-Identifier: GPL-2.0-only
/* The whole way of a packet with challenge and admission cut out: the rest of what it costs. */
#include <stdbool.h>
#include <stddef.h>
#include "bpf/conntrack_xdp.h"
#include "bpf/state.h"
#include "bpf/challenge.h"
#include "bpf/track.h"
#include "bpf/spent.h"

/* Asks for all that it is handed, or the compiler would leave some of it out of the call. */
static __always_inline enum reason no_challenge(const struct scene *scene)
{
	if (!(scene->knobs->flags & KNOB_RETRANSMIT))
		return REASON_NONE;
	return scene->now_ns || scene->answers ? REASON_CHALLENGED : REASON_NONE;
}

/* The same of admission. */
static __always_inline enum reason no_admission(const struct admit_input *in)
{
	asm volatile("" : : "r"(in->now_ns), "r"((__u64)in->role), "r"(in->counted));
	return REASON_RATE_TOTAL;
}

#define challenge(pkt, scene)	no_challenge(scene)
#define admit(pkt, in, admission)	no_admission(in)
#define spent_asked(scratch)	((void)(scratch), false)
#define admit_foresee(pkt, role, admission)	((void)(role), (void)(admission))
#define challenge_foresee(pkt)	((void)(pkt))

#include "bpf/xdp.bpf.c"
