/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy arena as the kernel holds it: an array of pages (abi.h), mapped here. */
#ifndef WEIR_STORE_ARENA_H
#define WEIR_STORE_ARENA_H

#include "table.h"

/* A new map with the arena's bytes in it. Its fd, which the caller closes, or -errno. */
int arena_publish(const struct arena *arena);
/* A view of the bytes of such a map, in an empty arena. 0, or -errno (EINVAL: it holds none). */
int arena_fetch(int fd, struct arena *arena);

#endif
