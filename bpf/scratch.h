/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a CPU writes down about its packet. Not on the stack: the verifier would follow what every
 * path wrote there, and meet a million states; what stands in a map is any value to it.
 */
#ifndef WEIR_SCRATCH_H
#define WEIR_SCRATCH_H

#include "admission.h"
#include "pkt.h"
#include "window.h"

struct scratch {
	struct pkt		pkt;
	struct admission	admission;
	struct tcp_flow		flow;
};

#endif
