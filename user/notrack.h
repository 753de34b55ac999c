/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The nftables side of bypass: one table of weir's own, "inet weir_<instance>". It makes packets
 * with the mark untracked, and what this machine itself sends in flows that are bypassed, which no
 * ingress program sees. No other table is touched.
 *
 * A plain table stays until it is removed, or until somebody flushes the ruleset. A table with an
 * owner can be changed by nobody else, survives that flush, and goes when its owner does.
 */
#ifndef WEIR_NOTRACK_H
#define WEIR_NOTRACK_H

#include "bypass.h"

struct nft_ctx;

enum notrack_state {
	NOTRACK_ABSENT,
	NOTRACK_OTHER,		/* there, but for another policy */
	NOTRACK_FITS,		/* there, and says what the policy says */
	NOTRACK_OWNED,		/* held by the daemon, which follows the policy by itself */
	NOTRACK_OWNED_FITS,	/* and has done so */
};

/* What is there against what the policy wants; without bypass it wants no table. */
int notrack_look(const char *instance, const struct policy *policy, enum notrack_state *state,
		 struct fail *fail);

/*
 * Puts the table of the policy in force, or removes it when there is no bypass. owner: NULL for a
 * plain table; else it is owned by that context, until nft_ctx_free().
 */
int notrack_put(const char *instance, const struct policy *policy, struct nft_ctx *owner,
		struct fail *fail);
/* A context that can own the table; NULL: no memory. */
struct nft_ctx *notrack_owner(void);
/* Waits until the owner of the table, if there is one, has followed the policy; not for ever. */
void notrack_settle(const char *instance, const struct policy *policy);
int notrack_remove(const char *instance, struct fail *fail);

/*
 * The table as nftables reads it, in place of one that is there (owned: by us); the caller frees it.
 * NULL: no memory, or what bypass_gather() says.
 */
char *notrack_text(const char *instance, const struct policy *policy, bool owner, bool owned,
		   struct fail *fail);

#endif
