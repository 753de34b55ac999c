// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "import.h"
#include "import_match.h"

#define LINE_MAX_BYTES	1000000	/* a rule with more is left, with its line */
#define LEFT_BYTES	400	/* of a rule that is left so many are shown */

/* ---- statements ---------------------------------------------------------------------------- */

/* One value of each list as words of a statement, read by its own parser. */
static int statement_take(const char *protocol, const char *port,
			  const char *to, const char *from, const struct import *import,
			  struct fail *fail)
{
	char *words[8];
	struct bypass bypass = {};
	struct fail why;
	int count = 0;

	if (*protocol) {
		words[count++] = "proto";
		words[count++] = (char *)protocol;
	}
	if (*port) {
		words[count++] = "port";
		words[count++] = (char *)port;
	}
	if (*to) {
		words[count++] = "to";
		words[count++] = (char *)to;
	}
	if (*from) {
		words[count++] = "from";
		words[count++] = (char *)from;
	}
	if (bypass_parse(count, words, &bypass, &why))
		return 1;
	return import->take(&bypass, import->data, fail);
}

/* Calls statement_take() for each combination. 1: some of it can't be read. */
static int match_take(const struct match *match, const char *port_list, const char *to_list,
		      const char *from_list, const struct import *import, struct fail *fail)
{
	const char *lists[4] = { match->protocols, port_list, to_list, from_list };
	char value[4][64];
	int result = 0;

	/* the position in each list, counted up as the digits of a number are */
	for (const char *at[4] = { lists[0], lists[1], lists[2], lists[3] }; !result;) {
		int digit = 3;

		for (int i = 0; i < 4; i++)
			snprintf(value[i], sizeof(value[i]), "%.*s", (int)strcspn(at[i], ","), at[i]);
		result = statement_take(value[0], value[1], value[2], value[3], import, fail);
		for (; digit >= 0; digit--) {
			at[digit] += strcspn(at[digit], ",");
			if (*at[digit]++ == ',')
				break;
			at[digit] = lists[digit];
		}
		if (digit < 0)
			break;
	}
	return result;
}

/* A port at the source is that of the service: the rule is about what comes back. */
static int rule_take(struct match *match, const struct import *import, struct fail *fail)
{
	bool back = match->source_ports[0];

	if (!match->why && back && match->destination_ports[0])
		match->why = "asks for both ports";
	if (!match->why && !match->protocols[0] && !back && !match->destination_ports[0] &&
	    !match->source[0] && !match->destination[0])
		match->why = "makes everything untracked";
	if (match->why)
		return 1;
	/* without ports both directions say the same */
	if (back || (!match->destination_ports[0] && !match->destination[0]))
		return match_take(match, match->source_ports, match->source, match->destination, import,
				  fail);
	return match_take(match, match->destination_ports, match->destination, match->source, import,
			  fail);
}

/* ---- lines --------------------------------------------------------------------------------- */

/* What is left is shown in a line, so it is not shown in full. */
static void rule_leave(const char *line, size_t number, const char *why, const struct import *import)
{
	char shown[LEFT_BYTES], placed[160];

	snprintf(shown, sizeof(shown), "%s", line);
	if (strlen(line) >= sizeof(shown))
		memcpy(shown + sizeof(shown) - 4, "...", 4);
	snprintf(placed, sizeof(placed), "%s (line %zu)", why, number);
	import->leave(shown, placed, import->data);
}

/* A line without its newline, and without the spaces before it. */
static int line_import(const char *line, size_t number, const struct import *import, struct fail *fail)
{
	char *words = strdup(line);
	struct match match;
	int result = 0;

	if (!words)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	if (line[0] == '-' ? match_iptables(words, &match) : match_nft(words, &match))
		result = rule_take(&match, import, fail);
	if (result > 0)
		rule_leave(line, number, match.why ? match.why : "can't be read", import);
	free(words);
	return result;
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
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
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
