/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct policy -> the arena that the datapath reads, and back. Pure: no BPF, no globals.
 *
 * Everything that is said of nested prefixes (trust, block, martian, inside, limits) is merged
 * into classes; equal classes are one. The arena carries the policy itself in its records, so the
 * state in force can be shown, saved, compared and edited from the arena alone.
 */
#ifndef WEIR_COMPILE_H
#define WEIR_COMPILE_H

#include "policy.h"
#include "table.h"

/*
 * Fills an empty arena. before: the arena in force, or NULL: budgets of limits that stay keep
 * their slot, so that a reload does not forget them.
 * now_ns: CLOCK_MONOTONIC. Errors: too many limits or classes, out of memory.
 */
int compile(const struct policy *policy, const struct arena *before, __u64 now_ns,
	    struct arena *arena, struct fail *fail);

/* The policy that an arena was compiled from. On failure *policy is empty. */
int decompile(const struct arena *arena, __u64 now_ns, struct policy *policy, struct fail *fail);

/* Where one limit of a compiled policy keeps its state; for `limit show`. 0: it has none. */
__u32 compiled_slot(const struct arena *arena, const struct limit *limit);

/* The default limit per destination from inside, if the arena has it in force. */
bool compiled_guard(const struct arena *arena, struct limit *guard);

/* The index in map "hit" of the block entry of that prefix; 0: there is no such entry. Entries that
 * somebody gave a timeout or a comment have one of their own, the others share one. */
__u32 compiled_hit(const struct arena *arena, const struct prefix *prefix);

/* The same for a whole list that was decompiled from this arena; those that share a slot have 0. */
void compiled_hits(const struct arena *arena, const struct entries *block, __u16 *hit);

#endif
