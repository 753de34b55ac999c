/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the nftables rules of this machine would do to bypassed packets, in plain words: a packet
 * that is not tracked is not translated, and many rulesets accept only what is tracked. And which
 * rules of others keep flows where weir does not find them: not tracked, or in another zone than the
 * default one. iptables rules count where iptables is the one of nftables.
 */
#ifndef WEIR_RULESET_H
#define WEIR_RULESET_H

#include <stdio.h>
#include "policy.h"

/* Prints a warning for each rule or chain that needs a look. Returns how many, also 0 when the
 * rules can't be read. */
size_t ruleset_warn(FILE *to, const struct bypass *bypass, size_t count);
/* That, and what weir does not find, for all of a policy. */
size_t ruleset_check(FILE *to, const struct policy *policy);

/* The same for a ruleset as `nft list ruleset` prints it. own: the addresses of this machine. */
size_t ruleset_judge(FILE *to, const char *text, const struct bypass *bypass, size_t count,
		     const struct prefix *own, size_t own_count);
/* What weir does not find and would take for strays; a notrack rule that is a bypass, too, is right. */
size_t ruleset_judge_strays(FILE *to, const char *text, const struct policy *policy);

#endif
