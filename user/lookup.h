/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks a compiled policy for an address, as the datapath does. Pure. */
#ifndef WEIR_LOOKUP_H
#define WEIR_LOOKUP_H

#include "table.h"
#include "value.h"

/* What is said of a source, or NULL when the arena is broken. Points into the arena. */
const struct class *lookup_source(const struct arena *arena, const struct prefix *source);

#endif
