// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include "import.h"

#define RULE_MAX_BYTES	4096

/* What one rule matches; lists are words with commas between. Empty: it does not say. */
struct match {
	char	protocols[128];
	char	source[RULE_MAX_BYTES], destination[RULE_MAX_BYTES];
	char	source_ports[RULE_MAX_BYTES], destination_ports[RULE_MAX_BYTES];
	const char *why;	/* it can't be taken; NULL: it can */
};

/* ---- words --------------------------------------------------------------------------------- */

/* The next word of *rest, ended by a NUL; "..." is one word, { ... } too. NULL at the end. */
static char *word_next(char **rest)
{
	char *word = *rest + strspn(*rest, " \t"), *end;

	if (!*word)
		return NULL;
	if (*word == '{' && strchr(word, '}'))
		end = strchr(word, '}') + 1;
	else if (*word == '"' && strchr(word + 1, '"'))
		end = strchr(word + 1, '"') + 1;
	else
		end = word + strcspn(word, " \t");
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* Copies a list without braces and spaces; ranges of ports get a '-'. */
static void list_copy(char *to, size_t size, const char *from, bool ports)
{
	size_t length = 0;

	for (; from && *from && length + 1 < size; from++)
		if (!strchr("{} \t", *from))
			to[length++] = ports && *from == ':' ? '-' : *from;
	to[length] = '\0';
}

static void prefixes_set(struct match *match, char to[RULE_MAX_BYTES], const char *list)
{
	if (!list || *list == '@' || *list == '!' || to[0])
		match->why = "names a set, or what it is not";
	else
		list_copy(to, RULE_MAX_BYTES, list, false);
}

static void ports_set(struct match *match, char to[RULE_MAX_BYTES], const char *list)
{
	if (!list || *list == '@' || *list == '!' || to[0])
		match->why = "names a set, or what it is not";
	else
		list_copy(to, RULE_MAX_BYTES, list, true);
}

static void protocols_set(struct match *match, const char *list)
{
	if (!list || *list == '!' || *list == '@')
		match->why = "says which protocol it is not";
	else
		list_copy(match->protocols, sizeof(match->protocols), list, false);
}

/* ---- iptables-save ------------------------------------------------------------------------- */

static void iptables_match(struct match *match, const char *word, char **rest)
{
	if (!strcmp(word, "-p"))
		protocols_set(match, word_next(rest));
	else if (!strcmp(word, "-s"))
		prefixes_set(match, match->source, word_next(rest));
	else if (!strcmp(word, "-d"))
		prefixes_set(match, match->destination, word_next(rest));
	else if (!strcmp(word, "--dport") || !strcmp(word, "--dports") || !strcmp(word, "--ports"))
		ports_set(match, match->destination_ports, word_next(rest));
	else if (!strcmp(word, "--sport") || !strcmp(word, "--sports"))
		ports_set(match, match->source_ports, word_next(rest));
	else if (!strcmp(word, "-m") || !strcmp(word, "--comment"))
		word_next(rest);
	else if (!strcmp(word, "-i") || !strcmp(word, "-o"))
		match->why = "names a device: say it by addresses (to, from)";
	else
		match->why = "has a match that weir does not know";
}

/* "-A CHAIN ... -j NOTRACK" or "-j CT --notrack"; false: it is about something else */
static bool iptables_rule(char *line, struct match *match)
{
	char *word, *rest = line;

	if (strncmp(line, "-A ", 3) || (!strstr(line, "-j NOTRACK") && !strstr(line, "--notrack")))
		return false;
	word_next(&rest);
	word_next(&rest);
	while (!match->why && (word = word_next(&rest))) {
		if (!strcmp(word, "--notrack"))
			continue;
		if (!strcmp(word, "-j"))
			word_next(&rest);
		else if (!strcmp(word, "!"))
			match->why = "says what it is not";
		else
			iptables_match(match, word, &rest);
	}
	return true;
}

/* ---- nft ----------------------------------------------------------------------------------- */

static void nft_ports(struct match *match, const char *protocol, char **rest)
{
	char *side = word_next(rest), *list = word_next(rest);

	if (strcmp(protocol, "th"))
		protocols_set(match, protocol);
	if (side && !strcmp(side, "dport"))
		ports_set(match, match->destination_ports, list);
	else if (side && !strcmp(side, "sport"))
		ports_set(match, match->source_ports, list);
	else
		match->why = "has a match that weir does not know";
}

static void nft_addresses(struct match *match, char **rest)
{
	char *side = word_next(rest), *list = word_next(rest);

	if (side && !strcmp(side, "saddr"))
		prefixes_set(match, match->source, list);
	else if (side && !strcmp(side, "daddr"))
		prefixes_set(match, match->destination, list);
	else if (side && (!strcmp(side, "protocol") || !strcmp(side, "nexthdr")))
		protocols_set(match, list);
	else
		match->why = "has a match that weir does not know";
}

static void nft_match(struct match *match, const char *word, char **rest)
{
	char *next;

	if (!strcmp(word, "ip") || !strcmp(word, "ip6"))
		return nft_addresses(match, rest);
	if (!strcmp(word, "tcp") || !strcmp(word, "udp") || !strcmp(word, "sctp") ||
	    !strcmp(word, "dccp") || !strcmp(word, "udplite") || !strcmp(word, "th"))
		return nft_ports(match, word, rest);
	if (!strcmp(word, "meta") && (next = word_next(rest)) && !strcmp(next, "l4proto"))
		return protocols_set(match, word_next(rest));
	if (!strcmp(word, "comment")) {
		word_next(rest);
		return;
	}
	if (!strcmp(word, "iif") || !strcmp(word, "iifname") || !strcmp(word, "oif") ||
	    !strcmp(word, "oifname"))
		match->why = "names a device: say it by addresses (to, from)";
	else
		match->why = "has a match that weir does not know";
}

/* "... notrack", as a rule of its own */
static bool nft_rule(char *line, struct match *match)
{
	char *word, *rest = line, *verdict = strstr(line, "notrack");

	if (!verdict || (verdict > line && !isspace((unsigned char)verdict[-1])) ||
	    (verdict[7] && verdict[7] != ' '))
		return false;
	while (!match->why && (word = word_next(&rest))) {
		if (!strcmp(word, "notrack"))
			continue;
		if (strcmp(word, "counter")) {
			nft_match(match, word, &rest);
			continue;
		}
		if (!strncmp(rest, "packets ", 8))
			for (int i = 0; i < 4; i++)
				word_next(&rest);
	}
	return true;
}

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

int import_rules(const char *text, const struct import *import, struct fail *fail)
{
	char line[RULE_MAX_BYTES], words[RULE_MAX_BYTES];
	int result = 0;

	while (*text && result >= 0) {
		size_t length = strcspn(text, "\n");
		struct match match = {};

		snprintf(line, sizeof(line), "%.*s", (int)length, text);
		text += length + (text[length] == '\n');
		memmove(line, line + strspn(line, " \t"), strlen(line + strspn(line, " \t")) + 1);
		if (line[0] == '#')
			continue;
		memcpy(words, line, sizeof(words));
		if (!iptables_rule(words, &match)) {
			memcpy(words, line, sizeof(words));
			if (line[0] == '-' || !nft_rule(words, &match))
				continue;
		}
		result = rule_take(&match, import, fail);
		if (result > 0)
			import->leave(line, match.why ? match.why : "can't be read", import->data);
	}
	return result < 0 ? result : 0;
}
