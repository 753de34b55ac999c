/* SPDX-License-Identifier: GPL-2.0-only */
/* The entries of two connection tables, side by side. */
#ifndef WEIR_LISTING_H
#define WEIR_LISTING_H

#include <stddef.h>

struct entry {
	char	*is;		/* protocol, state, tuples and flags, as conntrack(8) lists them */
	long	left_s;		/* until it is forgotten */
};

struct listing {
	struct entry	*entry;		/* sorted by what they are */
	size_t		count;
};

/* Those of the current network namespace. Prints why and exits when they can't be read. */
struct listing listing_read(void);
void listing_free(struct listing *listing);

/* Prints those that stand in one table alone, or for another time; returns how many there are. */
unsigned long listings_differ(const struct listing *alone, const struct listing *behind);

#endif
