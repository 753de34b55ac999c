// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fail.h"
#include "out.h"

#define BOLD	"\033[1m"
#define PLAIN	"\033[0m"
#define COLUMN_MAX 32

/* rows wait here until their widths are known */
struct out_table {
	const struct out_column *column;
	unsigned int	count;		/* columns */
	unsigned int	at;		/* column of the next cell */
	unsigned int	width[COLUMN_MAX];
	char		*cells;		/* escaped, each with its NUL */
	size_t		used, room;
	bool		any;
};

static void json_real(FILE *to, double value)
{
	if (isfinite(value))
		fprintf(to, "%.10g", value);
	else
		fputs("null", to);
}

/* ---- nesting ------------------------------------------------------------------------------- */

void out_init(struct out *out, FILE *to, bool json)
{
	/* https://no-color.org: set and not empty */
	const char *no_color = getenv("NO_COLOR");

	*out = (struct out){ .to = to, .json = json };
	out->color = !json && !(no_color && *no_color) && isatty(fileno(to));
}

static void indent(const struct out *out)
{
	fprintf(out->to, "%*s", out->depth > 1 ? (out->depth - 1) * 2 : 0, "");
}

/* the comma before a member of what is open, and its key */
static void json_member(struct out *out, const char *key)
{
	__u64 bit = 1ULL << (out->depth & 63);

	if (out->opened & bit)
		fputs(key ? "," : ",\n", out->to);
	out->opened |= bit;
	if (!key)
		return;
	out_json_string(out->to, key);
	putc(':', out->to);
}

static void json_open(struct out *out, const char *key, char bracket)
{
	if (out->depth)
		json_member(out, key);
	putc(bracket, out->to);
	out->depth++;
	out->opened &= ~(1ULL << (out->depth & 63));
}

static void json_close(struct out *out, char bracket)
{
	putc(bracket, out->to);
	out->depth--;
	if (!out->depth)
		putc('\n', out->to);
}

/* ---- tables -------------------------------------------------------------------------------- */

static unsigned int width(const char *text)
{
	unsigned int columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

static void print_cell(const struct out *out, unsigned int column, const char *text)
{
	const struct out_table *table = out->table;
	unsigned int pad = table->width[column] - width(text);
	bool right = table->column[column].type != OUT_TEXT;
	bool last = column == table->count - 1;

	fprintf(out->to, "%*s%s%*s", right ? (int)pad : 0, "", text,
		right || last ? 0 : (int)pad, "");
	fputs(last ? "\n" : "  ", out->to);
}

static void print_table(const struct out *out)
{
	const struct out_table *table = out->table;
	unsigned int column = 0;

	indent(out);
	fputs(out->color ? BOLD : "", out->to);
	for (unsigned int i = 0; i < table->count; i++)
		print_cell(out, i, table->column[i].title);
	fputs(out->color ? PLAIN : "", out->to);
	for (const char *cell = table->cells; cell < table->cells + table->used;
	     cell += strlen(cell) + 1, column = (column + 1) % table->count) {
		if (!column)
			indent(out);
		print_cell(out, column, cell);
	}
}

/* Half a table would be a wrong answer: there is none without memory. */
static void *must(void *memory)
{
	if (memory)
		return memory;
	fputs("weir: out of memory\n", stderr);
	exit(EXIT_REFUSED);
}

static char *table_room(struct out_table *table, size_t size)
{
	size_t room = table->room ? table->room : 4096;

	while (room < table->used + size)
		room *= 2;
	if (room != table->room)
		table->cells = must(realloc(table->cells, room));
	table->room = room;
	return table->cells + table->used;
}

/* takes a cell's text, not yet escaped */
static void table_cell(struct out *out, const char *text)
{
	struct out_table *table = out->table;
	size_t size = 4 * strlen(text) + 1;
	char *cell = table_room(table, size);
	unsigned int columns;

	out_escape(text, cell, size);
	table->used += strlen(cell) + 1;
	columns = width(cell);
	if (columns > table->width[table->at])
		table->width[table->at] = columns;
}

void out_table_begin(struct out *out, const char *key, const struct out_column *columns,
		     unsigned int count)
{
	struct out_table *table = must(calloc(1, sizeof(*table)));

	if (!count || count > COLUMN_MAX)
		abort();	/* a mistake in the program */
	table->column = columns;
	table->count = count;
	for (unsigned int i = 0; i < count; i++)
		table->width[i] = width(columns[i].title);
	out->table = table;
	if (out->json)
		json_open(out, key, '[');
}

/* before a cell: opens the row's object if it is the first, and writes the key */
static void cell_begin(struct out *out)
{
	struct out_table *table = out->table;

	table->any = true;
	if (!out->json)
		return;
	if (!table->at)
		json_open(out, NULL, '{');
	json_member(out, table->column[table->at].key);
}

static void cell_end(struct out *out)
{
	struct out_table *table = out->table;

	table->at = (table->at + 1) % table->count;
	if (out->json && !table->at)
		json_close(out, '}');
}

void out_text(struct out *out, const char *value)
{
	cell_begin(out);
	if (out->json && value)
		out_json_string(out->to, value);
	else if (out->json)
		fputs("null", out->to);
	else
		table_cell(out, value ? value : "-");
	cell_end(out);
}

void out_absent(struct out *out)
{
	out_text(out, NULL);
}

/* 1234567 as "1 234 567" */
static char *spaced(__u64 value, char *text, size_t size)
{
	char *at = text + size - 1;
	int digits = 0;

	*at = '\0';
	do {
		if (digits && digits % 3 == 0)
			*--at = ' ';
		*--at = '0' + value % 10;
		value /= 10;
		digits++;
	} while (value);
	return at;
}

void out_number(struct out *out, __u64 value)
{
	char text[32];

	cell_begin(out);
	if (out->json)
		fprintf(out->to, "%llu", value);
	else
		table_cell(out, spaced(value, text, sizeof(text)));
	cell_end(out);
}

void out_real(struct out *out, double value)
{
	char text[400];		/* DBL_MAX has 309 digits */

	cell_begin(out);
	snprintf(text, sizeof(text), "%.1f", value);
	if (out->json)
		json_real(out->to, value);
	else
		table_cell(out, isfinite(value) ? text : "-");
	cell_end(out);
}

void out_table_end(struct out *out, const char *empty)
{
	struct out_table *table = out->table;

	if (out->json) {
		json_close(out, ']');
	} else if (table->any) {
		print_table(out);
	} else if (empty) {
		indent(out);
		fprintf(out->to, "%s\n", empty);
	}
	free(table->cells);
	free(table);
	out->table = NULL;
}

/* ---- objects ------------------------------------------------------------------------------- */

void out_object_begin(struct out *out, const char *title, const char *key)
{
	if (out->json) {
		json_open(out, key, '{');
		return;
	}
	if (title) {
		indent(out);
		fprintf(out->to, "%s%s%s\n", out->color ? BOLD : "", title,
			out->color ? PLAIN : "");
	}
	/* the outermost object is the page itself: indent() starts with the second */
	out->depth++;
}

void out_object_end(struct out *out)
{
	if (out->json)
		json_close(out, '}');
	else
		out->depth--;
}

/* the line of a field up to its value */
static void field_begin(struct out *out, const char *title, const char *key)
{
	if (out->json) {
		json_member(out, key);
		return;
	}
	indent(out);
	fprintf(out->to, "%s: ", title);
}

static void field_end(struct out *out)
{
	if (!out->json)
		putc('\n', out->to);
}

void out_field_text(struct out *out, const char *title, const char *key, const char *value)
{
	field_begin(out, title, key);
	if (out->json && value) {
		out_json_string(out->to, value);
	} else if (out->json) {
		fputs("null", out->to);
	} else {
		size_t size = value ? 4 * strlen(value) + 1 : 2;
		char *shown = must(malloc(size));

		fputs(out_escape(value ? value : "-", shown, size), out->to);
		free(shown);
	}
	field_end(out);
}

void out_field_number(struct out *out, const char *title, const char *key, __u64 value)
{
	char text[32];

	field_begin(out, title, key);
	if (out->json)
		fprintf(out->to, "%llu", value);
	else
		fputs(spaced(value, text, sizeof(text)), out->to);
	field_end(out);
}

void out_field_real(struct out *out, const char *title, const char *key, double value)
{
	field_begin(out, title, key);
	if (out->json)
		json_real(out->to, value);
	else
		fprintf(out->to, "%.1f", value);
	field_end(out);
}

void out_field_bool(struct out *out, const char *title, const char *key, bool value)
{
	field_begin(out, title, key);
	if (out->json)
		fputs(value ? "true" : "false", out->to);
	else
		fputs(value ? "yes" : "no", out->to);
	field_end(out);
}
