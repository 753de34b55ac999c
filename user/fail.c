// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <string.h>
#include "fail.h"
#include "out.h"

#define BOLD	"\033[1m"
#define RED	"\033[1;31m"
#define PLAIN	"\033[0m"

int fail_set(struct fail *fail, enum exit_status status, const char *remedy,
	     const char *format, ...)
{
	va_list values;

	memset(fail, 0, sizeof(*fail));
	fail->status = status;
	va_start(values, format);
	vsnprintf(fail->what, sizeof(fail->what), format, values);
	va_end(values);
	if (remedy)
		snprintf(fail->remedy, sizeof(fail->remedy), "%s", remedy);
	return -(int)status;
}

int fail_quiet(struct fail *fail, enum exit_status status)
{
	return fail_set(fail, status, NULL, "%s", "");
}

int fail_place(struct fail *fail, const char *file, unsigned int line, unsigned int column,
	       const char *text)
{
	size_t length = strlen(text), room = sizeof(fail->text) - 1;

	snprintf(fail->file, sizeof(fail->file), "%s", file);
	fail->line = line;
	fail->column = column;
	/* a place far to the right: show its surroundings instead of the line's start */
	fail->cut = column > room / 2 && length > room ? column - room / 2 : 0;
	if (fail->cut > length)
		fail->cut = length;
	snprintf(fail->text, sizeof(fail->text), "%s", text + fail->cut);
	return -fail->status;
}

/* columns that an escaped text takes: its UTF-8 characters */
static size_t width(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

/* the line with a caret below; a tab becomes one space, so that both lines agree */
static void print_line(FILE *to, const struct fail *fail, int color)
{
	char line[sizeof(fail->text)], shown[4 * sizeof(fail->text)];
	size_t before = fail->column > fail->cut ? fail->column - fail->cut - 1 : 0;

	snprintf(line, sizeof(line), "%s", fail->text);
	for (char *at = line; *at; at++)
		if (*at == '\t')
			*at = ' ';
	fprintf(to, "  %s\n", out_escape(line, shown, sizeof(shown)));
	if (before > strlen(line))
		before = strlen(line);
	line[before] = '\0';
	out_escape(line, shown, sizeof(shown));
	fprintf(to, "  %*s%s^%s\n", (int)width(shown), "", color ? RED : "", color ? PLAIN : "");
}

void fail_print(FILE *to, const struct fail *fail, int color)
{
	char shown[4 * sizeof(fail->what)];

	fputs(color ? BOLD : "", to);
	if (fail->file[0]) {
		fprintf(to, "%s:", out_escape(fail->file, shown, sizeof(shown)));
		fprintf(to, "%u:%u:", fail->line, fail->column);
	} else {
		fputs("weir:", to);
	}
	fprintf(to, "%s %s\n", color ? PLAIN : "", out_escape(fail->what, shown, sizeof(shown)));
	if (fail->file[0])
		print_line(to, fail, color);
	if (fail->remedy[0])
		fprintf(to, "  %s\n", out_escape(fail->remedy, shown, sizeof(shown)));
}
