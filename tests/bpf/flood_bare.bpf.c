// SPDX-License-Identifier: GPL-2.0-only
/* The whole way of a packet with admission cut out: the rest of what it costs. */
#include <stdbool.h>
#include <stddef.h>
#include "bpf/conntrack_xdp.h"
#include "bpf/state.h"
#include "bpf/challenge.h"
#include "bpf/track.h"
#include "bpf/admit.h"

#define admit(pkt, in, admission)	REASON_RATE_TOTAL
#define admit_foresee(pkt, role, admission)	((void)(role), (void)(admission))

#include "bpf/xdp.bpf.c"
