/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What admit.h was asked about one packet, and what the budgets answered. Numbers only and no
 * pointers, and answers are masks with a bit per reason (its number less 64): so the verifier meets
 * one state again where many ways join.
 */
#ifndef WEIR_ADMISSION_H
#define WEIR_ADMISSION_H

#include "gcra.h"
#include "group.h"
#include "source.h"

struct admission {
	struct pace	by_source, by_aggregate, by_prefix, by_destination, by_total, by_pressure;
	struct source	source;
	struct group	aggregate, destination;
	__u64		would;		/* limits in monitor mode that would refuse */
};

#endif
