/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard of the source ports of a masquerading gateway.
 *
 * All flows to one destination (address, port, protocol) share the source ports of the address
 * that they leave with: 1024-65535, whatever room the table has. Once they are used up the kernel
 * searches up to 240 of them for each packet that would open one more, in vain, and the gateway
 * forwards a hundredth of what it could (nf_nat_l4proto_unique_tuple() in nf_nat_core.c).
 *
 * So where inside hosts are masqueraded, a limit per destination holds from inside, unless the
 * policy has one of its own: what may come at once, and what comes after that for as long as an
 * entry lives that nobody answers, fit into seven eighths of the ports; then a free one is found
 * after eight tries on average.
 *
 * How many ports there are is read from the rules (snat.h). With several addresses the kernel hashes
 * the flow's addresses to one of them: a single host has the ports of one address to a destination,
 * which a limit per source has to hold.
 */
#ifndef WEIR_NAT_H
#define WEIR_NAT_H

#include "policy.h"
#include "snat.h"

/* The limit for flows that leave with the pool. */
struct limit nat_guard(const struct snat_pool *pool, __u64 unreplied_ns);

/*
 * The smallest pool that source addresses are translated to in this network namespace, by chains of
 * type nat at postrouting or iptables' nat table. False: nothing is translated.
 */
bool nat_pool(struct snat_pool *pool);

/* Fills policy->guard with the limit if the policy has an inside interface and sources are
 * translated. */
void nat_guard_find(struct policy *policy);

/* What the limit was worked out from. Empty: not looked yet. */
struct nat_seen {
	bool		looked;
	__u32		generation;	/* of nftables' rules */
	bool		iptables;
	struct snat_pool pool;		/* 0 addresses: nothing is translated */
	__u64		unreplied_ns;
};
/* Is it another one than seen, or the first one? Takes it over. The rules are listed only after
 * something has changed in nftables. */
bool nat_changed(struct nat_seen *seen);

#endif
