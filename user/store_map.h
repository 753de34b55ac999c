/* SPDX-License-Identifier: GPL-2.0-only */
/* The pinned maps of an instance as such. For the store*.c files alone. */
#ifndef WEIR_STORE_MAP_H
#define WEIR_STORE_MAP_H

#include "store.h"

/* The failure that an errno is; what: the map, or what was done. */
int kernel_said(struct fail *fail, const char *what, int error);

/* The fd of a pinned map, or a failure; the caller closes it. */
int map_open(const struct store *store, const char *name, struct fail *fail);
/* How many entries it has. -1: errno tells why that is not known. */
int map_entries(int fd, __u32 *entries);

/* One entry of a map; of one with a value per CPU, all of them. */
int entry_read(const struct store *store, const char *map, __u32 key, void *value, struct fail *fail);
int entry_write(const struct store *store, const char *map, __u32 key, const void *value,
		struct fail *fail);

#endif
