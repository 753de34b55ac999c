// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "apply.h"
#include "bypass.h"
#include "cli.h"
#include "ruleset.h"


static struct bypass *bypass_find(struct policy *policy, const struct bypass *wanted)
{
	for (size_t i = 0; i < policy->bypass_count; i++)
		if (bypass_same(&policy->bypass[i], wanted))
			return &policy->bypass[i];
	return NULL;
}

static int bypass_append(struct policy *policy, const struct bypass *bypass, struct fail *fail)
{
	struct bypass *grown = reallocarray(policy->bypass, policy->bypass_count + 1, sizeof(*grown));

	if (!grown)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	grown[policy->bypass_count++] = *bypass;
	policy->bypass = grown;
	return 0;
}

static int edit_add(struct policy *policy, void *data, struct fail *fail)
{
	const struct bypass *bypass = data;

	if (bypass_find(policy, bypass))
		return fail_set(fail, EXIT_USAGE, "see them with: weir bypass show",
				"there is such a bypass already");
	return bypass_append(policy, bypass, fail);
}

static int edit_del(struct policy *policy, void *data, struct fail *fail)
{
	struct bypass *have = bypass_find(policy, data);

	if (!have)
		return fail_set(fail, EXIT_NO_ENTRY, "see them with: weir bypass show",
				"there is no such bypass");
	memmove(have, have + 1, (policy->bypass + policy->bypass_count - have - 1) * sizeof(*have));
	policy->bypass_count--;
	return 0;
}

static int edit_mark(struct policy *policy, void *data, struct fail *fail)
{
	(void)fail;
	policy->bypass_mark = *(const __u32 *)data;
	return 0;
}

int cmd_bypass_add(struct cli *cli)
{
	struct bypass bypass;

	if (bypass_parse(cli->argc, cli->argv, &bypass, &cli->fail) ||
	    apply_edit(cli->instance, edit_add, &bypass, &cli->fail))
		return -cli->fail.status;
	ruleset_warn(stderr, &bypass, 1);
	return 0;
}

int cmd_bypass_del(struct cli *cli)
{
	struct bypass bypass;

	if (bypass_parse(cli->argc, cli->argv, &bypass, &cli->fail))
		return -cli->fail.status;
	return apply_edit(cli->instance, edit_del, &bypass, &cli->fail);
}

int cmd_bypass_mark(struct cli *cli)
{
	const char *word = cli_need(cli, "a mark with one bit, as 0x10000000");
	__u32 mark;

	if (!word || bypass_mark_parse(word, &mark, &cli->fail) || cli_end(cli))
		return -cli->fail.status;
	return apply_edit(cli->instance, edit_mark, &mark, &cli->fail);
}

static void bypass_row(struct cli *cli, const struct bypass *bypass)
{
	char text[PREFIX_TEXT], number[16];
	const char *name = protocol_name(bypass->protocol);

	snprintf(number, sizeof(number), "%u", bypass->protocol);
	out_text(&cli->out, name ? name : bypass->protocol ? number : NULL);
	out_text(&cli->out, bypass->ports.first ?
		 ports_print(&bypass->ports, text, sizeof(text)) : NULL);
	out_text(&cli->out, bypass->to.family ? prefix_print(&bypass->to, text, sizeof(text)) : NULL);
	out_text(&cli->out, bypass->from.family ?
		 prefix_print(&bypass->from, text, sizeof(text)) : NULL);
}

int cmd_bypass_show(struct cli *cli)
{
	static const struct out_column columns[] = {
		{ "protocol", "protocol", OUT_TEXT }, { "port", "port", OUT_TEXT },
		{ "to", "to", OUT_TEXT }, { "from", "from", OUT_TEXT },
	};
	struct policy policy;
	struct store store;
	int result;

	policy_init(&policy);
	if (cli_end(cli) || store_open(cli->instance, STORE_READ, &store, &cli->fail))
		return -cli->fail.status;
	result = apply_read(&store, &policy, &cli->fail);
	store_close(&store);
	if (result)
		return result;
	out_table_begin(&cli->out, NULL, columns, 4);
	for (size_t i = 0; i < policy.bypass_count; i++)
		bypass_row(cli, &policy.bypass[i]);
	out_table_end(&cli->out, "everything is tracked");
	policy_free(&policy);
	return 0;
}
