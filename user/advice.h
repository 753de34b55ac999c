/* SPDX-License-Identifier: GPL-2.0-only */
/* What is wrong with an instance, and what to type next. A pure function of what status knows. */
#ifndef WEIR_ADVICE_H
#define WEIR_ADVICE_H

#include <stdbool.h>
#include "abi.h"
#include "audit.h"
#include "fail.h"
#include "lack.h"
#include "value.h"

#define ADVICE_MAX	16
#define ADVICE_TEXT	256
#define ADVICE_LACKS	4	/* devices without a program that are named; of more, how many */
#define ADVICE_FULL	90	/* percent of the connection table that an operator should hear of */

struct situation {
	const char	*instance;
	const struct run *run;
	const struct dev *devs;		/* all DEV_MAX slots */
	const char	*const *state;	/* of each slot: "attached", "gone" or "?" */
	const struct lack *lack;	/* devices that the policy speaks of and that have no program */
	size_t		lacks;
	bool		elsewhere;	/* the instance belongs to another network namespace */
	bool		watched;	/* a daemon tells the datapath how full conntrack is */
	bool		conntrack;	/* the next two are known */
	__u64		count, max;
	__u64		would, dropped, fail_open;	/* packets */
	struct rate	guard;		/* the default limit per destination; count 0: none, or unknown */
	__u64		guarded;	/* packets from inside that such limits stopped, or would have */
	struct audit_alarm audit;
	__u64		now_ns;		/* CLOCK_MONOTONIC */
};

struct advice {
	enum exit_status status;	/* of `weir health`; EXIT_DONE: said, but nothing is wrong */
	char		text[ADVICE_TEXT];
};

/* One line each, the most urgent first. Returns how many there are. */
int advise(const struct situation *situation, struct advice advice[ADVICE_MAX]);
/* The most urgent one that tells of something wrong, or NULL. */
const struct advice *advise_worst(const struct advice *advice, int count);

/* How packets are judged where the kernel offers no look-up of flows (enum feature), and what to do
 * about it; NULL: it offers both. bpf/track.h has the rules. */
const char *advise_features(__u32 features);

#endif
