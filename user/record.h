/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The policy as it stands in an arena beside what was compiled from it: the canonical text for what
 * an operator writes by hand, and a packed list for trust and block entries, which may be a
 * million and whose ends are instants.
 */
#ifndef WEIR_RECORD_H
#define WEIR_RECORD_H

#include "policy.h"
#include "table.h"

/* Appends the records, and notes in the head where they are. hit: the slot of each block entry.
 * Leaves out entries that ended before now_ns. Fails when memory is out. */
int record_write(struct arena *arena, const struct policy *policy, const __u16 *hit, __u64 now_ns,
		 struct fail *fail);

/* Reads the policy back; entries that ended before now_ns are left out. On failure it is empty. */
int record_read(const struct arena *arena, __u64 now_ns, struct policy *policy, struct fail *fail);

/* The same without the trust and block entries. */
int record_read_text(const struct arena *arena, struct policy *policy, struct fail *fail);

struct record_walk {
	const __u8	*at, *end;
	__u64		left;
};

/* Walks over the block entries alone. The entry's comment points into the arena and is not
 * terminated: it is only good for asking whether there is one. */
void record_walk_block(const struct arena *arena, struct record_walk *walk);
bool record_next(struct record_walk *walk, struct entry *entry, __u16 *hit);

#endif
