/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that come, go and change their names, against the statements of the policy: what appears
 * is attached by its name or glob, what is renamed stays attached under its new name, what has gone
 * is forgotten, and what somebody took off is put back. What could not be attached is tried again
 * each time. A device that was detached on purpose stays detached as long as it is there. And what
 * else of this machine the policy in force depends on.
 */
#ifndef WEIR_FOLLOW_H
#define WEIR_FOLLOW_H

#include <net/if.h>
#include "fail.h"
#include "nat.h"
#include "policy.h"
#include "retry.h"

struct follow {
	const char	*instance;
	struct if_nameindex *known;	/* owned; as they were the last time; NULL: not looked yet */
	struct retry	retry;
	struct prefix	*own;		/* owned; the addresses that the policy in force knows; the same */
	size_t		own_count;
	struct nat_seen	nat;		/* the source ports that the policy in force guards */
	bool		nat_late;	/* they are others, and the policy does not follow yet */
	char		complaint[512];	/* said last: not to be said again and again */
};

/* Looks once. What was done is logged. */
void follow_devices(struct follow *follow);
/* When this machine has other addresses than before, the policy in force is compiled again, since
 * it has them as facts. False when that was not possible: try again. */
bool follow_addresses(struct follow *follow);
/* The same when sources are translated to other addresses or ports. */
void follow_nat(struct follow *follow);
/* Tells the datapath of the sysctls of conntrack when they have changed. */
void follow_conntrack(const struct follow *follow);
void follow_free(struct follow *follow);

#endif
