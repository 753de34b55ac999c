// SPDX-License-Identifier: GPL-2.0-only
#include "cli.h"
#include "daemon.h"

int cmd_daemon(struct cli *cli)
{
	bool here = cli_take(cli, "-f");
	const char *file = cli_file(cli);

	if (cli_end(cli))
		return -cli->fail.status;
	return daemon_run(cli->instance, file, here, &cli->fail);
}
