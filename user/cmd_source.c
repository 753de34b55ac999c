// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "apply.h"
#include "cli.h"
#include "source.h"
#include "store.h"

#define LENGTH6 64	/* bits of an IPv6 address that are one source */

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
	{ "idle", "idle", OUT_TEXT }, { "state", "state", OUT_TEXT },
};

static void show_row(struct cli *cli, const struct source_row *row)
{
	char text[DURATION_TEXT + PREFIX_TEXT];

	out_text(&cli->out, prefix_print(&row->prefix, text, sizeof(text)));
	out_text(&cli->out, row->role == ROLE_INSIDE ? "inside" : "outside");
	out_real(&cli->out, row->rate);
	out_real(&cli->out, row->average);
	out_number(&cli->out, row->total);
	out_number(&cli->out, row->dropped);
	out_text(&cli->out, duration_print(row->idle_ns / 1000000000 * 1000000000, text, sizeof(text)));
	out_text(&cli->out, row->proven ? "proven" : NULL);
}

static void scan(const struct store_sources *view, __u64 now_ns, struct top *top,
		 const struct prefix *within)
{
	struct source_row row;

	for (size_t i = 0; i < view->lines * SOURCE_WAYS; i++) {
		if (!source_read(&view->line[i / SOURCE_WAYS].way[i % SOURCE_WAYS], &view->more[i],
				 now_ns, LENGTH6, &row))
			continue;
		if (!within || prefix_covers(&row.prefix, within) || prefix_covers(within, &row.prefix))
			offer(top, &row);
	}
}

static int show(struct cli *cli, enum order order, size_t room, const struct prefix *within)
{
	struct top top = { .room = room, .order = order };
	struct store_sources view;
	struct store store;

	if (store_open(cli->instance, STORE_READ, &store, &cli->fail) ||
	    store_sources_open(&store, &view, &cli->fail))
		return -cli->fail.status;
	top.row = calloc(room, sizeof(*top.row));
	if (!top.row)
		return fail_set(&cli->fail, EXIT_REFUSED, NULL, "out of memory");
	scan(&view, apply_now_ns(), &top, within);
	sort(&top);
	store_sources_close(&view);
	if (top.count || !within) {
		out_table_begin(&cli->out, NULL, columns, sizeof(columns) / sizeof(columns[0]));
		for (size_t i = 0; i < top.count; i++)
			show_row(cli, &top.row[i]);
		out_table_end(&cli->out, "nobody has opened a flow yet");
	} else {
		fail_set(&cli->fail, EXIT_NO_ENTRY, NULL, "nothing is known of this source");
	}
	free(top.row);
	return top.count || !within ? 0 : -cli->fail.status;
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
				return -cli->fail.status;
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

	if (!word || prefix_parse(word, &within, &cli->fail) || cli_end(cli))
		return -cli->fail.status;
	return show(cli, BY_NEW, 1000, &within);
}
