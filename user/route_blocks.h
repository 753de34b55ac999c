/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which blocks of IPv4 addresses (headers/routes.h) the routes say one and the same of, from what
 * rtnetlink tells. What leads to a part of a block, or asks for more than the address, takes the block
 * out; nothing puts it in again but a new beginning.
 */
#ifndef WEIR_ROUTE_BLOCKS_H
#define WEIR_ROUTE_BLOCKS_H

#include <linux/netlink.h>
#include <stdbool.h>
#include "abi.h"

struct route_blocks {
	__u64	split[ROUTES_BLOCKS / 64];	/* as in struct routes_now */
	bool	odd_rule;	/* some rule asks for more than a table: no block has one answer */
};

/* A message of type RTM_NEWROUTE. */
void route_blocks_route(struct route_blocks *blocks, const struct nlmsghdr *message);
/* A message of type RTM_NEWRULE. */
void route_blocks_rule(struct route_blocks *blocks, const struct nlmsghdr *message);

#endif
