// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "warnings.h"

#define HEAD	"weir: warning: "
#define INDENT	"  "

void warnings_each(const char *text, void (*take)(const char *what, const char *details, void *data),
		   void *data)
{
	size_t size = strlen(text) + 1;
	char *what = malloc(size), *details = malloc(size);

	while (what && details && *text) {
		size_t length = strcspn(text, "\n"), used = 0;

		if (!strncmp(text, HEAD, strlen(HEAD)))
			snprintf(what, size, "%.*s", (int)(length - strlen(HEAD)), text + strlen(HEAD));
		else
			what[0] = '\0';
		text += length + (text[length] == '\n');
		details[0] = '\0';
		while (!strncmp(text, INDENT, strlen(INDENT))) {
			length = strcspn(text += strlen(INDENT), "\n");
			used += snprintf(details + used, size - used, "%s%.*s", used ? " " : "", (int)length, text);
			text += length + (text[length] == '\n');
		}
		if (what[0])
			take(what, details, data);
	}
	free(what);
	free(details);
}

static void row(const char *what, const char *details, void *data)
{
	struct out *out = data;

	out_text(out, what);
	out_text(out, details[0] ? details : NULL);
}

void warnings_out(struct out *out, const char *text)
{
	static const struct out_column columns[] = {
		{ "warning", "what", OUT_TEXT }, { "details", "details", OUT_TEXT },
	};

	out_table_begin(out, "warnings", columns, 2);
	warnings_each(text, row, out);
	out_table_end(out, NULL);
}
