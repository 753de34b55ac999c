// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "apply.h"
#include "cli.h"
#include "compile.h"
#include "lookup.h"
#include "record.h"
#include "source.h"
#include "store.h"

enum order { BY_NEW, BY_DROP };

struct top {
	struct source_row *row;		/* the best so far, the worst of them first (a heap) */
	size_t	count, room;
	enum order order;
};

/* How much a source matters in this order; equal ones are told apart by the other number. */
static double weight(const struct source_row *row, enum order order)
{
	if (order == BY_DROP)
		return row->dropped + row->rate / 1e9;
	return row->rate + row->total / 1e12;
}

static void swap_rows(struct source_row *a, struct source_row *b)
{
	struct source_row kept = *a;

	*a = *b;
	*b = kept;
}

static void sink(struct top *top, size_t at)
{
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < top->count; child++)
			if (weight(&top->row[child], top->order) < weight(&top->row[least], top->order))
				least = child;
		if (least == at)
			return;
		swap_rows(&top->row[at], &top->row[least]);
		at = least;
	}
}

static void offer(struct top *top, const struct source_row *row)
{
	if (top->order == BY_DROP && !row->dropped)
		return;
	if (top->count < top->room) {
		size_t at = top->count++;

		top->row[at] = *row;
		for (; at && weight(&top->row[at], top->order) <
			     weight(&top->row[(at - 1) / 2], top->order); at = (at - 1) / 2)
			swap_rows(&top->row[at], &top->row[(at - 1) / 2]);
		return;
	}
	if (weight(row, top->order) <= weight(&top->row[0], top->order))
		return;
	top->row[0] = *row;
	sink(top, 0);
}

/* Takes the worst one out, again and again: what is left behind is sorted, the best first. */
static void sort(struct top *top)
{
	size_t count = top->count;

	while (top->count > 1) {
		swap_rows(&top->row[0], &top->row[--top->count]);
		sink(top, 0);
	}
	top->count = count;
}

static const struct out_column columns[] = {
	{ "source", "source", OUT_TEXT }, { "side", "side", OUT_TEXT },
	{ "new/s", "rate", OUT_REAL }, { "average/s", "average", OUT_REAL },
	{ "total", "total", OUT_NUMBER }, { "dropped", "dropped", OUT_NUMBER },
	{ "known for", "known_for", OUT_TEXT }, { "idle", "idle", OUT_TEXT },
	{ "state", "state", OUT_TEXT }, { "limit", "limit", OUT_TEXT },
	{ "shared limits", "shared", OUT_TEXT },
};

/* what is asked for the limits that apply: the arena finds its number, the policy has its text */
struct limits {
	struct arena	arena;
	struct policy	policy;		/* without its lists */
};

static void print_limit(FILE *to, const struct limits *limits, __u32 number)
{
	if (!number || number > limits->policy.limit_count)
		return;
	fputs(ftell(to) > 0 ? "; " : "", to);
	limit_print(to, &limits->policy.limit[number - 1]);
}

/* Two columns: the limit of the source alone, and those that it shares with its neighbours. */
static void show_limits(struct cli *cli, const struct source_row *row, const struct limits *limits)
{
	const struct class *class = lookup_source(&limits->arena, &row->prefix);

	for (int shared = 0; shared < 2; shared++) {
		char *text = NULL;
		size_t size;
		FILE *to = open_memstream(&text, &size);

		if (class && !shared) {
			print_limit(to, limits, class->source_rule[row->role]);
		} else if (class) {
			print_limit(to, limits, class->aggregate_rule[row->role]);
			print_limit(to, limits, class->prefix_rule[row->role]);
		}
		fclose(to);
		out_text(&cli->out, size ? text : NULL);
		free(text);
	}
}

static const char *whole_seconds(__u64 ns, char *text, size_t size)
{
	return duration_print(ns / 1000000000 * 1000000000, text, size);
}

static void show_row(struct cli *cli, const struct source_row *row, const struct limits *limits)
{
	char text[DURATION_TEXT + PREFIX_TEXT];

	out_text(&cli->out, prefix_print(&row->prefix, text, sizeof(text)));
	out_text(&cli->out, row->role == ROLE_INSIDE ? "inside" : "outside");
	out_real(&cli->out, row->rate);
	out_real(&cli->out, row->average);
	out_number(&cli->out, row->total);
	out_number(&cli->out, row->dropped);
	out_text(&cli->out, whole_seconds(row->known_ns, text, sizeof(text)));
	out_text(&cli->out, whole_seconds(row->idle_ns, text, sizeof(text)));
	out_text(&cli->out, row->proven ? "proven" : NULL);
	show_limits(cli, row, limits);
}

static void scan(const struct store_sources *view, __u64 now_ns, struct top *top,
		 const struct prefix *within)
{
	struct source_row row;

	for (size_t i = 0; i < view->lines * SOURCE_WAYS; i++) {
		if (!source_read(&view->line[i / SOURCE_WAYS].way[i % SOURCE_WAYS], &view->more[i],
				 now_ns, &view->keys, &row) || !row.prefix.family)
			continue;
		if (!within || prefix_covers(&row.prefix, within) || prefix_covers(within, &row.prefix))
			offer(top, &row);
	}
}

static int limits_read(const struct store *store, struct limits *limits, struct fail *fail)
{
	policy_init(&limits->policy);
	if (store_policy_read(store, &limits->arena, fail))
		return -fail->status;
	return record_read_text(&limits->arena, &limits->policy, fail);
}

static void limits_free(struct limits *limits)
{
	policy_free(&limits->policy);
	arena_free(&limits->arena);
}

/* Finds the rows; the caller frees top->row. */
static int find(const struct store *store, struct top *top, const struct prefix *within,
		struct fail *fail)
{
	struct store_sources view;

	top->row = calloc(top->room, sizeof(*top->row));
	if (!top->row)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	if (store_sources_open(store, &view, fail))
		return -fail->status;
	scan(&view, apply_now_ns(), top, within);
	sort(top);
	store_sources_close(&view);
	if (within && !top->count)
		return fail_set(fail, EXIT_NO_ENTRY, NULL, "nothing is known of this source");
	return 0;
}

static int show(struct cli *cli, enum order order, size_t room, const struct prefix *within)
{
	struct top top = { .room = room, .order = order };
	struct limits limits = {};
	struct store store;
	int result;

	if (store_open(cli->instance, STORE_READ, &store, &cli->fail))
		return -cli->fail.status;
	result = limits_read(&store, &limits, &cli->fail);
	if (!result)
		result = find(&store, &top, within, &cli->fail);
	if (!result) {
		out_table_begin(&cli->out, NULL, columns, sizeof(columns) / sizeof(columns[0]));
		for (size_t i = 0; i < top.count; i++)
			show_row(cli, &top.row[i], &limits);
		out_table_end(&cli->out, order == BY_DROP ? "no source that is remembered has lost a flow" :
			      "nobody has opened a flow yet");
	}
	free(top.row);
	limits_free(&limits);
	store_close(&store);
	return result;
}

int cmd_source_top(struct cli *cli)
{
	static const char *const orders[] = { "new", "drop", NULL };
	enum order order = BY_NEW;
	const char *word;
	__u64 room = 20;
	int choice;

	while ((word = cli_next(cli))) {
		static const char *const words[] = { "sort", "limit", NULL };
		int what = cli_choose(cli, word, "option", words);
		const char *value = what < 0 ? NULL : cli_need(cli, what ? "a number" : "new or drop");

		if (!value)
			return -cli->fail.status;
		if (what) {
			if (number_parse(value, 1, 1000000, &room, &cli->fail))
				return cli_bad(cli);
			continue;
		}
		choice = cli_choose(cli, value, "order", orders);
		if (choice < 0)
			return choice;
		order = choice;
	}
	return show(cli, order, room, NULL);
}

int cmd_source_get(struct cli *cli)
{
	const char *word = cli_need(cli, "an address or a prefix");
	struct prefix within;

	if (word && prefix_parse(word, &within, &cli->fail))
		return cli_bad(cli);
	if (!word || cli_end(cli))
		return -cli->fail.status;
	return show(cli, BY_NEW, 1000, &within);
}
