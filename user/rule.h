/* SPDX-License-Identifier: GPL-2.0-only */
/* What one rule of nftables does with packets, by their state in conntrack, as nft lists it. */
#ifndef WEIR_RULE_H
#define WEIR_RULE_H

#include <stdbool.h>
#include <stddef.h>

enum rule_state {
	RULE_INVALID = 1, RULE_ESTABLISHED = 2, RULE_RELATED = 4, RULE_NEW = 8, RULE_UNTRACKED = 16,
	RULE_ANY = 31,
};

enum rule_verdict { RULE_NO_VERDICT, RULE_ACCEPT, RULE_DROP, RULE_RETURN, RULE_JUMP, RULE_GOTO };

/* A rule has one branch; with a map of verdicts it has one for each element. */
struct rule_branch {
	unsigned int	states;		/* of the packets that it is for: enum rule_state */
	bool		said;		/* the rule says which */
	enum rule_verdict verdict;
	const char	*chain;		/* of a jump or goto: a part of the rule's text */
	size_t		chain_length;
};

#define RULE_BRANCHES 64	/* of a longer map only so many are seen */
struct rule_says {
	bool		plain;		/* nothing else is asked: all packets in these states */
	size_t		count;
	struct rule_branch branch[RULE_BRANCHES];
};

/* What logs, counts and comments asks nothing. A match that is not known asks something. */
void rule_read(const char *text, struct rule_says *rule);

#endif
