/* SPDX-License-Identifier: GPL-2.0-only */
/* What the policy says of devices, and how the datapath's map "dev" hears of it. */
#ifndef WEIR_PORT_H
#define WEIR_PORT_H

#include "policy.h"
#include "store.h"

/* The first statement that names the device, else the first glob; NULL: there is none. */
const struct interface *port_statement(const struct policy *policy, const char *device);

/* The one name that the statement matches; false: it is a glob. */
bool port_name(const struct interface *statement, char name[static sizeof(((struct interface *)0)->name)]);

/* The statement of this device alone, added if there is none. NULL: out of memory. */
struct interface *port_put(struct policy *policy, const char *device);
/* Removes it; a glob that the device was attached by stays for the others. */
void port_drop(struct policy *policy, const char *device);

/*
 * Tells the attached devices how to check the way back, whether their sources are listed, and what
 * stands behind them. Called twice: before the policy is in force only what makes a device milder
 * is told, since a list that is not there yet must not be asked for; and once more behind it. Also
 * to be called when devices come, go or change.
 */
int ports_tell(const struct store *store, const struct policy *policy, bool before,
	       struct fail *fail);

#endif
