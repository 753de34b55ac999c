/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks a compiled policy for an address, as the datapath does. Pure. */
#ifndef WEIR_LOOKUP_H
#define WEIR_LOOKUP_H

#include "table.h"
#include "value.h"

/* What is said of a source, or of a destination; NULL when the arena is broken. Points into it. */
const struct class *lookup_source(const struct arena *arena, const struct prefix *source);
const struct class *lookup_destination(const struct arena *arena, const struct prefix *destination);

/* The number of the limit per destination that holds where no prefix has one; 0: none. */
__u32 lookup_destination_default(const struct arena *arena, enum role role);

/* The rule that a class or the knobs name by that number; NULL: 0, or the arena is broken. Points into
 * the arena. */
const struct rule *lookup_rule(const struct arena *arena, __u32 number);

#endif
