/* SPDX-License-Identifier: GPL-2.0-only */
/* The nftables rules of this machine as `nft list ruleset` prints them: chains, and their rules. */
#ifndef WEIR_LISTING_H
#define WEIR_LISTING_H

#include <stdbool.h>
#include <stdio.h>

struct listed_chain {
	const char	*table;		/* "inet lab" */
	const char	*name;
	int		family;		/* of the table: 4, 6, or 0: both */
	const char	*hook;		/* "input" ...; "": others jump to it */
	bool		drops;		/* by its policy */
	size_t		first, count;	/* its rules */
};

struct listed_rule {
	const char	*text;
	const char	*words;		/* the same without what stands in quotes: names, comments */
	bool		named;		/* has been warned of */
};

struct listing {
	char		*text, *words;
	struct listed_chain *chain;
	size_t		chain_count;
	struct listed_rule *rule;
	size_t		rule_count;
};

/* Tables of weir's own are left out. Without memory for it the listing is empty. */
void listing_read(const char *text, struct listing *listing);
void listing_free(struct listing *listing);

/* The chain of the same table that a rule of this one jumps to; NULL: there is none. */
const struct listed_chain *listing_jump(const struct listing *listing, const struct listed_chain *from,
					const char *name, size_t length);

/* Prints a warning of a rule, or of the whole chain (NULL). */
void listing_warn(FILE *to, const struct listed_chain *chain, const char *rule, const char *why);

/* What nft lists on this machine; NULL: it can't be read. The caller frees it. */
char *listing_text(void);

#endif
