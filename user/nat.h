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
 */
#ifndef WEIR_NAT_H
#define WEIR_NAT_H

#include "policy.h"

#define NAT_PORTS	(65535 - 1024 + 1)

/* The limit. addresses: that flows to one destination leave with; masquerade takes one a device. */
struct limit nat_guard(unsigned int addresses, __u64 unreplied_ns);

/*
 * Fills policy->guard with it if the policy has an inside interface, and this network namespace
 * translates source addresses: a chain of type nat at postrouting, or iptables' nat table.
 */
void nat_guard_find(struct policy *policy);

#endif
