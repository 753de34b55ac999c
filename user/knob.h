/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What changes the verdict of every packet: mode and checks of a policy -> struct policy_knobs.
 * Rule i + 1 is limit i of the policy.
 */
#ifndef WEIR_KNOB_H
#define WEIR_KNOB_H

#include "policy.h"

/*
 * A check that the policy does not speak of drops, with these exceptions: l4-checksum and window
 * are off, since one costs a walk over each packet and the other is young; so are blackhole,
 * challenge and reserve as long as nothing is set for them.
 */
void compile_knobs(const struct policy *policy, struct policy_knobs *knobs);

#endif
