/* SPDX-License-Identifier: GPL-2.0-only */
/* Challenges as an operator sees them. */
#ifndef WEIR_CHALLENGE_H
#define WEIR_CHALLENGE_H

#include "cli.h"
#include "store.h"

/* Prints the object "challenge": the way, whether it is engaged and since when, and the sums.
 * now_ns: CLOCK_MONOTONIC. */
int challenge_print(struct cli *cli, const struct store *store, __u64 now_ns);

#endif
