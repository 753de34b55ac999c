// SPDX-License-Identifier: GPL-2.0-only
/*
 * limit show: the limits in force, how much of each is used just now, and what was the most in a
 * second. Of a limit that each source, aggregate or destination has for itself the busiest one is told.
 */
#include <math.h>
#include <stdlib.h>
#include "cli.h"
#include "compile.h"
#include "limit_use.h"
#include "record.h"

static const char *kind_name(enum limit_kind kind)
{
	static const char *const names[] = {
		[LIMIT_SOURCE] = "per source", [LIMIT_PREFIX] = "total",
		[LIMIT_AGGREGATE] = "per aggregate", [LIMIT_DESTINATION] = "per destination",
		[LIMIT_TOTAL] = "total",
	};

	return names[kind];
}

static void show_count(struct cli *cli, double count)
{
	if (isnan(count))
		out_absent(&cli->out);
	else
		out_number(&cli->out, count);
}

static void show_use(struct cli *cli, const struct limit_use *use)
{
	out_real(&cli->out, use->rate);
	out_real(&cli->out, use->peak);
	out_real(&cli->out, use->rate * rate_cost_ns(&use->limit->rate) / 1e7);
	out_real(&cli->out, use->drop_rate);
	show_count(cli, use->admitted);
	show_count(cli, use->dropped);
	out_real(&cli->out, use->spent_percent);
	show_count(cli, use->closed);
	out_text(&cli->out, use->busiest[0] ? use->busiest : NULL);
}

static void show_row(struct cli *cli, const struct limit_use *use)
{
	const struct limit *limit = use->limit;
	char text[RATE_TEXT], prefix[PREFIX_TEXT];

	out_text(&cli->out, limit->prefix.family ?
		 prefix_print(&limit->prefix, prefix, sizeof(prefix)) : NULL);
	out_text(&cli->out, kind_name(limit->kind));
	out_text(&cli->out, limit->roles == 1 << ROLE_OUTSIDE ? "outside" :
		 limit->roles == 1 << ROLE_INSIDE ? "inside" : "both");
	out_text(&cli->out, rate_print(&limit->rate, text, sizeof(text)));
	if (limit->burst)
		out_number(&cli->out, limit->burst);
	else
		out_absent(&cli->out);
	out_text(&cli->out, use->implied ? "default" : "policy");
	show_use(cli, use);
}

static const struct out_column columns[] = {
	{ "prefix", "prefix", OUT_TEXT }, { "what", "what", OUT_TEXT },
	{ "from", "from", OUT_TEXT }, { "rate", "rate", OUT_TEXT },
	{ "burst", "burst", OUT_NUMBER }, { "set by", "set", OUT_TEXT },
	{ "new/s", "rate_now", OUT_REAL }, { "peak/s", "peak", OUT_REAL },
	{ "used (%)", "used_percent", OUT_REAL },
	{ "dropped/s", "drop_rate", OUT_REAL }, { "admitted", "admitted", OUT_NUMBER },
	{ "dropped", "dropped", OUT_NUMBER },
	{ "spent (%)", "spent_percent", OUT_REAL }, { "at limit", "closed", OUT_NUMBER },
	{ "busiest", "busiest", OUT_TEXT },
};

static int show(struct cli *cli, const struct store *store, const struct arena *arena,
		const struct policy *policy, const struct limit *guard)
{
	size_t count = policy->limit_count + !!guard;
	struct limit_use *use = calloc(count + 1, sizeof(*use));
	int result;

	if (!use)
		return fail_set(&cli->fail, EXIT_REFUSED, NULL, "out of memory");
	result = limit_use_read(store, arena, policy, guard, use, &cli->fail);
	if (!result) {
		out_table_begin(&cli->out, NULL, columns, sizeof(columns) / sizeof(columns[0]));
		for (size_t i = 0; i < count; i++)
			show_row(cli, &use[i]);
		out_table_end(&cli->out, "no limits");
	}
	free(use);
	return result;
}

int cmd_limit_show(struct cli *cli)
{
	struct arena arena = {};
	struct policy policy;
	struct store store;
	struct limit guard;
	int result;

	policy_init(&policy);
	if (cli_end(cli) || store_open(cli->instance, STORE_READ, &store, &cli->fail) ||
	    store_policy_read(&store, &arena, &cli->fail))
		return -cli->fail.status;
	result = record_read_text(&arena, &policy, &cli->fail);
	if (!result)
		result = show(cli, &store, &arena, &policy,
			      compiled_guard(&arena, &guard) ? &guard : NULL);
	policy_free(&policy);
	arena_free(&arena);
	store_close(&store);
	return result;
}
