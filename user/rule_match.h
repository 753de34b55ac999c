/* SPDX-License-Identifier: GPL-2.0-only */
/* Does a rule of nftables speak of the flows of a bypass? */
#ifndef WEIR_RULE_MATCH_H
#define WEIR_RULE_MATCH_H

#include "policy.h"

/* Could it be asked about the first packet of such a flow? What is not understood may be anything. */
bool rule_meets(const char *rule, const struct bypass *bypass);
/* Or about what comes back? */
bool rule_concerns(const char *rule, const struct bypass *bypass);

#endif
