/* SPDX-License-Identifier: GPL-2.0-only */
/* What a rule matches, as bypass statements. */
#ifndef WEIR_IMPORT_STATEMENT_H
#define WEIR_IMPORT_STATEMENT_H

#include "import_match.h"
#include "policy.h"

/* What one rule says; all of it is taken, or nothing. */
struct statements {
	struct bypass	*at;		/* owned */
	size_t		count, room;
	char		why[200];	/* that can't be read */
};

/* A port at the source is that of the service: the rule is about what comes back. Without ports
 * both directions say the same. */
bool match_is_back(const struct match *match);

/* Fills what is empty. 1: the rule can't be said, and match->why; it may stand in statements. */
int statements_read(struct match *match, struct statements *statements, struct fail *fail);

#endif
