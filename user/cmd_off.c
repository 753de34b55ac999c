// SPDX-License-Identifier: GPL-2.0-only
#include "announce.h"
#include "attach.h"
#include "cli.h"
#include "netns.h"
#include "notrack.h"
#include "store.h"

/*
 * A program behind libxdp's dispatcher does not go with the pins of the instance, and without them
 * nobody would know whose it is: then the instance stays.
 */
static int detach_all(struct store *store, struct fail *fail)
{
	struct dev devs[DEV_MAX];

	if (store_devs_read(store, devs, fail))
		return 0;
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (devs[slot].ifindex && attach_detachable(store, slot, &devs[slot], fail))
			return -fail->status;
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (devs[slot].ifindex && attach_detach(store, devs[slot].name, fail) &&
		    devs[slot].driver == DRIVER_CHAIN)
			return -fail->status;
	return 0;
}

int cmd_off(struct cli *cli)
{
	struct store store;
	struct fail ignored;
	int result;

	if (cli_end(cli) || store_open(cli->instance, STORE_WRITE, &store, &cli->fail))
		return -cli->fail.status;
	result = netns_check_off(&store, &cli->fail);
	if (!result)
		result = detach_all(&store, &cli->fail);
	if (!result) {
		announce_sync(NULL, 0, &ignored);
		notrack_remove(cli->instance, &ignored);
		result = pin_remove(cli->instance, &cli->fail);
	}
	store_close(&store);
	return result;
}
