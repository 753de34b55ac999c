// SPDX-License-Identifier: GPL-2.0-only
/* interface NAME|"glob" { ... } */
#include <net/if.h>
#include <string.h>
#include "reader.h"

const char *const ROLE_WORDS[] = { "outside", "inside", NULL };
const char *const DRIVER_WORDS[] = { "auto", "native", "generic", "tc", "chain", NULL };
const char *const URPF_WORDS[] = { "off", "loose", "strict", NULL };

enum { WORD_ROLE, WORD_DRIVER, WORD_PRIORITY, WORD_URPF, WORD_SOURCES, WORDS };
static const char *const words[] = { "role", "driver", "priority", "urpf", "sources", NULL };

struct interface_context {
	struct interface interface;
	struct prefixes	sources;
	struct place	seen[WORDS];
};

static int interface_line(struct reader *reader, void *data)
{
	struct interface_context *context = data;
	struct interface *interface = &context->interface;
	const struct token at = reader->lexer.now;
	int word = reader_pick(reader, words), value;
	__u64 priority;

	if (word < 0 || reader_once(reader, &context->seen[word], &at))
		return -EXIT_USAGE;
	if (word == WORD_SOURCES)
		return reader_prefix_set(reader, &context->sources);
	if (word == WORD_PRIORITY) {
		if (reader_number(reader, 1, PRIORITY_MAX, &priority))
			return -EXIT_USAGE;
		interface->priority = priority;
		return 0;
	}
	value = reader_pick(reader, word == WORD_ROLE ? ROLE_WORDS :
			    word == WORD_DRIVER ? DRIVER_WORDS : URPF_WORDS);
	if (value < 0)
		return value;
	if (word == WORD_ROLE)
		interface->role = value;
	if (word == WORD_DRIVER)
		interface->driver = value;
	if (word == WORD_URPF) {
		interface->urpf = value;
		interface->urpf_set = true;
	}
	return 0;
}

static int interface_name(struct reader *reader, struct interface *interface)
{
	const struct token at = reader->lexer.now;
	char name[WORD_SIZE];

	if (reader_text(reader, true, "a device name or \"glob*\"", name))
		return -EXIT_USAGE;
	if (!*name || strlen(name) >= sizeof(interface->name))
		return reader_fail_at(reader, &at, NULL, "a device name has 1 to %zu characters",
				      sizeof(interface->name) - 1);
	if (!strpbrk(name, "*?[") && strlen(name) >= IF_NAMESIZE)
		return reader_fail_at(reader, &at, NULL, "a device name has at most %d characters",
				      IF_NAMESIZE - 1);
	strcpy(interface->name, name);
	return 0;
}

static int interface_add(struct reader *reader, const struct token *at,
			 const struct interface *interface)
{
	struct policy *policy = reader->policy;
	struct interface *grown = array_room(policy->interface, policy->interface_count,
					     sizeof(*grown));
	struct place *place;

	if (!grown)
		return reader_no_memory(reader);
	policy->interface = grown;
	place = array_room(reader->interface_place, policy->interface_count, sizeof(*place));
	if (!place)
		return reader_no_memory(reader);
	reader->interface_place = place;
	for (size_t i = 0; i < policy->interface_count; i++)
		if (!strcmp(grown[i].name, interface->name))
			return reader_fail_at(reader, at, "join the two blocks",
					      "interface \"%s\" is already described at %s:%u",
					      interface->name, place[i].file, place[i].line);
	if (policy->interface_count == STATEMENTS_MAX)
		return reader_fail_at(reader, at, NULL, "more than %d interfaces", STATEMENTS_MAX);
	place[policy->interface_count] = reader_place(reader, at);
	grown[policy->interface_count++] = *interface;
	return 0;
}

int interface_block(struct reader *reader)
{
	const struct token at = reader->lexer.now;
	struct interface_context context = {};

	interface_name(reader, &context.interface);
	reader_block(reader, interface_line, &context);
	context.interface.sources = context.sources.at;
	context.interface.source_count = context.sources.count;
	if (reader->failed || interface_add(reader, &at, &context.interface)) {
		free(context.sources.at);
		return -EXIT_USAGE;
	}
	return 0;
}
