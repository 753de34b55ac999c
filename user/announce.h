/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Block entries that a routing daemon is to tell others: `block add P announce` is a blackhole
 * route in the table of `check { blackhole table N }`, which BIRD or FRR export by BGP (RFC 7999).
 * A gateway that imports them drops the source as if it stood in its own list.
 *
 * Our routes have a protocol number of our own, and no others are ever touched; one instance of a
 * network namespace may announce. The metric of a route is the second of CLOCK_MONOTONIC at which
 * it ends, so whoever comes by can remove it without knowing the policy: the daemon, or the next
 * command. (The kernel takes an end only for IPv6 routes, and forgets it for blackholes.)
 *
 * What is announced cuts off others, so there are limits to it: no prefix shorter than a floor,
 * none that touches an address of this machine or a trusted prefix, and not too many. In monitor
 * mode nothing is announced.
 */
#ifndef WEIR_ANNOUNCE_H
#define WEIR_ANNOUNCE_H

#include "policy.h"

#define ANNOUNCE_PROTOCOL	87	/* 'W'; rtm_protocol, what BIRD calls krt_source */
#define ANNOUNCE_FLOOR4		24
#define ANNOUNCE_FLOOR6		48
#define ANNOUNCE_MAX		1000

/* Refuses an entry that must not be announced under this policy. */
int announce_check(const struct policy *policy, const struct entry *entry, struct fail *fail);
/* The same for all of the policy's entries. */
int announce_check_all(const struct policy *policy, struct fail *fail);

/* Makes our routes those that the policy announces now; NULL: none. */
int announce_sync(const struct policy *policy, __u64 now_ns, struct fail *fail);
/* Removes what has ended. */
int announce_expire(__u64 now_ns, struct fail *fail);

#endif
