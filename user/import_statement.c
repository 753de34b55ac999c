// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "import_statement.h"
#include "range.h"

#define VALUE_BYTES	64	/* one prefix or so */
#define STATEMENTS	1000000	/* of one rule */

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

/* The names that iptables-save and nft print, from /etc/protocols, where weir has others or none. */
static const char *protocol_word(const char *name)
{
	static const char *const words[][2] = {
		{ "ipv6-icmp", "icmpv6" }, { "ipencap", "ipip" }, { "ipv6", "41" }, { "igmp", "2" },
		{ "pim", "103" }, { "ipcomp", "108" }, { "comp", "108" }, { "l2tp", "115" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(name, words[i][0]))
			return words[i][1];
	return name;
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
		words[count++] = i ? value[i] : (char *)protocol_word(value[i]);
	}
	if (!bypass_parse(count, words, &bypass, &ignored))
		return statements_add(statements, &bypass, fail);
	snprintf(statements->why, sizeof(statements->why), "can't be read");
	for (int i = 0; i < count; i++) {
		size_t used = strlen(statements->why);

		snprintf(statements->why + used, sizeof(statements->why) - used, "%s %s", i ? "" : ":",
			 words[i]);
	}
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

bool match_is_back(const struct match *match)
{
	return match->source_ports[0] || (!match->destination_ports[0] && !match->destination[0]);
}

int statements_read(struct match *match, struct statements *statements, struct fail *fail)
{
	bool back = match_is_back(match);
	const char *to = back ? match->source : match->destination;
	char *service, *client;
	int result;

	if (!match->why && match->source_ports[0] && match->destination_ports[0])
		match->why = "asks for both ports";
	if (!match->why && !match->protocols[0] && !match->source_ports[0] &&
	    !match->destination_ports[0] && !match->source[0] && !match->destination[0])
		match->why = "makes everything untracked";
	if (match->why)
		return 1;
	/* of one family, without an address that says so */
	if (match->family && !match->source[0] && !match->destination[0])
		to = match->family == 4 ? "0.0.0.0/0" : "::/0";
	service = ranges_split(to);
	client = ranges_split(back ? match->destination : match->source);
	if (service && client)
		result = lists_read((const char *const[]){
			match->protocols, back ? match->source_ports : match->destination_ports,
			service, client }, statements, fail);
	else
		result = no_memory(fail);
	free(service);
	free(client);
	if (result > 0)
		match->why = statements->why;
	return result;
}
