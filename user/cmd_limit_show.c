// SPDX-License-Identifier: GPL-2.0-only
/*
 * limit show: the limits in force, how much of each is used just now, and what was the most in a
 * second. Of a limit that each source has for itself the busiest one is told.
 */
#include <stdlib.h>
#include <time.h>
#include "apply.h"
#include "cli.h"
#include "compile.h"
#include "lookup.h"
#include "record.h"
#include "slot.h"
#include "source.h"

#define SAMPLE_NS	250000000	/* between two looks */

struct row {
	const struct limit	*limit;
	bool			implied;	/* not in the policy: a default */
	__u32			slot;		/* of its budget; 0: it has one for each source, or so */
	struct budget_use	before, now;
	struct budget		shared;		/* after the second look */
	double			busiest;	/* per source: new flows a second of the busiest one */
	double			peak;		/* and of the busiest one in the last second it came in */
};

static const char *kind_name(enum limit_kind kind)
{
	static const char *const names[] = {
		[LIMIT_SOURCE] = "per source", [LIMIT_PREFIX] = "total",
		[LIMIT_AGGREGATE] = "per aggregate", [LIMIT_DESTINATION] = "per destination",
		[LIMIT_TOTAL] = "total",
	};

	return names[kind];
}

/* Two looks at all budgets. Returns the seconds between them, or a failure below 0. */
static double sample(const struct store *store, struct row *row, size_t count, struct fail *fail)
{
	const struct timespec pause = { .tv_nsec = SAMPLE_NS };
	__u64 began_ns = apply_now_ns();
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		any |= row[i].slot;
		if (row[i].slot && store_budget_use_read(store, row[i].slot, &row[i].before, fail))
			return -1;
	}
	if (!any)
		return 1;
	nanosleep(&pause, NULL);
	for (size_t i = 0; i < count; i++)
		if (row[i].slot && (store_budget_use_read(store, row[i].slot, &row[i].now, fail) ||
				    store_budget_read(store, row[i].slot, &row[i].shared, fail)))
			return -1;
	return (apply_now_ns() - began_ns) / 1e9;
}

static double greater(double a, double b)
{
	return a > b ? a : b;
}

/* Limits per source are as used as the busiest source that they are for. */
static int busiest_find(const struct store *store, const struct arena *arena, struct row *row,
			size_t count, struct fail *fail)
{
	__u64 now_ns = apply_now_ns();
	struct store_sources view;
	struct source_row source;

	if (store_sources_open(store, &view, fail))
		return -fail->status;
	for (size_t i = 0; i < view.lines * SOURCE_WAYS; i++) {
		const struct class *class;
		__u32 number;

		if (!source_read(&view.line[i / SOURCE_WAYS].way[i % SOURCE_WAYS], &view.more[i],
				 now_ns, &view.keys, &source) || !source.prefix.family)
			continue;
		class = lookup_source(arena, &source.prefix);
		number = class ? class->source_rule[source.role] : 0;
		if (!number || number > count)
			continue;
		row[number - 1].busiest = greater(row[number - 1].busiest, source.rate);
		row[number - 1].peak = greater(row[number - 1].peak, source.busiest);
	}
	store_sources_close(&view);
	return 0;
}

static void show_busiest(struct cli *cli, const struct row *row)
{
	if (row->limit->kind == LIMIT_SOURCE) {
		out_real(&cli->out, row->busiest);
		out_real(&cli->out, row->peak);
		out_real(&cli->out, row->busiest * rate_cost_ns(&row->limit->rate) / 1e7);
	} else {
		for (int column = 0; column < 3; column++)
			out_absent(&cli->out);
	}
	for (int column = 0; column < 3; column++)
		out_absent(&cli->out);
}

/* Admitted in the busiest window there was, as a rate. */
static double budget_peak(const struct budget *budget)
{
	__u64 last = (__u32)budget->window;

	return (budget->peak > last ? budget->peak : last) * 1e9 / (1ULL << SOURCE_WINDOW_SHIFT);
}

static void show_use(struct cli *cli, const struct row *row, double seconds)
{
	double admitted = (row->now.admitted - row->before.admitted) / seconds;

	if (!row->slot) {
		show_busiest(cli, row);
		return;
	}
	out_real(&cli->out, admitted);
	out_real(&cli->out, budget_peak(&row->shared));
	out_real(&cli->out, admitted * rate_cost_ns(&row->limit->rate) / 1e7);
	out_real(&cli->out, (row->now.dropped - row->before.dropped) / seconds);
	out_number(&cli->out, row->now.admitted);
	out_number(&cli->out, row->now.dropped);
}

static void show_row(struct cli *cli, const struct row *row, double seconds)
{
	const struct limit *limit = row->limit;
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
	out_text(&cli->out, row->implied ? "default" : "policy");
	show_use(cli, row, seconds);
}

static const struct out_column columns[] = {
	{ "prefix", "prefix", OUT_TEXT }, { "what", "what", OUT_TEXT },
	{ "from", "from", OUT_TEXT }, { "rate", "rate", OUT_TEXT },
	{ "burst", "burst", OUT_NUMBER }, { "set by", "set", OUT_TEXT },
	{ "new/s", "rate_now", OUT_REAL }, { "peak/s", "peak", OUT_REAL },
	{ "used (%)", "used_percent", OUT_REAL },
	{ "dropped/s", "drop_rate", OUT_REAL }, { "admitted", "admitted", OUT_NUMBER },
	{ "dropped", "dropped", OUT_NUMBER },
};

static int show(struct cli *cli, const struct store *store, const struct arena *arena,
		const struct policy *policy, const struct limit *guard)
{
	size_t count = policy->limit_count + !!guard;
	struct row *row = calloc(count + 1, sizeof(*row));
	double seconds;

	if (!row)
		return fail_set(&cli->fail, EXIT_REFUSED, NULL, "out of memory");
	for (size_t i = 0; i < policy->limit_count; i++)
		row[i] = (struct row){ &policy->limit[i], .slot = slot_of_rule(arena, i + 1) };
	if (guard)
		row[count - 1] = (struct row){ guard, .implied = true };
	seconds = sample(store, row, count, &cli->fail);
	if (seconds >= 0 && busiest_find(store, arena, row, policy->limit_count, &cli->fail))
		seconds = -1;
	if (seconds >= 0) {
		out_table_begin(&cli->out, NULL, columns, sizeof(columns) / sizeof(columns[0]));
		for (size_t i = 0; i < count; i++)
			show_row(cli, &row[i], seconds);
		out_table_end(&cli->out, "no limits");
	}
	free(row);
	return seconds < 0 ? -cli->fail.status : 0;
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
