/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits from what honest sources were seen to do. Pure.
 *
 * A limit that is to hurt nobody lies above what nearly everybody does: twice the rate that 99.9 %
 * of the sources stay below, with as much again at once, rounded up to a number that is easily
 * remembered. What is observed during an attack is the attack: then nothing is suggested.
 *
 * Of a source its last two seconds with flows are known, its average of about a minute and the one
 * since it was first seen: the largest of these is learned. That is no peak of a day, so what was seen
 * in too short or too calm a time is said beside the limit.
 */
#ifndef WEIR_SUGGEST_H
#define WEIR_SUGGEST_H

#include <stdbool.h>
#include "policy.h"
#include "source.h"

#define SUGGEST_OBSERVED_NS	(10 * 60 * 1000000000ULL)	/* at least, unless asked otherwise */
#define SUGGEST_PEAK_NS		(24 * 3600 * 1000000000ULL)	/* or else no daily peak has been seen */
#define SUGGEST_SOURCES		20				/* at least, on a side */

/* What one side did. Begin with all 0, add each source, free with suggest_free(). */
struct suggest_side {
	float	*rate;		/* owned: flows a second at its busiest, of each honest source */
	size_t	count, room;
	size_t	once;		/* further sources that were seen once and never again */
	size_t	limited;	/* further ones that lost flows to a limit */
	double	total;		/* new flows a second of all of them, over about a minute */
	double	now, mean;	/* the same of the counters: just now, and since the instance was made */
};

/* False when memory is out. */
bool suggest_add(struct suggest_side *side, const struct source_row *row);
void suggest_free(struct suggest_side *side);

/* What else was seen. */
struct suggest_scene {
	__u64	observed_ns, wanted_ns;	/* how long weir has watched, and should have */
	double	passed, dropped;	/* packets a second just now; dropped: or would be */
	__u64	count, max;		/* of conntrack */
	bool	pressed;		/* the datapath acts upon pressure */
};

/* Why nothing can be learned now, as a line in why; false when something can. */
bool suggest_refused(const struct suggest_scene *scene, char *why, size_t size);
/* The same of one side. */
bool suggest_side_refused(const struct suggest_side *side, char *why, size_t size);

/* Why what was seen of this side may be less than its peak, as a line in why; false: nothing is known
 * against it. */
bool suggest_side_doubted(const struct suggest_side *side, const struct suggest_scene *scene,
			  char *why, size_t size);

struct suggestion {
	double	p50, p99, p999, max;	/* flows a second */
	size_t	above;			/* sources that were above the suggested limit, or above another */
	struct limit limit;		/* per source */
};
/* Sorts side->rate, which has at least one. */
void suggest_of(struct suggest_side *side, enum role role, struct suggestion *suggestion);

/* The next of 1, 2, 5, 10, 20, 50 ... that is not below. */
__u64 suggest_round(double rate);

#endif
