/* SPDX-License-Identifier: GPL-2.0-only */
/* What the datapath remembers of one aggregate or destination, put into words. Pure. */
#ifndef WEIR_GROUP_ROW_H
#define WEIR_GROUP_ROW_H

#include <stdbool.h>
#include "abi.h"
#include "value.h"

struct group_row {
	bool		destination;	/* else an aggregate */
	enum role	role;		/* of the device its flows came in on */
	struct prefix	prefix;		/* the aggregate, or the address; family 0: not known */
	__u8		protocol;	/* IPPROTO_*; with the port, of an IPv4 destination alone */
	__u16		port;		/* host order; 0: the protocol has none */
};

/*
 * False: the seat is free. An IPv6 destination is remembered as a keyed hash, which does not tell
 * the address.
 */
bool group_read(const struct source_hot *hot, struct group_row *row);

#define GROUP_TEXT (PREFIX_TEXT + 32)
/* "192.0.2.0/24", "192.0.2.1 tcp port 80". Writes at most size bytes; returns out. */
char *group_print(const struct group_row *row, char *out, size_t size);

#endif
