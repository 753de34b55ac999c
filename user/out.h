/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a command prints: rows described once, shown as an aligned table or as one JSON value.
 *
 * Every string is escaped for where it goes; a control character or an invalid UTF-8 byte of a
 * hostile name never reaches the terminal or breaks the JSON. A table waits in memory for its
 * widths; without memory for it the program ends with EXIT_REFUSED.
 */
#ifndef WEIR_OUT_H
#define WEIR_OUT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

struct out {
	FILE	*to;
	bool	json;
	bool	color;		/* a terminal, and NO_COLOR is not set */
	/* the rest belongs to out.c */
	struct out_table *table;
	int	depth;
	__u64	opened;		/* JSON: bit per depth, "has members already" */
};

enum out_type {
	OUT_TEXT,	/* left aligned */
	OUT_NUMBER,	/* right aligned; in tables with thousands separated by spaces */
	OUT_REAL,	/* right aligned, one decimal */
};

struct out_column {
	const char	*title;		/* table heading */
	const char	*key;		/* JSON key */
	enum out_type	type;
};

void out_init(struct out *out, FILE *to, bool json);

/*
 * A table: begin with its columns (the array must stay until the end), then for each row one
 * out_text()/out_number()/out_real() per column, in order. The table is printed by out_table_end()
 * with columns as wide as needed; a JSON array of objects is printed as it comes. Inside an object
 * `key` names the array; at the top it is NULL. An empty table prints `empty` (may be NULL).
 */
void out_table_begin(struct out *out, const char *key, const struct out_column *columns,
		     unsigned int count);
void out_text(struct out *out, const char *value);	/* NULL: absent: "-" or null */
void out_number(struct out *out, __u64 value);
void out_real(struct out *out, double value);
void out_absent(struct out *out);
void out_table_end(struct out *out, const char *empty);

/*
 * An object: in text one "title: value" line per field; in JSON a member. Objects nest in JSON
 * and are indented in text.
 */
void out_object_begin(struct out *out, const char *title, const char *key);
void out_object_end(struct out *out);
void out_field_text(struct out *out, const char *title, const char *key, const char *value);
void out_field_number(struct out *out, const char *title, const char *key, __u64 value);
void out_field_real(struct out *out, const char *title, const char *key, double value);
void out_field_bool(struct out *out, const char *title, const char *key, bool value);

/* Text for the terminal with control characters shown as \xNN. Returns out. */
char *out_escape(const char *text, char *out, size_t size);
/* Text as a JSON string with its quotes. */
void out_json_string(FILE *to, const char *text);

#endif
