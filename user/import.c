// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "import.h"
#include "import_match.h"
#include "range.h"

#define LINE_MAX_BYTES	1000000	/* a rule with more is left, with its line */
#define LEFT_BYTES	400	/* of a rule that is left so many are shown */
#define VALUE_BYTES	64	/* one prefix or so */
#define STATEMENTS	1000000	/* of one rule */

/* ---- statements ---------------------------------------------------------------------------- */

/* What one rule says; all of it is taken, or nothing. */
struct statements {
	struct bypass	*at;		/* owned */
	size_t		count, room;
	char		why[200];	/* that can't be read */
};

static int no_memory(struct fail *fail)
{
	return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
}

static int statements_add(struct statements *statements, const struct bypass *bypass, struct fail *fail)
{
	size_t room = statements->room ? statements->room * 2 : 8;
	struct bypass *grown;

	if (statements->count == statements->room) {
		grown = reallocarray(statements->at, room, sizeof(*grown));
		if (!grown)
			return no_memory(fail);
		statements->at = grown;
		statements->room = room;
	}
	statements->at[statements->count++] = *bypass;
	return 0;
}

/* One value of each list as words of a statement, read by its own parser. 1: it can't be read. */
static int statement_read(char value[4][VALUE_BYTES], struct statements *statements, struct fail *fail)
{
	static const char *const names[] = { "proto", "port", "to", "from" };
	struct bypass bypass = {};
	struct fail ignored;
	char *words[8];
	int count = 0;

	for (int i = 0; i < 4; i++) {
		if (!*value[i])
			continue;
		words[count++] = (char *)names[i];
		words[count++] = value[i];
	}
	if (!bypass_parse(count, words, &bypass, &ignored))
		return statements_add(statements, &bypass, fail);
	snprintf(statements->why, sizeof(statements->why), "can't be read");
	for (int i = 0; i < count; i++)
		snprintf(statements->why + strlen(statements->why),
			 sizeof(statements->why) - strlen(statements->why), "%s %s", i ? "" : ":", words[i]);
	return 1;
}

/* Each combination of the lists. 1: some of it can't be read. */
static int lists_read(const char *const lists[4], struct statements *statements, struct fail *fail)
{
	char value[4][VALUE_BYTES];
	int result = 0;

	/* the position in each list, counted up as the digits of a number are */
	for (const char *at[4] = { lists[0], lists[1], lists[2], lists[3] }; !result;) {
		int digit = 3;

		for (int i = 0; i < 4; i++)
			snprintf(value[i], sizeof(value[i]), "%.*s", (int)strcspn(at[i], ","), at[i]);
		result = statement_read(value, statements, fail);
		for (; digit >= 0; digit--) {
			at[digit] += strcspn(at[digit], ",");
			if (*at[digit]++ == ',')
				break;
			at[digit] = lists[digit];
		}
		if (digit < 0)
			break;
		if (statements->count == STATEMENTS) {
			snprintf(statements->why, sizeof(statements->why), "makes too many statements");
			return 1;
		}
	}
	return result;
}

/* A list of addresses with its ranges as prefixes; what can't be read stays as it is. The caller
 * frees it; NULL: out of memory. */
static char *ranges_split(const char *list)
{
	struct prefix prefix[RANGE_PREFIXES];
	char *text = NULL, one[PREFIX_TEXT];
	struct fail ignored;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	for (const char *at = list; to && *at; at += strcspn(at, ",")) {
		int length, count;
		char value[2 * VALUE_BYTES];

		at += *at == ',';
		length = strcspn(at, ",");
		snprintf(value, sizeof(value), "%.*s", length, at);
		count = strchr(value, '-') ? range_parse(value, prefix, &ignored) : 0;
		fprintf(to, at > list ? "," : "");
		if (count <= 0)
			fprintf(to, "%.*s", length, at);
		for (int i = 0; i < count; i++)
			fprintf(to, "%s%s", i ? "," : "", prefix_print(&prefix[i], one, sizeof(one)));
	}
	if (to)
		fclose(to);
	return text;
}

/* A port at the source is that of the service: the rule is about what comes back. Without ports
 * both directions say the same. */
static bool is_back(const struct match *match)
{
	return match->source_ports[0] || (!match->destination_ports[0] && !match->destination[0]);
}

/* What the rule says. 1: it can't be said, and why. */
static int match_read(struct match *match, struct statements *statements, struct fail *fail)
{
	bool back = is_back(match);
	char *source, *destination;
	int result;

	if (!match->why && match->source_ports[0] && match->destination_ports[0])
		match->why = "asks for both ports";
	if (!match->why && !match->protocols[0] && !match->source_ports[0] &&
	    !match->destination_ports[0] && !match->source[0] && !match->destination[0])
		match->why = "makes everything untracked";
	if (match->why)
		return 1;
	source = ranges_split(match->source);
	destination = ranges_split(match->destination);
	if (source && destination)
		result = lists_read((const char *const[]){
			match->protocols, back ? match->source_ports : match->destination_ports,
			back ? source : destination, back ? destination : source }, statements, fail);
	else
		result = no_memory(fail);
	free(source);
	free(destination);
	if (result > 0)
		match->why = statements->why;
	return result;
}

static int rule_take(const struct statements *statements, const struct import *import, struct fail *fail)
{
	int result = 0;

	for (size_t i = 0; i < statements->count && !result; i++)
		result = import->take(&statements->at[i], import->data, fail);
	return result;
}

/* ---- lines --------------------------------------------------------------------------------- */

/* What is left is shown in a line, so it is not shown in full. */
static void rule_leave(const char *line, size_t number, const char *why, const struct import *import)
{
	char shown[LEFT_BYTES], placed[256];

	snprintf(shown, sizeof(shown), "%s", line);
	if (strlen(line) >= sizeof(shown))
		memcpy(shown + sizeof(shown) - 4, "...", 4);
	snprintf(placed, sizeof(placed), "%s (line %zu)", why, number);
	import->leave(shown, placed, import->data);
}

/* A line without its newline, and without the spaces before it. */
static int line_import(const char *line, size_t number, const struct import *import, struct fail *fail)
{
	struct statements statements = {};
	char *words = strdup(line);
	struct match match;
	int result = 0;

	if (!words)
		return no_memory(fail);
	if (line[0] == '-' ? match_iptables(words, &match) : match_nft(words, &match))
		result = match_read(&match, &statements, fail);
	if (result > 0)
		rule_leave(line, number, match.why, import);
	else if (!result)
		result = rule_take(&statements, import, fail);
	free(statements.at);
	free(words);
	return result > 0 ? 0 : result;
}

/* Is there a word that makes packets untracked, as far as one can tell without reading the line? */
static bool line_is_long_rule(const char *line, size_t length)
{
	return memmem(line, length, "notrack", 7) || memmem(line, length, "NOTRACK", 7);
}

/* The line at text, of so many bytes. */
static int bytes_import(const char *text, size_t length, size_t number, const struct import *import,
			struct fail *fail)
{
	bool fits = length <= LINE_MAX_BYTES;
	size_t spaces = strspn(text, " \t");
	char *line;
	int result = 0;

	if (spaces >= length || text[spaces] == '#')
		return 0;
	line = strndup(text + spaces, fits ? length - spaces : LEFT_BYTES);
	if (!line)
		return no_memory(fail);
	if (fits)
		result = line_import(line, number, import, fail);
	else if (line_is_long_rule(text, length))
		rule_leave(line, number, "is longer than a million bytes: split it", import);
	free(line);
	return result;
}

int import_rules(const char *text, const struct import *import, struct fail *fail)
{
	int result = 0;

	for (size_t number = 1; *text && result >= 0; number++) {
		size_t length = strcspn(text, "\n");

		result = bytes_import(text, length, number, import, fail);
		text += length + (text[length] == '\n');
	}
	return result < 0 ? result : 0;
}
