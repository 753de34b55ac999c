/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy arena as the kernel holds it: pages in the map "policy" (abi.h). */
#ifndef WEIR_STORE_ARENA_H
#define WEIR_STORE_ARENA_H

#include "table.h"

/*
 * Brings the arena into force in that map, at now_ns (CLOCK_MONOTONIC) or a little later. Its generation
 * is made the next one behind what is in force. 0, or -errno: then what was in force still is. Nobody
 * else may write to the map meanwhile.
 */
int arena_publish(int policy, struct arena *arena, __u64 now_ns);
/* What is in force, as a view in an empty arena. 0, or -errno (ENOENT: nothing; EINVAL: no policy). */
int arena_fetch(int policy, struct arena *arena);

#endif
