/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the last share of conntrack's table is kept for: the policy's list of services with their
 * sources -> the line of different services, and for each item of the list its number there.
 */
#ifndef WEIR_RESERVE_H
#define WEIR_RESERVE_H

#include "policy.h"

/* -EXIT_USAGE when there are more than RESERVE_SERVICES different ones. */
int compile_reserve(const struct policy *policy, struct policy_reserve *line, struct fail *fail);

/* The number of the item's service in the line; -1: it has none. */
int reserve_service(const struct policy_reserve *line, const struct reserve *item);

#endif
