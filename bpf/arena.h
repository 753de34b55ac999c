/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The lines of the policy in force, in the kernel; abi.h tells what stands in them. Whoever includes
 * this has the map "policy".
 *
 * The first page is found once a packet, and what it says of the place of the others holds until the
 * program returns, whatever comes into force meanwhile.
 */
#ifndef WEIR_ARENA_H
#define WEIR_ARENA_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi.h"

struct arena_view {
	const struct policy_page *first;
	__u32	slot;			/* of the first page in its half */
};

/* A line of the first page. at: a constant. */
static __always_inline const void *page_line(const struct policy_page *page, __u32 at)
{
	return page->byte + at * POLICY_LINE;
}

/* first: the first page of a policy, not NULL. */
static __always_inline struct arena_view arena_of(const struct policy_page *first)
{
	const struct policy_head *head = page_line(first, 0);

	return (struct arena_view){ first, POLICY_SLOT(head->generation, 0) };
}

static __always_inline const struct policy_page *page_in(__u32 slot)
{
	void *map = bpf_map_lookup_elem(&policy, &slot);
	__u32 zero = 0;

	return map ? bpf_map_lookup_elem(map, &zero) : NULL;
}

/* The first page of the policy in force; NULL: there is none. */
static __always_inline const struct policy_page *page_in_force(void)
{
	return page_in(0);
}

/* A line of a page, or NULL if there is no page. */
static __always_inline const void *line_in(const struct policy_page *page, __u32 line)
{
	__u32 at = line % POLICY_PAGE_LINES * POLICY_LINE;

	if (!page)
		return NULL;
	asm volatile("" : "+r"(at));	/* not added before: the verifier lets nobody count from NULL */
	return page->byte + at;
}

/* A line, or NULL if there is none. arena: a struct arena_view. */
static __always_inline const void *arena_line(void *arena, __u32 line)
{
	const struct arena_view *view = arena;

	return line_in(page_in(view->slot + line / POLICY_PAGE_LINES), line);
}

/* The same for one that most likely stands in the first page. */
static __always_inline const void *arena_line_early(void *arena, __u32 line)
{
	const struct arena_view *view = arena;

	if (line >= POLICY_PAGE_LINES)
		return arena_line(arena, line);
	return line_in(view->first, line);
}

#endif
