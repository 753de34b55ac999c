/* SPDX-License-Identifier: GPL-2.0-only */
/* What the datapath remembers of one source, put into words. Pure. */
#ifndef WEIR_SOURCE_ROW_H
#define WEIR_SOURCE_ROW_H

#include <stdbool.h>
#include "abi.h"
#include "value.h"

/* How the instance makes the keys of its table. */
struct source_keys {
	struct secret	secret;
	__u8		length6;	/* bits of an IPv6 address that are one source */
};

struct source_row {
	struct prefix	prefix;		/* family 0: not known, see below */
	enum role	role;		/* of the device it was seen on */
	double		rate;		/* new flows a second, over about the last second */
	double		average;	/* the same, over about a minute */
	double		busiest;	/* the same, of the busier of the last two seconds it came in */
	double		mean;		/* the same, since it was first seen */
	__u64		total;		/* new flows */
	__u64		dropped;	/* of these */
	__u64		idle_ns;	/* since it was last seen */
	__u64		known_ns;	/* since it was first seen */
	bool		proven;
};

/*
 * False: the seat is free. more: of the same seat. An IPv6 source of more than 64 bits is known by
 * name from its second flow on: a seat has room for 64.
 */
bool source_read(const struct source_hot *hot, const struct source_more *more, __u64 now_ns,
		 const struct source_keys *keys, struct source_row *row);

#endif
