// SPDX-License-Identifier: GPL-2.0-only
#include "apply.h"
#include "cli.h"
#include "pin.h"

struct mode_change {
	enum mode	mode;
	__u64		for_ns;		/* 0: for ever */
};

static int mode_set(struct policy *policy, void *data, struct fail *fail)
{
	const struct mode_change *change = data;

	(void)fail;
	policy->mode = change->mode;
	policy->enforce_until_ns = change->for_ns ? apply_now_ns() + change->for_ns : 0;
	return 0;
}

int cmd_mode_monitor(struct cli *cli)
{
	struct mode_change change = { MODE_MONITOR, 0 };

	if (cli_end(cli))
		return -cli->fail.status;
	return apply_edit(cli->instance, mode_set, &change, &cli->fail);
}

int cmd_mode_enforce(struct cli *cli)
{
	struct mode_change change = { MODE_ENFORCE, 0 };
	const char *word;

	if (cli_take(cli, "for")) {
		word = cli_need(cli, "a duration, as in 10m");
		if (!word)
			return -cli->fail.status;
		if (duration_parse(word, &change.for_ns, &cli->fail))
			return cli_bad(cli);
		if (!change.for_ns)
			return fail_set(&cli->fail, EXIT_USAGE, "to drop for good: weir mode enforce",
					"\"%s\" is a time of 0", word);
	}
	if (cli_end(cli) || apply_edit(cli->instance, mode_set, &change, &cli->fail))
		return -cli->fail.status;
	if (change.for_ns && !cli->out.json) {
		char call[INSTANCE_CALL];

		fprintf(cli->out.to, "back to monitor by itself unless you type: %s confirm\n",
			pin_call(cli->instance, call));
	}
	return 0;
}

static int confirm(struct policy *policy, void *data, struct fail *fail)
{
	(void)data;
	if (!policy->enforce_until_ns)
		return fail_set(fail, EXIT_NO_ENTRY, "see with: weir mode show",
				"nothing waits for a confirmation");
	if (policy->enforce_until_ns <= apply_now_ns())
		return fail_set(fail, EXIT_NO_ENTRY, "enforce again: weir mode enforce",
				"too late: it is back in monitor mode already");
	policy->enforce_until_ns = 0;
	return 0;
}

int cmd_confirm(struct cli *cli)
{
	if (cli_end(cli))
		return -cli->fail.status;
	return apply_edit(cli->instance, confirm, NULL, &cli->fail);
}

int cmd_mode_show(struct cli *cli)
{
	struct store store;
	struct run run;
	__u64 now = apply_now_ns();
	bool over;
	char text[DURATION_TEXT];

	if (cli_end(cli) || store_open(cli->instance, STORE_STATS, &store, &cli->fail) ||
	    store_run_read(&store, &run, &cli->fail))
		return -cli->fail.status;
	store_close(&store);
	over = run.enforce_until_ns && run.enforce_until_ns <= now;
	out_object_begin(&cli->out, NULL, NULL);
	out_field_text(&cli->out, "mode", "mode",
		       run.mode == MODE_ENFORCE && !over ? "enforce" : "monitor");
	if (run.enforce_until_ns && !over)
		out_field_text(&cli->out, "unless confirmed, ends in", "ends_in",
			       duration_print(run.enforce_until_ns - now, text, sizeof(text)));
	out_object_end(&cli->out);
	return 0;
}
