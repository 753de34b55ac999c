/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where rules stand in a listing of iptables-save or nft, and which packets meet them: those in a
 * chain that others call hold for what the callers matched, and those behind a rule that lets some
 * packets by do not hold for these.
 */
#ifndef WEIR_IMPORT_CHAIN_H
#define WEIR_IMPORT_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

enum chain_hook {
	CHAIN_CALLED,			/* none of its own */
	CHAIN_PREROUTING, CHAIN_OUTPUT,
	CHAIN_PASTED,			/* a rule alone, without its chain */
};

struct chain {
	struct chain	*next;
	unsigned int	section;	/* the table, counted from the begin of the text */
	enum chain_hook	hook;
	bool		accepts;	/* whoever calls it may not get the packet back */
	size_t		exception;	/* the line of the first rule that lets packets by; 0: not yet */
	char		name[];
};

struct chains {
	struct chain	*first;		/* owned */
	struct chain	*now;		/* that the next rule of nft stands in */
	unsigned int	section;
	unsigned int	family;		/* of the table: 4, 6, or 0 for both and where it is not said */
	bool		own;		/* in weir's own table: what it has is from bypasses */
	bool		failed;		/* out of memory */
};

/* Both passes go through all lines, without the spaces before them, in order. */
void chains_begin(struct chains *chains);
/* The chain that the line is a rule of, or NULL. The first pass makes the chains and finds out which
 * of them accept; the second asks. */
struct chain *chains_line(struct chains *chains, const char *line);
/* Does the rule make packets untracked? Then it lets none by, whatever else it does. */
bool line_untracks(const char *line);
/* Pass 1: the line is a rule of the chain. */
void chain_learn(struct chain *chain, const char *line);
/* Pass 2: does it let packets by what follows? */
bool chain_excepts(const struct chains *chains, const struct chain *chain, const char *line);
void chains_free(struct chains *chains);

#endif
