// SPDX-License-Identifier: GPL-2.0-only
/* health: one line and an exit status, for who watches many machines. */
#include <string.h>
#include "cli.h"
#include "overview.h"

static int health_read(const char *instance, char *why, size_t size)
{
	struct advice advice[ADVICE_MAX];
	const struct advice *worst;
	struct overview seen;
	struct fail fail;

	if (overview_open(instance, &seen, &fail)) {
		snprintf(why, size, "%s%s%s", fail.what, fail.remedy[0] ? ": " : "", fail.remedy);
		return fail.status;
	}
	worst = advise_worst(advice, advise(&seen.is, advice));
	if (worst)
		snprintf(why, size, "%s", worst->text);
	overview_close(&seen);
	return worst ? worst->status : EXIT_DONE;
}

/* The line is on standard output, also that of a failure: there is nothing to add on the other. */
int cmd_health(struct cli *cli)
{
	char why[sizeof(cli->fail.what) + sizeof(cli->fail.remedy) + 2] = "";
	int status;

	if (cli_end(cli))
		return -cli->fail.status;
	status = health_read(cli->instance, why, sizeof(why));
	out_object_begin(&cli->out, NULL, NULL);
	if (cli->out.json) {
		out_field_bool(&cli->out, "", "healthy", !status);
		out_field_number(&cli->out, "", "status", status);
	}
	out_field_text(&cli->out, status ? "not healthy" : "healthy", "why",
		       status ? why : cli->out.json ? NULL : "enforcing, and nothing is wrong");
	out_object_end(&cli->out);
	return status ? fail_quiet(&cli->fail, status) : 0;
}
