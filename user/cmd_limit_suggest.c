// SPDX-License-Identifier: GPL-2.0-only
/* limit suggest: limits from what was observed, or why there can be none now. */
#include <stdlib.h>
#include <time.h>
#include "apply.h"
#include "cli.h"
#include "clock.h"
#include "conntrack.h"
#include "pressure.h"
#include "suggest.h"

#define SAMPLE_NS	500000000	/* between two looks at the counters */

struct packets {
	__u64	passed, dropped;	/* dropped: or would be */
	__u64	opened[ROLE_COUNT];	/* packets that opened a flow */
};

static int packets_read(const struct store *store, struct packets *packets, struct fail *fail)
{
	struct counter *counter;
	struct dev devs[DEV_MAX];

	*packets = (struct packets){};
	if (store_devs_read(store, devs, fail) || store_counters_read(store, &counter, fail))
		return -fail->status;
	for (int slot = 0; slot < DEV_MAX; slot++) {
		for (int reason = 1; reason < REASON_COUNT; reason++) {
			__u64 *sum = reason < REASON_DROP_FIRST ? &packets->passed : &packets->dropped;

			*sum += counter[COUNTER_INDEX(slot, 0, reason)].packets;
			packets->dropped += counter[COUNTER_INDEX(slot, 1, reason)].packets;
		}
		packets->opened[devs[slot].role % ROLE_COUNT] +=
			counter[COUNTER_INDEX(slot, 0, REASON_NEW)].packets;
	}
	free(counter);
	return 0;
}

/* Also fills what the counters tell of the sides. */
static int scene_read(const struct store *store, __u64 wanted_ns, struct suggest_scene *scene,
		      struct suggest_side side[ROLE_COUNT], struct fail *fail)
{
	const struct timespec pause = { .tv_nsec = SAMPLE_NS };
	struct packets before, after;
	struct pressure_now pressure;
	__u64 began_ns;
	double seconds;
	struct run run;

	if (store_run_read(store, &run, fail) || store_pressure_read(store, &pressure, fail) ||
	    packets_read(store, &before, fail))
		return -fail->status;
	began_ns = apply_now_ns();
	nanosleep(&pause, NULL);
	if (packets_read(store, &after, fail))
		return -fail->status;
	seconds = (apply_now_ns() - began_ns) / 1e9;
	*scene = (struct suggest_scene){
		.observed_ns = realtime_ns() - run.made_ns, .wanted_ns = wanted_ns,
		.passed = (after.passed - before.passed) / seconds,
		.dropped = (after.dropped - before.dropped) / seconds,
		.pressed = pressure_fresh(&pressure, apply_now_ns()) && pressure.level != PRESSURE_CALM,
	};
	for (int role = 0; role < ROLE_COUNT; role++) {
		side[role].now = (after.opened[role] - before.opened[role]) / seconds;
		side[role].mean = after.opened[role] / (scene->observed_ns / 1e9);
	}
	conntrack_fill(&scene->count, &scene->max);
	return 0;
}

static int sides_read(const struct store *store, struct suggest_side side[ROLE_COUNT],
		      struct fail *fail)
{
	struct store_sources view;
	struct source_row row;
	__u64 now_ns = apply_now_ns();
	bool room = true;

	if (store_sources_open(store, &view, fail))
		return -fail->status;
	for (size_t i = 0; i < view.lines * SOURCE_WAYS && room; i++)
		if (source_read(&view.line[i / SOURCE_WAYS].way[i % SOURCE_WAYS], &view.more[i],
				now_ns, &view.keys, &row))
			room = suggest_add(&side[row.role], &row);
	store_sources_close(&view);
	return room ? 0 : fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
}

static const struct out_column columns[] = {
	{ "from", "from", OUT_TEXT }, { "sources", "sources", OUT_NUMBER },
	{ "half <=", "p50", OUT_REAL }, { "99 % <=", "p99", OUT_REAL },
	{ "99.9 % <=", "p999", OUT_REAL }, { "max/s", "max", OUT_REAL },
	{ "lost flows", "limited", OUT_NUMBER }, { "would be limited", "above", OUT_NUMBER },
	{ "suggested", "limit", OUT_TEXT }, { "or why not", "refused", OUT_TEXT },
	{ "but", "doubt", OUT_TEXT },
};

static void show_suggestion(struct cli *cli, struct suggest_side *side, enum role role)
{
	struct suggestion suggestion;
	char *text = NULL;
	size_t size;
	FILE *to;

	suggest_of(side, role, &suggestion);
	out_real(&cli->out, suggestion.p50);
	out_real(&cli->out, suggestion.p99);
	out_real(&cli->out, suggestion.p999);
	out_real(&cli->out, suggestion.max);
	out_number(&cli->out, side->limited);
	out_number(&cli->out, suggestion.above);
	to = open_memstream(&text, &size);
	limit_print(to, &suggestion.limit);
	fclose(to);
	out_text(&cli->out, text);
	free(text);
}

static void show_side(struct cli *cli, const struct suggest_scene *scene, struct suggest_side *side,
		      enum role role)
{
	char why[256];

	out_text(&cli->out, role == ROLE_INSIDE ? "inside" : "outside");
	out_number(&cli->out, side->count);
	if (suggest_side_refused(side, why, sizeof(why))) {
		for (int column = 0; column < 4; column++)
			out_absent(&cli->out);
		out_number(&cli->out, side->limited);
		out_absent(&cli->out);
		out_absent(&cli->out);
		out_text(&cli->out, why);
		out_absent(&cli->out);
		return;
	}
	show_suggestion(cli, side, role);
	out_absent(&cli->out);
	out_text(&cli->out, suggest_side_doubted(side, scene, why, sizeof(why)) ? why : NULL);
}

static int suggest(struct cli *cli, const struct store *store, __u64 wanted_ns)
{
	struct suggest_side side[ROLE_COUNT] = {};
	struct suggest_scene scene;
	char why[256];

	if (scene_read(store, wanted_ns, &scene, side, &cli->fail))
		return -cli->fail.status;
	if (suggest_refused(&scene, why, sizeof(why)))
		return fail_set(&cli->fail, EXIT_REFUSED,
				"ask again when it is busy, and no attack; sooner: weir limit suggest after TIME",
				"nothing to learn from: %s", why);
	if (sides_read(store, side, &cli->fail) == 0) {
		out_table_begin(&cli->out, NULL, columns, sizeof(columns) / sizeof(columns[0]));
		for (int role = 0; role < ROLE_COUNT; role++)
			show_side(cli, &scene, &side[role], role);
		out_table_end(&cli->out, NULL);
		cli->fail.status = EXIT_DONE;
	}
	for (int role = 0; role < ROLE_COUNT; role++)
		suggest_free(&side[role]);
	return -cli->fail.status;
}

int cmd_limit_suggest(struct cli *cli)
{
	__u64 wanted_ns = SUGGEST_OBSERVED_NS;
	const char *word = NULL;
	struct store store;
	int result;

	if (cli_take(cli, "after")) {
		word = cli_need(cli, "how long weir has to have run, as in 10m");
		if (!word)
			return -cli->fail.status;
		if (duration_parse(word, &wanted_ns, &cli->fail))
			return cli_bad(cli);
	}
	if (cli_end(cli) || store_open(cli->instance, STORE_READ, &store, &cli->fail))
		return -cli->fail.status;
	result = suggest(cli, &store, wanted_ns);
	store_close(&store);
	return result;
}
