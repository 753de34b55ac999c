// SPDX-License-Identifier: GPL-2.0-only
#include "capacity.h"
#include "challenge.h"
#include "cli.h"
#include "conntrack.h"
#include "overview.h"
#include "pressure.h"
#include "value.h"

/* What was last read of the sysctls: packets are judged by it. */
static void show_settings(struct cli *cli, const struct run *run)
{
	char text[96];

	snprintf(text, sizeof(text), "%s%s%s%s",
		 run->conntrack & CONNTRACK_TCP_LOOSE ? " tcp_loose" : "",
		 run->conntrack & CONNTRACK_TCP_BE_LIBERAL ? " tcp_be_liberal" : "",
		 run->conntrack & CONNTRACK_TCP_IGNORE_RST ? " tcp_ignore_invalid_rst" : "",
		 run->conntrack & CONNTRACK_CHECKSUM ? " checksum" : "");
	if (!(run->conntrack & CONNTRACK_SETTINGS_KNOWN))
		out_field_text(&cli->out, "settings that are on", "settings", NULL);
	else
		out_field_text(&cli->out, "settings that are on", "settings", text[0] ? text + 1 : "");
}

static void show_conntrack(struct cli *cli, const struct situation *is)
{
	out_object_begin(&cli->out, "conntrack", "conntrack");
	if (is->conntrack) {
		out_field_number(&cli->out, "entries", "count", is->count);
		out_field_number(&cli->out, "at most", "max", is->max);
		out_field_real(&cli->out, "full (%)", "full_percent",
			       is->max ? 100.0 * is->count / is->max : 0);
	} else {
		out_field_text(&cli->out, "state", "state", is->elsewhere ?
			       "in another network namespace" : "nf_conntrack is not loaded");
	}
	show_settings(cli, is->run);
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
static void show_pressure(struct cli *cli, const struct situation *is,
			  const struct pressure_now *told)
{
	const struct pressure_marks marks = {
		is->run->tight_percent, is->run->full_percent, is->run->reserve_percent,
	};
	struct pressure_seen seen = {
		.unreplied_ns = conntrack_unreplied_ns(), .count = is->count, .max = is->max,
		.before = is->watched ? told->level : PRESSURE_CALM,
	};
	struct pressure_now now;

	pressure_of(&marks, &seen, &now);
	out_object_begin(&cli->out, "pressure", "pressure");
	out_field_text(&cli->out, "level", "level", pressure_name(now.level));
	out_field_text(&cli->out, "in force", "in_force", pressure_name(is->watched ? told->level : 0));
	show_rate(cli, "strangers admitted (/s)", "admit_rate", now.admit_cost_ns);
	show_rate(cli, "proven sources admitted (/s)", "proven_rate", now.proven_cost_ns);
	out_field_bool(&cli->out, "reserve in use", "reserved_only", now.reserved_only);
	out_object_end(&cli->out);
	out_object_begin(&cli->out, "daemon", "daemon");
	out_field_bool(&cli->out, "running", "running", is->watched);
	if (told->beat_ns)
		out_field_real(&cli->out, "last heard of (s ago)", "age_seconds",
			       told->beat_ns < is->now_ns ? (is->now_ns - told->beat_ns) / 1e9 : 0);
	out_object_end(&cli->out);
}

static void show_links(struct cli *cli, const struct situation *is)
{
	static const struct out_column columns[] = {
		{ "dev", "dev", OUT_TEXT }, { "role", "role", OUT_TEXT },
		{ "driver", "driver", OUT_TEXT }, { "state", "state", OUT_TEXT },
	};

	out_table_begin(&cli->out, "links", columns, 4);
	for (int slot = 0; slot < DEV_MAX; slot++) {
		const struct dev *dev = &is->devs[slot];

		if (!dev->ifindex)
			continue;
		out_text(&cli->out, dev->name);
		out_text(&cli->out, ROLE_WORDS[dev->role % ROLE_COUNT]);
		out_text(&cli->out, DRIVER_WORDS[dev->driver % DRIVERS]);
		out_text(&cli->out, is->state[slot]);
	}
	for (size_t i = 0; i < is->lacks; i++) {
		out_text(&cli->out, is->lack[i].name);
		out_text(&cli->out, ROLE_WORDS[is->lack[i].role % ROLE_COUNT]);
		out_absent(&cli->out);
		out_text(&cli->out, is->lack[i].there ? "not attached" : "missing");
	}
	out_table_end(&cli->out, "attached to no device");
}

static void show_mode(struct cli *cli, const struct run *run, __u64 now_ns)
{
	bool enforcing = run->mode == MODE_ENFORCE &&
			 !(run->enforce_until_ns && run->enforce_until_ns <= now_ns);
	char text[DURATION_TEXT];

	out_field_text(&cli->out, "mode", "mode", enforcing ? "enforce" : "monitor");
	if (enforcing && run->enforce_until_ns)
		out_field_text(&cli->out, "unless confirmed, ends in", "ends_in",
			       duration_print(run->enforce_until_ns - now_ns, text, sizeof(text)));
}

/* Strays pass meanwhile, also in enforce mode. */
static void show_grace(struct cli *cli, const struct run *run, __u64 now_ns)
{
	__u64 left_ns = run->grace_until_ns > now_ns ? run->grace_until_ns - now_ns : 0;
	char text[DURATION_TEXT];

	if (cli->out.json && left_ns)
		out_field_number(&cli->out, "", "grace_ends_in", (left_ns + 999999999) / 1000000000);
	else if (cli->out.json)
		out_field_text(&cli->out, "", "grace_ends_in", NULL);
	else if (left_ns)
		out_field_text(&cli->out, "in grace, strays pass for", "grace_ends_in",
			       duration_print(left_ns, text, sizeof(text)));
}

static void show_kernel(struct cli *cli, const struct run *run)
{
	out_object_begin(&cli->out, "kernel", "kernel");
	out_field_bool(&cli->out, "flow look-up from XDP", "ct_lookup_xdp",
		       run->features & FEATURE_CT_XDP);
	out_field_bool(&cli->out, "flow look-up from tc", "ct_lookup_tc",
		       run->features & FEATURE_CT_SKB);
	out_object_end(&cli->out);
}

static void show_sources(struct cli *cli, const struct run *run)
{
	struct capacity made = capacity_made(run);

	out_field_number(&cli->out, "sources remembered at most", "sources", made.sources);
	out_field_number(&cli->out, "bytes of kernel memory for them", "source_bytes",
			 capacity_bytes(made.sources));
	out_field_number(&cli->out, "bits of IPv6 that are one source", "source_ipv6", made.length6);
}

static void show_packets(struct cli *cli, const struct overview *seen)
{
	out_object_begin(&cli->out, "packets", "packets");
	out_field_number(&cli->out, "passed", "passed", seen->passed);
	out_field_number(&cli->out, "would have been dropped", "would_drop", seen->is.would);
	out_field_number(&cli->out, "dropped", "dropped", seen->is.dropped);
	out_object_end(&cli->out);
}

/* What is wrong and what to type: a line each; in JSON all of them, and the first one as "next". */
static void show_advice(struct cli *cli, const struct situation *is)
{
	static const struct out_column column = { "advice", "text", OUT_TEXT };
	struct advice advice[ADVICE_MAX];
	int count = advise(is, advice);

	if (!cli->out.json) {
		for (int i = 0; i < count; i++)
			out_field_text(&cli->out, "next", "next", advice[i].text);
		return;
	}
	out_field_text(&cli->out, "next", "next", count ? advice[0].text : NULL);
	out_table_begin(&cli->out, "advice", &column, 1);
	for (int i = 0; i < count; i++)
		out_text(&cli->out, advice[i].text);
	out_table_end(&cli->out, NULL);
}

static int show_status(struct cli *cli, const struct overview *seen)
{
	const struct situation *is = &seen->is;

	out_object_begin(&cli->out, NULL, NULL);
	out_field_text(&cli->out, "instance", "instance", cli->instance);
	show_mode(cli, is->run, is->now_ns);
	show_grace(cli, is->run, is->now_ns);
	show_conntrack(cli, is);
	show_pressure(cli, is, &seen->pressure);
	if (challenge_print(cli, &seen->store, is->now_ns))
		return -cli->fail.status;
	show_links(cli, is);
	show_packets(cli, seen);
	audit_show(&cli->out, seen->audit);
	show_kernel(cli, is->run);
	show_sources(cli, is->run);
	show_advice(cli, is);
	out_object_end(&cli->out);
	return 0;
}

int cmd_status(struct cli *cli)
{
	struct overview seen;
	int result;

	if (cli_end(cli) || overview_open(cli->instance, &seen, &cli->fail))
		return -cli->fail.status;
	result = show_status(cli, &seen);
	overview_close(&seen);
	return result;
}
