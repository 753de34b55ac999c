/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a policy says of prefixes, as facts for classes_merge(); the block list goes there by
 * itself. Rule i + 1 is limit i, and slot.h numbers the others. Both return 0 or -ENOMEM.
 */
#ifndef WEIR_FACT_H
#define WEIR_FACT_H

#include "bypass.h"
#include "class.h"

/* Of sources: trust, martians, sides, limits, reserve, bypass. Leaves out what ended before now_ns. */
int source_facts(const struct policy *policy, const struct bypass_groups *bypass, __u64 now_ns,
		 struct facts *facts);

/* Of destinations: limits, rates that engage challenges, bypass. */
int destination_facts(const struct policy *policy, const struct bypass_groups *bypass,
		      struct facts *facts);

#endif
