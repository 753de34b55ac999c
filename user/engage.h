/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Map "engaged" as user space sees it: which slot stands for which destinations, and whether it
 * challenges strangers now.
 */
#ifndef WEIR_USER_ENGAGE_H
#define WEIR_USER_ENGAGE_H

#include "policy.h"
#include "store.h"

/*
 * Writes what each slot stands for, by the policy that is in force by now and the arena that it was
 * compiled to. The state of a slot stays as long as its prefix does; all others begin with nothing.
 */
int engage_tell(const struct store *store, const struct policy *policy, const struct arena *arena,
		struct fail *fail);

/* Has a rate to everywhere or to the slot's prefix. */
bool engage_used(const struct engage *engage);
/* "203.0.113.0/24", or "everywhere"; returns out. */
char *engage_where(const struct engage *engage, char *out, size_t size);

#endif
