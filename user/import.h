/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NOTRACK rules of others as bypass statements: the raw table as iptables-save and ip6tables-save
 * print it, or notrack rules as `nft list ruleset` does.
 */
#ifndef WEIR_IMPORT_H
#define WEIR_IMPORT_H

#include "policy.h"

/*
 * Reads the text and calls take() for each statement (the same one more than once, since old rules
 * come in pairs), and leave() with each rule that makes packets untracked but can't be said as a
 * bypass, and why. take() returns 0, or a failure that stops the reading and is returned.
 */
struct import {
	int	(*take)(const struct bypass *bypass, void *data, struct fail *fail);
	void	(*leave)(const char *rule, const char *why, void *data);
	void	*data;
};
int import_rules(const char *text, const struct import *import, struct fail *fail);

#endif
