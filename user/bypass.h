/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bypass statements of a policy, gathered: those that differ in one thing only become one group
 * with a list of it. The datapath has a bit for each group, nftables a rule or two.
 *
 * A group speaks of flows whose one end is a service: packets towards it (a `to` address and a port
 * as destination, a `from` address as source), and the same turned round.
 */
#ifndef WEIR_BYPASS_H
#define WEIR_BYPASS_H

#include "policy.h"
#include "table.h"

#define BYPASS_MARK	0x10000000	/* unless the operator says another */

struct bypass_group {
	__u8		protocol;	/* 0: any */
	bool		any_port;	/* also protocols that have none */
	bool		fast;		/* forwarded by XDP where it can be */
	struct ports	*ports;		/* owned, as are the next; sorted, apart from each other */
	size_t		port_count;
	struct prefix	*to;		/* sorted, none covers another */
	size_t		to_count;	/* 0: everything */
	struct prefix	*from;
	size_t		from_count;
};

struct bypass_groups {
	struct bypass_group *at;	/* owned */
	size_t		count;
};

/* Fails when they are more than BYPASS_GROUPS_MAX. */
int bypass_gather(const struct policy *policy, struct bypass_groups *groups, struct fail *fail);
void bypass_groups_free(struct bypass_groups *groups);

/* The mark bit that holds. */
__u32 bypass_mark(const struct policy *policy);

/* Where these groups (a bit each) ask for ports: a bit per BYPASS_BLOCK_PORTS; all, if one asks for
 * none. */
__u32 bypass_blocks(const struct bypass_groups *groups, __u64 bits);

/* Appends what the datapath looks up, and fills the arena's lines for it (abi.h). */
int bypass_compile(const struct policy *policy, const struct bypass_groups *groups,
		   struct arena *arena, struct fail *fail);

#endif
