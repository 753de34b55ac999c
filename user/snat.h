/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The source addresses and ports that flows leave with, from the rules that translate them, as
 * `nft list ruleset` prints them; those of iptables-nft among them. Pure: no I/O.
 */
#ifndef WEIR_SNAT_H
#define WEIR_SNAT_H

#include <linux/types.h>
#include <stdbool.h>

#define SNAT_PORTS		(65535 - 1024 + 1)	/* where a rule names none */
#define SNAT_ADDRESSES_MAX	65536			/* more are counted as so many */
#define SNAT_RULE		200

struct snat_pool {
	__u64	addresses;
	__u64	ports;			/* of each */
	bool	guessed;		/* the rule can't be read: one address, all ports */
	char	rule[SNAT_RULE];	/* as listed, cut; "": of the older iptables */
};

/* One address with all its ports: what masquerade uses, and what is assumed of a rule that can't be
 * read. */
struct snat_pool snat_pool_one(bool guessed, const char *rule);

/*
 * The pool with the fewest pairs of address and port among the rules at postrouting; false if there
 * is no such rule. Of a map from addresses the smallest value counts, of one from random numbers or
 * hashes all of them, of a named map one address. A rule with one address and one port is no
 * pool: it is the fixed place of one service.
 */
bool snat_smallest(const char *listing, struct snat_pool *pool);

#endif
