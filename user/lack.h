/* SPDX-License-Identifier: GPL-2.0-only */
/* Devices that the policy speaks of and that have no program of this instance. */
#ifndef WEIR_LACK_H
#define WEIR_LACK_H

#include <net/if.h>
#include "policy.h"

#define LACK_MAX	DEV_MAX

struct lack {
	char		name[sizeof(((struct interface *)0)->name)];
	enum role	role;		/* that the policy gives it */
	bool		there;		/* false: no device has this name */
};

/*
 * Names that no device has, then devices that a name or a glob matches. A slot that is taken
 * counts as a program: whether it is alive is said of the slot. Returns how many there are.
 */
size_t lacks_of(const struct policy *policy, const struct dev devs[DEV_MAX],
		const struct if_nameindex *devices, struct lack lack[LACK_MAX]);

/* The same of the policy in force and the devices of this namespace. The policy is for root: to
 * others nothing lacks. */
size_t lacks_read(const char *instance, const struct dev devs[DEV_MAX], struct lack lack[LACK_MAX]);

#endif
