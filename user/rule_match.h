/* SPDX-License-Identifier: GPL-2.0-only */
/* Does a rule of nftables speak of the flows of a bypass? */
#ifndef WEIR_RULE_MATCH_H
#define WEIR_RULE_MATCH_H

#include "policy.h"

/* Does it say these words, and not in a comment or a name? */
bool rule_has(const char *rule, const char *words);

/*
 * Could it be asked about the first packet of such a flow? rule: without what stands in quotes;
 * table: the family of its table, 0: both. What is not understood may be anything.
 */
bool rule_meets(const char *rule, int table, const struct bypass *bypass);
/* Or about what comes back? */
bool rule_concerns(const char *rule, int table, const struct bypass *bypass);

#endif
