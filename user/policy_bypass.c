// SPDX-License-Identifier: GPL-2.0-only
/* bypass { ... } */
#include <string.h>
#include "reader.h"

/* one statement; the prefixes that it names go to the lists */
static int bypass_words(struct reader *reader, struct bypass *bypass, struct prefixes *to,
			struct prefixes *from)
{
	bypass->fast = reader_take(reader, "fast");
	reader_service(reader, &bypass->protocol, &bypass->ports);
	for (bool more = true; more && !reader->failed;) {
		if (!to->count && reader_take(reader, "to"))
			reader_prefix_set(reader, to);
		else if (!from->count && reader_take(reader, "from"))
			reader_prefix_set(reader, from);
		else if (!bypass->fast && reader_take(reader, "fast"))
			bypass->fast = true;
		else
			more = false;
	}
	if (!bypass->protocol && !bypass->ports.first && !to->count && !from->count)
		return reader_expected(reader, "a protocol, port, to or from");
	return reader->failed ? -EXIT_USAGE : 0;
}

bool bypass_same(const struct bypass *a, const struct bypass *b)
{
	return a->protocol == b->protocol && a->ports.first == b->ports.first &&
	       a->ports.last == b->ports.last && !prefix_compare(&a->to, &b->to) &&
	       !prefix_compare(&a->from, &b->from);
}

static int bypass_add(struct reader *reader, const struct token *at, const struct bypass *bypass)
{
	struct policy *policy = reader->policy;
	struct bypass *grown = array_room(policy->bypass, policy->bypass_count, sizeof(*grown));
	struct place *place;

	if (!grown)
		return reader_no_memory(reader);
	policy->bypass = grown;
	place = array_room(reader->bypass_place, policy->bypass_count, sizeof(*place));
	if (!place)
		return reader_no_memory(reader);
	reader->bypass_place = place;
	for (size_t i = 0; i < policy->bypass_count; i++)
		if (bypass_same(&policy->bypass[i], bypass))
			return reader_fail_at(reader, at, "keep one of the two",
					      "this bypass is already set at %s:%u", place[i].file,
					      place[i].line);
	if (policy->bypass_count == STATEMENTS_MAX)
		return reader_fail_at(reader, at, NULL, "more than %d bypasses", STATEMENTS_MAX);
	place[policy->bypass_count] = reader_place(reader, at);
	grown[policy->bypass_count++] = *bypass;
	return 0;
}

/* every pair of a `to` and a `from` of one family; false if there is none */
static bool bypass_pairs(struct reader *reader, const struct token *at, struct bypass *bypass,
			 const struct prefixes *to, const struct prefixes *from)
{
	bool any = false;

	if (!reader->policy && (to->count > 1 || from->count > 1)) {
		reader_fail_at(reader, at, "a config file takes lists", "one prefix is enough here");
		return true;
	}
	if (to->count && from->count > STATEMENTS_MAX / to->count) {
		reader_fail_at(reader, at, NULL, "more than %d bypasses", STATEMENTS_MAX);
		return true;
	}
	for (size_t t = 0; t < (to->count ? to->count : 1); t++) {
		for (size_t f = 0; f < (from->count ? from->count : 1) && !reader->failed; f++) {
			bypass->to = to->count ? to->at[t] : (struct prefix){};
			bypass->from = from->count ? from->at[f] : (struct prefix){};
			if (to->count && from->count && bypass->to.family != bypass->from.family)
				continue;
			any = true;
			if (reader->policy)
				bypass_add(reader, at, bypass);
		}
	}
	return any;
}

static int bypass_read(struct reader *reader, struct bypass *bypass)
{
	const struct token at = reader->lexer.now;
	struct prefixes to = {}, from = {};

	bypass_words(reader, bypass, &to, &from);
	if (!reader->failed && !bypass_pairs(reader, &at, bypass, &to, &from))
		reader_fail_at(reader, &at, NULL, "no packet goes from IPv%d to IPv%d",
			       bypass->from.family, bypass->to.family);
	free(to.at);
	free(from.at);
	return reader->failed ? -EXIT_USAGE : 0;
}

int bypass_mark_parse(const char *text, __u32 *out, struct fail *fail)
{
	char *end;
	unsigned long mark = strtoul(text, &end, 0);

	if (*end || !mark || mark > ~0U || mark & (mark - 1) || *text == '-')
		return fail_set(fail, EXIT_USAGE, "like 0x10000000", "\"%s\" is not one bit of 32", text);
	*out = mark;
	return 0;
}

static int mark_read(struct reader *reader, __u32 *out)
{
	const struct token at = reader->lexer.now;
	char text[WORD_SIZE];
	struct fail why;

	if (reader_text(reader, false, "a mark", text))
		return -EXIT_USAGE;
	if (!bypass_mark_parse(text, out, &why))
		return 0;
	return reader_fail_at(reader, &at, why.remedy, "%s", why.what);
}

static int bypass_line(struct reader *reader, void *unused)
{
	const struct token at = reader->lexer.now;
	struct bypass bypass = {};

	(void)unused;
	if (reader_take(reader, "mark"))
		return reader_once(reader, &reader->seen[SETTING_MARK], &at) ? -EXIT_USAGE :
		       mark_read(reader, &reader->policy->bypass_mark);
	return bypass_read(reader, &bypass);
}

int bypass_block(struct reader *reader)
{
	return reader_block(reader, bypass_line, NULL);
}

int bypass_parse(int argc, char **argv, struct bypass *out, struct fail *fail)
{
	struct bypass bypass = {};
	struct reader reader;
	int status;

	reader_words(&reader, argc, argv, fail);
	bypass_read(&reader, &bypass);
	status = reader_words_end(&reader);
	if (!status)
		*out = bypass;
	return status;
}

void bypass_print(FILE *to, const struct bypass *bypass)
{
	const char *name = protocol_name(bypass->protocol), *space = "";
	char text[PREFIX_TEXT];

	if (name)
		fprintf(to, "%s", name);
	else if (bypass->protocol)
		fprintf(to, "proto %u", bypass->protocol);
	space = bypass->protocol ? " " : "";
	if (bypass->ports.first) {
		fprintf(to, "%sport %s", space, ports_print(&bypass->ports, text, sizeof(text)));
		space = " ";
	}
	if (bypass->to.family) {
		fprintf(to, "%sto %s", space, prefix_print(&bypass->to, text, sizeof(text)));
		space = " ";
	}
	if (bypass->from.family) {
		fprintf(to, "%sfrom %s", space, prefix_print(&bypass->from, text, sizeof(text)));
		space = " ";
	}
	if (bypass->fast)
		fprintf(to, "%sfast", space);
}
