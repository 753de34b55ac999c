// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <string.h>
#include "import_match.h"

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

/* Takes braces and spaces off a list, where it stands; ranges of ports get a '-'. */
static const char *list_bare(char *list, bool ports)
{
	char *to = list;

	for (const char *from = list; *from; from++)
		if (!strchr("{} \t", *from))
			*to++ = ports && *from == ':' ? '-' : *from;
	*to = '\0';
	return list;
}

static void values_set(struct match *match, const char **to, char *list, bool ports)
{
	if (!list || *list == '@' || *list == '!' || **to)
		match->why = "names a set, or what it is not";
	else
		*to = list_bare(list, ports);
}

static void prefixes_set(struct match *match, const char **to, char *list)
{
	values_set(match, to, list, false);
}

static void ports_set(struct match *match, const char **to, char *list)
{
	values_set(match, to, list, true);
}

static void protocols_set(struct match *match, char *list)
{
	if (!list || *list == '!' || *list == '@')
		match->why = "says which protocol it is not";
	else
		match->protocols = list_bare(list, false);
}

/* Every list is empty until the rule has one. */
static void match_init(struct match *match)
{
	*match = (struct match){ "", "", "", "", "", 0, NULL };
}

/* ---- iptables-save ------------------------------------------------------------------------- */

static void iptables_match(struct match *match, const char *word, char **rest)
{
	if (!strcmp(word, "-p"))
		protocols_set(match, word_next(rest));
	else if (!strcmp(word, "-s"))
		prefixes_set(match, &match->source, word_next(rest));
	else if (!strcmp(word, "-d"))
		prefixes_set(match, &match->destination, word_next(rest));
	else if (!strcmp(word, "--src-range"))
		prefixes_set(match, &match->source, word_next(rest));
	else if (!strcmp(word, "--dst-range"))
		prefixes_set(match, &match->destination, word_next(rest));
	else if (!strcmp(word, "--dport") || !strcmp(word, "--dports") || !strcmp(word, "--ports"))
		ports_set(match, &match->destination_ports, word_next(rest));
	else if (!strcmp(word, "--sport") || !strcmp(word, "--sports"))
		ports_set(match, &match->source_ports, word_next(rest));
	else if (!strcmp(word, "-m") || !strcmp(word, "--comment"))
		word_next(rest);
	else if (!strcmp(word, "-i") || !strcmp(word, "-o"))
		match->why = "names a device: say it by addresses (to, from)";
	else
		match->why = "has a match that weir does not know";
}

void match_iptables(char *line, struct match *match)
{
	char *word, *rest = line;

	match_init(match);
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
}

/* ---- nft ----------------------------------------------------------------------------------- */

static void nft_ports(struct match *match, char *protocol, char **rest)
{
	const char *side = word_next(rest);
	char *list = word_next(rest);

	if (strcmp(protocol, "th"))
		protocols_set(match, protocol);
	if (side && !strcmp(side, "dport"))
		ports_set(match, &match->destination_ports, list);
	else if (side && !strcmp(side, "sport"))
		ports_set(match, &match->source_ports, list);
	else
		match->why = "has a match that weir does not know";
}

static void nft_addresses(struct match *match, unsigned int family, char **rest)
{
	const char *side = word_next(rest);
	char *list = word_next(rest);

	match->family = family;
	if (side && !strcmp(side, "saddr"))
		prefixes_set(match, &match->source, list);
	else if (side && !strcmp(side, "daddr"))
		prefixes_set(match, &match->destination, list);
	else if (side && (!strcmp(side, "protocol") || !strcmp(side, "nexthdr")))
		protocols_set(match, list);
	else
		match->why = "has a match that weir does not know";
}

static void nft_match(struct match *match, char *word, char **rest)
{
	char *next;

	if (!strcmp(word, "ip") || !strcmp(word, "ip6"))
		return nft_addresses(match, word[2] ? 6 : 4, rest);
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

void match_nft(char *line, struct match *match)
{
	char *word, *rest = line;

	match_init(match);
	while (!match->why && (word = word_next(&rest))) {
		if (!strcmp(word, "notrack") || !strcmp(word, "accept"))
			continue;
		if (strcmp(word, "counter")) {
			nft_match(match, word, &rest);
			continue;
		}
		if (!strncmp(rest, "packets ", 8))
			for (int i = 0; i < 4; i++)
				word_next(&rest);
	}
}
