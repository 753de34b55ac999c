/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lines of a policy arena, in the kernel; abi.h tells what stands in them.
 *
 * A look-up in a map of a map is a call, and so is paid for by each packet. The map's values are
 * pages of many lines, and the first page is found once: the policy of most gateways is all there,
 * and the rest of the packet's way through it costs no more calls.
 */
#ifndef WEIR_ARENA_H
#define WEIR_ARENA_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi.h"

struct arena_view {
	void		*map;
	const __u8	*first;		/* page */
};

/* map: the arena, or NULL. False: there is nothing to see. The view is valid until the program
 * returns. */
static __always_inline bool arena_open(struct arena_view *view, void *map)
{
	__u32 zero = 0;

	view->map = map;
	view->first = map ? bpf_map_lookup_elem(map, &zero) : NULL;
	return view->first;
}

/*
 * A line, or NULL if there is none: of the first page, of any page by a call, or whichever it needs.
 * arena: a struct arena_view that is open.
 */
static __always_inline const void *arena_near(void *arena, __u32 line)
{
	const struct arena_view *view = arena;

	return line < POLICY_PAGE_LINES ? view->first + line * POLICY_LINE : NULL;
}

static __always_inline const void *arena_far(void *arena, __u32 line)
{
	const struct arena_view *view = arena;
	__u32 number = line / POLICY_PAGE_LINES, at = line % POLICY_PAGE_LINES * POLICY_LINE;
	const __u8 *page = bpf_map_lookup_elem(view->map, &number);

	if (!page)
		return NULL;
	asm volatile("" : "+r"(at));	/* not added before: the verifier lets nobody count from NULL */
	return page + at;
}

static __always_inline const void *arena_line(void *arena, __u32 line)
{
	return line < POLICY_PAGE_LINES ? arena_near(arena, line) : arena_far(arena, line);
}

#endif
