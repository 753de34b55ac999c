/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The compiled prefix table: longest match over any number of prefixes in a few cache lines.
 *
 * It lives in lines of the policy arena, is built here in one go from sorted prefixes, and is read
 * by bpf/table.h (which this file's tests run natively against a naive oracle). A leaf is a class
 * number below 2^24. Relocatable: lines refer to each other by arena line numbers.
 */
#ifndef WEIR_TABLE_H
#define WEIR_TABLE_H

#include <stddef.h>
#include "abi.h"
#include "value.h"

struct arena {
	__u8	*bytes;		/* owned; lines * POLICY_LINE, zeroed where not written */
	size_t	lines, room;	/* room 0: a view of the kernel's own bytes, only to be read */
};

/* Appends count zeroed lines; returns the number of the first, or 0 when memory is out. Line
 * numbers stay, pointers into bytes do not. Line 0 is never handed out (the head). */
__u32 arena_grow(struct arena *arena, size_t count);
void arena_free(struct arena *arena);

/* Pages of the map that it becomes in the kernel. */
static inline __u32 arena_pages(const struct arena *arena)
{
	return (arena->lines + POLICY_PAGE_LINES - 1) / POLICY_PAGE_LINES;
}

struct table_entry {
	struct prefix	prefix;
	__u32		class;
};

/*
 * Builds the table of the entries of one family, which must be sorted by prefix_compare() without
 * duplicates. The most specific prefix wins. Returns the table_ref of its root, 0 if count is 0 (no
 * table: class 0 for everything), or -ENOMEM.
 */
long table_build(struct arena *arena, const struct table_entry *entry, size_t count, int family);

#endif
