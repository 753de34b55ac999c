/* SPDX-License-Identifier: GPL-2.0-only */
/* Two policies, line by line. */
#ifndef WEIR_DIFF_H
#define WEIR_DIFF_H

#include "policy.h"

/*
 * What would change, a line each: "- limit ..." is in before only, "+ limit ..." in after only.
 * Returns how many lines were printed. Of what ends by itself, only the time that is left is no
 * difference, since that runs.
 */
size_t policy_diff(FILE *to, const struct policy *before, const struct policy *after,
		   __u64 now_ns);

#endif
