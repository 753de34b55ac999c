// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "reasons.h"
#include "store.h"

static void add(struct counter *sum, const struct counter *counter)
{
	sum->packets += counter->packets;
	sum->bytes += counter->bytes;
}

static void row(struct cli *cli, const char *dev, const char *reason, const char *action,
		const struct counter *counter)
{
	if (!counter->packets)
		return;
	if (dev)
		out_text(&cli->out, dev);
	if (reason)
		out_text(&cli->out, reason);
	out_text(&cli->out, action);
	out_number(&cli->out, counter->packets);
	out_number(&cli->out, counter->bytes);
}

static void show_all(struct cli *cli, const struct dev *devs, const struct counter *counters)
{
	for (int slot = 0; slot < DEV_MAX; slot++)
		for (size_t i = 0; i < reason_name_count; i++)
			for (int would = 0; would < 2; would++)
				row(cli, devs[slot].name, reason_names[i].name,
				    reason_action(reason_names[i].reason, would),
				    &counters[COUNTER_INDEX(slot, would, reason_names[i].reason)]);
}

/* What a sample of the drops belonged to; nothing for what passes. */
static void audit_cells(struct cli *cli, enum reason reason, const struct audit *audit)
{
	if (reason < REASON_DROP_FIRST || !audit->asked) {
		out_absent(&cli->out);
		out_absent(&cli->out);
		return;
	}
	out_number(&cli->out, audit->asked);
	out_number(&cli->out, audit->established);
}

static void show_by_reason(struct cli *cli, const struct counter *counters,
			   const struct audit *audits)
{
	for (size_t i = 0; i < reason_name_count; i++) {
		for (int would = 0; would < 2; would++) {
			struct counter sum = {};

			for (int slot = 0; slot < DEV_MAX; slot++)
				add(&sum, &counters[COUNTER_INDEX(slot, would, reason_names[i].reason)]);
			if (!sum.packets)
				continue;
			row(cli, NULL, reason_names[i].name, reason_action(reason_names[i].reason, would), &sum);
			audit_cells(cli, reason_names[i].reason, &audits[AUDIT_INDEX(would, reason_names[i].reason)]);
		}
	}
}

static void show_by_dev(struct cli *cli, const struct dev *devs, const struct counter *counters)
{
	for (int slot = 0; slot < DEV_MAX; slot++) {
		struct counter pass = {}, would = {}, drop = {};

		for (size_t i = 0; i < reason_name_count; i++) {
			enum reason reason = reason_names[i].reason;

			add(reason < REASON_DROP_FIRST ? &pass : &drop,
			    &counters[COUNTER_INDEX(slot, 0, reason)]);
			add(&would, &counters[COUNTER_INDEX(slot, 1, reason)]);
		}
		row(cli, devs[slot].name, NULL, "pass", &pass);
		row(cli, devs[slot].name, NULL, "would-drop", &would);
		row(cli, devs[slot].name, NULL, "drop", &drop);
	}
}

/* "by reason" is 0, "by dev" 1, nothing -1 */
static int by_word(struct cli *cli, int *by)
{
	static const char *const words[] = { "reason", "dev", NULL };
	const char *word;

	*by = -1;
	if (!cli_take(cli, "by"))
		return cli_end(cli);
	word = cli_need(cli, "reason or dev");
	if (!word)
		return -cli->fail.status;
	*by = cli_choose(cli, word, "way to sum up", words);
	return *by < 0 ? *by : cli_end(cli);
}

int cmd_stats_show(struct cli *cli)
{
	static const struct out_column columns[] = {
		{ "dev", "dev", OUT_TEXT }, { "reason", "reason", OUT_TEXT },
		{ "action", "action", OUT_TEXT }, { "packets", "packets", OUT_NUMBER },
		{ "bytes", "bytes", OUT_NUMBER },
		/* only by reason */
		{ "looked up", "looked_up", OUT_NUMBER }, { "established", "established", OUT_NUMBER },
	};
	static const struct out_column by_dev[] = {
		{ "dev", "dev", OUT_TEXT }, { "action", "action", OUT_TEXT },
		{ "packets", "packets", OUT_NUMBER }, { "bytes", "bytes", OUT_NUMBER },
	};
	struct counter *counters;
	struct audit audits[AUDIT_MAX];
	struct dev devs[DEV_MAX];
	struct store store;
	int by;

	if (by_word(cli, &by) || store_open(cli->instance, STORE_STATS, &store, &cli->fail) ||
	    store_devs_read(&store, devs, &cli->fail) ||
	    store_audits_read(&store, audits, &cli->fail) ||
	    store_counters_read(&store, &counters, &cli->fail))
		return -cli->fail.status;
	store_close(&store);
	out_table_begin(&cli->out, NULL, by < 0 ? columns : by ? by_dev : columns + 1,
			by < 0 ? 5 : by ? 4 : 6);
	if (by < 0)
		show_all(cli, devs, counters);
	else if (by)
		show_by_dev(cli, devs, counters);
	else
		show_by_reason(cli, counters, audits);
	out_table_end(&cli->out, "no packets yet");
	free(counters);
	return 0;
}
