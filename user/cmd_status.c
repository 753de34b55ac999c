// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "apply.h"
#include "attach.h"
#include "cli.h"
#include "conntrack.h"
#include "pressure.h"

struct totals {
	__u64	passed, would, dropped;
};

static struct totals totals_of(const struct counter *counters)
{
	struct totals totals = {};

	for (int slot = 0; slot < DEV_MAX; slot++) {
		for (int reason = 1; reason < REASON_COUNT; reason++) {
			__u64 packets = counters[COUNTER_INDEX(slot, 0, reason)].packets;

			if (reason < REASON_DROP_FIRST)
				totals.passed += packets;
			else
				totals.dropped += packets;
			totals.would += counters[COUNTER_INDEX(slot, 1, reason)].packets;
		}
	}
	return totals;
}

static void show_conntrack(struct cli *cli)
{
	__u64 count, max;

	out_object_begin(&cli->out, "conntrack", "conntrack");
	if (conntrack_fill(&count, &max)) {
		out_field_text(&cli->out, "state", "state", "nf_conntrack is not loaded");
	} else {
		out_field_number(&cli->out, "entries", "count", count);
		out_field_number(&cli->out, "at most", "max", max);
		out_field_real(&cli->out, "full (%)", "full_percent", max ? 100.0 * count / max : 0);
	}
	out_object_end(&cli->out);
}

static void show_rate(struct cli *cli, const char *title, const char *key, __u64 cost_ns)
{
	if (cost_ns)
		out_field_real(&cli->out, title, key, pressure_rate(cost_ns));
	else
		out_field_text(&cli->out, title, key, NULL);
}

/* What the table asks for now, and what the datapath does: without a daemon, nothing. */
static int show_pressure(struct cli *cli, const struct store *store, const struct run *run,
			 bool *running)
{
	const struct pressure_marks marks = {
		run->tight_percent, run->full_percent, run->reserve_percent,
	};
	struct pressure_seen seen = { .unreplied_ns = conntrack_unreplied_ns() };
	struct pressure_now now, told;
	__u64 now_ns = apply_now_ns();

	if (store_pressure_read(store, &told, &cli->fail))
		return -cli->fail.status;
	*running = pressure_fresh(&told, now_ns);
	if (*running)
		seen.before = told.level;
	conntrack_fill(&seen.count, &seen.max);
	pressure_of(&marks, &seen, &now);
	out_object_begin(&cli->out, "pressure", "pressure");
	out_field_text(&cli->out, "level", "level", pressure_name(now.level));
	out_field_text(&cli->out, "in force", "in_force", pressure_name(*running ? told.level : 0));
	show_rate(cli, "strangers admitted (/s)", "admit_rate", now.admit_cost_ns);
	show_rate(cli, "proven sources admitted (/s)", "proven_rate", now.proven_cost_ns);
	out_field_bool(&cli->out, "reserve in use", "reserved_only", now.reserved_only);
	out_object_end(&cli->out);
	out_object_begin(&cli->out, "daemon", "daemon");
	out_field_bool(&cli->out, "running", "running", *running);
	if (told.beat_ns)
		out_field_real(&cli->out, "last heard of (s ago)", "age_seconds",
			       told.beat_ns < now_ns ? (now_ns - told.beat_ns) / 1e9 : 0);
	out_object_end(&cli->out);
	return 0;
}

static void show_links(struct cli *cli, const struct store *store, const struct dev devs[DEV_MAX])
{
	static const char *const roles[] = { "outside", "inside" };
	static const char *const drivers[] = { "auto", "native", "generic", "tc" };
	static const struct out_column columns[] = {
		{ "dev", "dev", OUT_TEXT }, { "role", "role", OUT_TEXT },
		{ "driver", "driver", OUT_TEXT }, { "state", "state", OUT_TEXT },
	};

	out_table_begin(&cli->out, "links", columns, 4);
	for (int slot = 0; slot < DEV_MAX; slot++) {
		if (!devs[slot].ifindex)
			continue;
		out_text(&cli->out, devs[slot].name);
		out_text(&cli->out, roles[devs[slot].role % 2]);
		out_text(&cli->out, drivers[devs[slot].driver % 4]);
		out_text(&cli->out, attach_state(store, slot, &devs[slot]));
	}
	out_table_end(&cli->out, "attached to no device");
}

/* What an operator should type next, if anything. */
static const char *advice(const struct run *run, const struct totals *totals, bool enforcing,
			  bool watched)
{
	if (!watched && (run->tight_percent || run->full_percent || run->reserve_percent))
		return "nothing is done about pressure while nobody watches conntrack: weir daemon";
	if (!(run->features & FEATURE_CT_XDP))
		return "this kernel can't look flows up from XDP: known flows are not told from new ones; "
		       "load nf_conntrack, then attach again";
	if (!enforcing && totals->would)
		return "look at `weir stats show by reason`; when only the flood is there: weir mode enforce";
	if (!enforcing)
		return "nothing would have been dropped so far; set limits with: weir limit add";
	return NULL;
}

int cmd_status(struct cli *cli)
{
	struct counter *counters;
	struct dev devs[DEV_MAX];
	struct totals totals;
	struct store store;
	struct run run;
	bool enforcing, watched = false;

	if (cli_end(cli) || store_open(cli->instance, STORE_STATS, &store, &cli->fail) ||
	    store_run_read(&store, &run, &cli->fail) ||
	    store_devs_read(&store, devs, &cli->fail) ||
	    store_counters_read(&store, &counters, &cli->fail))
		return -cli->fail.status;
	totals = totals_of(counters);
	free(counters);
	enforcing = run.mode == MODE_ENFORCE &&
		    !(run.enforce_until_ns && run.enforce_until_ns <= apply_now_ns());
	out_object_begin(&cli->out, NULL, NULL);
	out_field_text(&cli->out, "instance", "instance", cli->instance);
	out_field_text(&cli->out, "mode", "mode", enforcing ? "enforce" : "monitor");
	show_conntrack(cli);
	if (show_pressure(cli, &store, &run, &watched))
		return -cli->fail.status;
	show_links(cli, &store, devs);
	out_object_begin(&cli->out, "packets", "packets");
	out_field_number(&cli->out, "passed", "passed", totals.passed);
	out_field_number(&cli->out, "would have been dropped", "would_drop", totals.would);
	out_field_number(&cli->out, "dropped", "dropped", totals.dropped);
	out_object_end(&cli->out);
	out_object_begin(&cli->out, "kernel", "kernel");
	out_field_bool(&cli->out, "flow look-up from XDP", "ct_lookup_xdp",
		       run.features & FEATURE_CT_XDP);
	out_field_bool(&cli->out, "flow look-up from tc", "ct_lookup_tc",
		       run.features & FEATURE_CT_SKB);
	out_object_end(&cli->out);
	out_field_number(&cli->out, "sources remembered at most", "sources", run.sources);
	out_field_text(&cli->out, "next", "next", advice(&run, &totals, enforcing, watched));
	out_object_end(&cli->out);
	store_close(&store);
	return 0;
}
