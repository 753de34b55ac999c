// SPDX-License-Identifier: GPL-2.0-only
/* Values where the text has them: a failure of value.c gets the place of its word. */
#include <netinet/in.h>
#include <string.h>
#include "reader.h"

static int value_failed(struct reader *reader)
{
	reader->failed = true;
	return lexer_place(&reader->lexer, &reader->lexer.now, reader->fail);
}

/* the word of a value, not yet stepped over: its failure needs the place */
static int value_text(struct reader *reader, const char *what, char text[static WORD_SIZE])
{
	if (reader->failed)
		return -EXIT_USAGE;
	if (reader->lexer.now.type != TOKEN_WORD)
		return reader_expected(reader, what);
	token_text(&reader->lexer.now, text);
	return 0;
}

int reader_rate(struct reader *reader, struct rate *out)
{
	char text[WORD_SIZE];

	if (value_text(reader, "a rate like 200/second", text))
		return -EXIT_USAGE;
	return rate_parse(text, out, reader->fail) ? value_failed(reader) : reader_next(reader);
}

int reader_duration(struct reader *reader, __u64 *out_ns)
{
	char text[WORD_SIZE];
	__u64 ns;

	if (value_text(reader, "a time like 10m", text))
		return -EXIT_USAGE;
	if (duration_parse(text, &ns, reader->fail))
		return value_failed(reader);
	if (!ns)
		return reader_fail_at(reader, &reader->lexer.now, NULL,
				      "a time of 0 is over at once");
	*out_ns = ns;
	return reader_next(reader);
}

int reader_ports(struct reader *reader, struct ports *out)
{
	char text[WORD_SIZE];

	if (value_text(reader, "a port like 53 or 60000-60100", text))
		return -EXIT_USAGE;
	return ports_parse(text, out, reader->fail) ? value_failed(reader) : reader_next(reader);
}

int reader_percent(struct reader *reader, unsigned int *out)
{
	char text[WORD_SIZE];
	unsigned int percent;

	if (value_text(reader, "a percentage like 70%", text))
		return -EXIT_USAGE;
	if (percent_parse(text, &percent, reader->fail))
		return value_failed(reader);
	if (!percent)
		return reader_fail_at(reader, &reader->lexer.now, "leave the line out instead",
				      "0%% says nothing");
	*out = percent;
	return reader_next(reader);
}

int reader_number(struct reader *reader, __u64 min, __u64 max, __u64 *out)
{
	char text[WORD_SIZE];

	if (value_text(reader, "a number", text))
		return -EXIT_USAGE;
	if (number_parse(text, min, max, out, reader->fail))
		return value_failed(reader);
	return reader_next(reader);
}

int reader_amount(struct reader *reader, __u64 min, __u64 max, __u64 *out)
{
	char text[WORD_SIZE];

	if (value_text(reader, "a number like 4M", text))
		return -EXIT_USAGE;
	if (amount_parse(text, min, max, out, reader->fail))
		return value_failed(reader);
	return reader_next(reader);
}

static const struct {
	const char	*name;
	__u8		number;
} protocols[] = {
	{ "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP }, { "sctp", IPPROTO_SCTP },
	{ "icmp", IPPROTO_ICMP }, { "icmpv6", IPPROTO_ICMPV6 }, { "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP }, { "ah", IPPROTO_AH }, { "dccp", IPPROTO_DCCP },
	{ "udplite", IPPROTO_UDPLITE }, { "ipip", IPPROTO_IPIP }, { "ospf", 89 }, { "vrrp", 112 },
};
#define PROTOCOLS (sizeof(protocols) / sizeof(protocols[0]))

const char *protocol_name(__u8 protocol)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return NULL;
}

/* [tcp|udp|...] or proto and a name or number */
static int reader_protocol(struct reader *reader, __u8 *out)
{
	bool said = reader_take(reader, "proto");
	const struct token *now = &reader->lexer.now;
	__u64 number;

	if (reader->failed)
		return -EXIT_USAGE;
	for (size_t i = 0; i < PROTOCOLS; i++) {
		if (!token_is(now, protocols[i].name))
			continue;
		*out = protocols[i].number;
		return reader_next(reader);
	}
	if (!said)
		return 0;
	if (now->type != TOKEN_WORD || now->text[0] < '0' || now->text[0] > '9')
		return reader_expected(reader, "tcp, udp, sctp, icmp, icmpv6, gre or a number");
	if (reader_number(reader, 1, 255, &number))
		return -EXIT_USAGE;
	*out = number;
	return 0;
}

static bool has_ports(__u8 protocol)
{
	return !protocol || protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	       protocol == IPPROTO_SCTP || protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

int reader_service(struct reader *reader, __u8 *protocol, struct ports *ports)
{
	struct token port;

	reader_protocol(reader, protocol);
	port = reader->lexer.now;
	if (!reader_take(reader, "port"))
		return reader->failed ? -EXIT_USAGE : 0;
	if (!has_ports(*protocol))
		return reader_fail_at(reader, &port, NULL, "this protocol has no ports");
	return reader_ports(reader, ports);
}

/* ---- prefixes ------------------------------------------------------------------------------ */

static int prefixes_add(struct reader *reader, struct prefixes *list, const struct prefix *prefix)
{
	struct prefix *at = array_room(list->at, list->count, sizeof(*at));

	if (!at)
		return reader_no_memory(reader);
	list->at = at;
	at[list->count++] = *prefix;
	return 0;
}

static const struct define *define_find(const struct reader *reader, const struct token *name)
{
	for (size_t i = 0; i < reader->define_count; i++)
		if (strlen(reader->define[i].name) == name->length &&
		    !memcmp(reader->define[i].name, name->text, name->length))
			return &reader->define[i];
	return NULL;
}

static int prefixes_of_name(struct reader *reader, struct prefixes *list)
{
	const struct token *now = &reader->lexer.now;
	const struct define *define = define_find(reader, now);
	char shown[WORD_SIZE];

	if (!define)
		return reader_fail_at(reader, now, "write above: define NAME = { 192.0.2.0/24 }",
				      "%s is not defined", token_show(now, shown));
	reader->expanded += define->prefixes.count;
	if (reader->expanded > EXPANSION_MAX)
		return reader_fail_at(reader, now, NULL,
				      "the $NAMEs stand for more than %lu prefixes", EXPANSION_MAX);
	for (size_t i = 0; i < define->prefixes.count; i++)
		if (prefixes_add(reader, list, &define->prefixes.at[i]))
			return -EXIT_USAGE;
	return reader_next(reader);
}

int reader_prefixes(struct reader *reader, struct prefixes *list)
{
	char text[WORD_SIZE];
	struct prefix prefix;

	if (!reader->failed && reader->lexer.now.type == TOKEN_VARIABLE)
		return prefixes_of_name(reader, list);
	if (value_text(reader, "a prefix like 192.0.2.0/24", text))
		return -EXIT_USAGE;
	if (prefix_parse(text, &prefix, reader->fail))
		return value_failed(reader);
	return prefixes_add(reader, list, &prefix) ? -EXIT_USAGE : reader_next(reader);
}

int reader_prefix_set(struct reader *reader, struct prefixes *list)
{
	if (!reader_take_type(reader, TOKEN_OPEN))
		return reader_prefixes(reader, list);
	while (!reader->failed && !reader_take_type(reader, TOKEN_CLOSE))
		if (!reader_take_type(reader, TOKEN_END) && !reader_take_type(reader, TOKEN_COMMA))
			reader_prefixes(reader, list);
	return reader->failed ? -EXIT_USAGE : 0;
}

int define_statement(struct reader *reader)
{
	const struct token name = reader->lexer.now;
	const struct define *before;
	struct define define = { .place = reader_place(reader, &name) };
	struct define *at = array_room(reader->define, reader->define_count, sizeof(*at));
	char text[WORD_SIZE];

	if (!at)
		return reader_no_memory(reader);
	reader->define = at;
	if (reader->define_count == DEFINES_MAX)
		return reader_fail_at(reader, &name, NULL, "more than %d definitions", DEFINES_MAX);
	if (reader_text(reader, false, "a name", text))
		return -EXIT_USAGE;
	if (text[strspn(text, "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")])
		return reader_fail_at(reader, &name, NULL,
				      "\"%.64s\": a name has letters, digits and _", text);
	before = define_find(reader, &name);
	if (before)
		return reader_fail_at(reader, &name, NULL,
				      "\"%.64s\" is already defined at %s:%u", text,
				      before->place.file, before->place.line);
	if (!reader_take_type(reader, TOKEN_EQUALS))
		return reader_expected(reader, "=");
	reader_prefix_set(reader, &define.prefixes);
	if (define.prefixes.count > DEFINE_MAX)
		reader_fail_at(reader, &name, "put long lists into a block",
			       "\"%.64s\" has more than %d prefixes", text, DEFINE_MAX);
	define.name = reader->failed ? NULL : strdup(text);
	if (!define.name) {
		free(define.prefixes.at);
		return reader_no_memory(reader);
	}
	at[reader->define_count++] = define;
	return 0;
}
