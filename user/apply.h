/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * struct policy against the state in force. The policy takes effect at one instant; counters,
 * budgets and known sources stay. Either everything is done, or nothing has changed.
 */
#ifndef WEIR_APPLY_H
#define WEIR_APPLY_H

#include "attach.h"
#include "policy.h"
#include "store.h"

/* The policy in force. On failure *policy is empty. */
int apply_read(const struct store *store, struct policy *policy, struct fail *fail);

/* What an operator should hear of: names, comma separated, cut off where there are too many. */
struct apply_told {
	char	missing[512];	/* names and globs that no device has */
	char	later[96];	/* how the sources of the instance are not as the policy wants them:
				 * they stay as they are while it lives */
	char	detached[512];	/* devices that were attached and that the policy does not name */
};

/*
 * Makes policy the one in force: attaches its interfaces (names and globs that match a device that
 * is there), detaches those it does not name. Makes the instance when it is not there. store:
 * opened for writing.
 */
int apply_policy(struct store *store, const struct policy *policy, struct apply_told *told,
		 struct fail *fail);

/*
 * Reads the policy in force, lets edit() change it, and puts it in force, all under the instance's
 * lock. Interfaces stay as they are. edit() returns 0, or the failure that stops it.
 */
int apply_edit(const char *instance, int (*edit)(struct policy *policy, void *data, struct fail *fail),
	       void *data, struct fail *fail);

/* what a policy that speaks of the device already says, and the request then takes over */
#define APPLY_KEEP_ROLE		1
#define APPLY_KEEP_DRIVER	2
#define APPLY_KEEP_PRIORITY	4
/*
 * Attaches one device and adds or changes its statement in the policy; makes the instance when
 * missing. *request tells what was done.
 */
int apply_attach(const char *instance, struct attach_request *request, unsigned int keep,
		 struct fail *fail);
/* Detaches it, and removes its statement. */
int apply_detach(const char *instance, const char *name, struct fail *fail);

/* CLOCK_MONOTONIC */
__u64 apply_now_ns(void);

#endif
