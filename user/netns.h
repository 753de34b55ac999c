/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An instance belongs to the network namespace it was made in, as its devices do: from another one
 * neither they, nor the programs behind a dispatcher there, nor its nftables table can be seen.
 */
#ifndef WEIR_NETNS_H
#define WEIR_NETNS_H

#include <linux/types.h>
#include "store.h"

/* Ours, as struct run names it; 0: it can't be told. */
__u64 netns_here(void);

/*
 * -EXIT_REFUSED when the instance belongs to another namespace than ours. One that is attached to
 * nothing any more, as after the end of that namespace, moves to ours.
 */
int netns_check(struct store *store, struct fail *fail);

/* The same for the end of an instance, which moves nowhere and works when that namespace has ended. */
int netns_check_off(const struct store *store, struct fail *fail);

#endif
