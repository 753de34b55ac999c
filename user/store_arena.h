/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy arena as the kernel holds it: pages in the map "policy" (abi.h). */
#ifndef WEIR_STORE_ARENA_H
#define WEIR_STORE_ARENA_H

#include "table.h"

/*
 * Brings the arena into force in that map. Its generation is made the next one behind what is in force.
 * clock_ns: CLOCK_MONOTONIC, asked when that has happened; NULL: it is 0. 0, or -errno: then what
 * was in force still is. Nobody else may write to the map meanwhile.
 */
int arena_publish(int policy, struct arena *arena, __u64 (*clock_ns)(void));
/* Lets the pages go that are in force no more, or never were. */
void arena_sweep(int policy);
/* What is in force, as a view in an empty arena. 0, or -errno (ENOENT: nothing; EINVAL: no policy). */
int arena_fetch(int policy, struct arena *arena);

#endif
