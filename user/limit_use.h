/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of each limit in force is used just now. */
#ifndef WEIR_LIMIT_USE_H
#define WEIR_LIMIT_USE_H

#include "bpf/gcra.h"
#include "group.h"
#include "policy.h"
#include "store.h"

/*
 * Of a limit that each source, aggregate or destination has for itself it is the use of the busiest
 * one. A number that can't be told is NAN.
 */
struct limit_use {
	const struct limit *limit;
	bool		implied;	/* not in the policy: a default */
	__u32		slot;		/* of its budget; 0: each source, or so, has one */
	struct pace	pace;		/* cost 0: nothing is known of it */
	double		rate;		/* new flows a second, admitted; per source: all that came */
	double		peak;		/* the most of these; total: in any second; per source: in the
					 * last ones of all remembered; else: of anyone just now */
	double		drop_rate;	/* refused, or would have been; a second */
	double		spent_percent;	/* of the burst */
	double		closed;		/* budgets with no room for one more flow */
	double		admitted, dropped;	/* in all */
	char		busiest[GROUP_TEXT];	/* empty: nobody */
};

/*
 * Fills one for each limit, and one more for the guard if it is not NULL: in the order of their rules
 * in the arena, which policy was read from. Takes a quarter of a second.
 */
int limit_use_read(const struct store *store, const struct arena *arena, const struct policy *policy,
		   const struct limit *guard, struct limit_use *use, struct fail *fail);

#endif
