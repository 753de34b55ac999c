// SPDX-License-Identifier: GPL-2.0-only
/*
 * grace: strays pass for a while. After a failover or a flush of the connection table the flows of
 * everybody are strays until conntrack has picked them up again.
 */
#include "apply.h"
#include "cli.h"
#include "conntrack.h"
#include "store.h"

static int grace_set(struct cli *cli)
{
	const char *word = cli_need(cli, "a duration, as in 30s; 0 ends it");
	struct store store;
	struct run run;
	__u64 for_ns;
	int result;

	if (word && duration_parse(word, &for_ns, &cli->fail))
		return cli_bad(cli);
	if (!word || cli_end(cli) || store_open(cli->instance, STORE_WRITE, &store, &cli->fail))
		return -cli->fail.status;
	result = store_run_read(&store, &run, &cli->fail);
	if (!result) {
		run.grace_until_ns = for_ns ? apply_now_ns() + for_ns : 0;
		run.conntrack = conntrack_settings();
		result = store_run_write(&store, &run, &cli->fail);
	}
	store_close(&store);
	return result;
}

static int grace_show(struct cli *cli)
{
	__u64 now = apply_now_ns();
	char text[DURATION_TEXT];
	struct store store;
	struct run run;
	int result;

	if (cli_end(cli) || store_open(cli->instance, STORE_STATS, &store, &cli->fail))
		return -cli->fail.status;
	result = store_run_read(&store, &run, &cli->fail);
	store_close(&store);
	if (result)
		return result;
	out_object_begin(&cli->out, NULL, NULL);
	out_field_text(&cli->out, "strays pass for", "ends_in", run.grace_until_ns > now ?
		       duration_print(run.grace_until_ns - now, text, sizeof(text)) : NULL);
	out_object_end(&cli->out);
	return 0;
}

int cmd_grace(struct cli *cli)
{
	return cli->argc ? grace_set(cli) : grace_show(cli);
}
