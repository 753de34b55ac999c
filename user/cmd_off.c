// SPDX-License-Identifier: GPL-2.0-only
#include "announce.h"
#include "attach.h"
#include "cli.h"
#include "notrack.h"
#include "store.h"

int cmd_off(struct cli *cli)
{
	struct dev devs[DEV_MAX];
	struct store store;
	struct fail ignored;

	if (cli_end(cli) || store_open(cli->instance, STORE_WRITE, &store, &cli->fail))
		return -cli->fail.status;
	if (store_devs_read(&store, devs, &ignored) == 0)
		for (int slot = 0; slot < DEV_MAX; slot++)
			if (devs[slot].ifindex)
				attach_detach(&store, devs[slot].name, &ignored);
	announce_sync(NULL, 0, &ignored);
	notrack_remove(cli->instance, &ignored);
	pin_remove(cli->instance, &cli->fail);
	store_close(&store);
	return -cli->fail.status;
}
