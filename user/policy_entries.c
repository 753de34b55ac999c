// SPDX-License-Identifier: GPL-2.0-only
/* trusted { ... } and blocked { ... } */
#include <string.h>
#include "reader.h"

static int entry_comment(struct reader *reader, struct entry *entry)
{
	char text[WORD_SIZE];

	if (reader_text(reader, true, "a comment in quotes", text))
		return -EXIT_USAGE;
	entry->comment = *text ? strdup(text) : NULL;
	return *text && !entry->comment ? reader_no_memory(reader) : 0;
}

/* [timeout T] [comment S] [announce] */
static int entry_options(struct reader *reader, struct entry *entry)
{
	__u64 ns;

	entry->until_ns = ~0ULL;
	if (reader_take(reader, "timeout")) {
		if (reader_duration(reader, &ns))
			return -EXIT_USAGE;
		entry->until_ns = reader->now_ns + ns;
	}
	if (reader_take(reader, "comment") && entry_comment(reader, entry))
		return -EXIT_USAGE;
	entry->announce = !reader->failed && reader_take(reader, "announce");
	return reader->failed ? -EXIT_USAGE : 0;
}

static int entry_add(struct reader *reader, struct entries *entries, const struct prefix *prefix,
		     const struct entry *options)
{
	struct entry entry = *options;

	entry.prefix = *prefix;
	if (options->comment && !(entry.comment = strdup(options->comment)))
		return reader_no_memory(reader);
	if (!entries_append(entries, &entry, reader->fail))
		return 0;
	free(entry.comment);
	return reader_no_memory(reader);
}

static int one_entry(struct reader *reader, struct entries *entries)
{
	const struct token at = reader->lexer.now;
	struct prefixes prefixes = {};
	struct entry options = {};

	reader_prefixes(reader, &prefixes);
	if (!reader_at_end(reader) && reader->lexer.now.type != TOKEN_COMMA)
		entry_options(reader, &options);
	else
		options.until_ns = ~0ULL;
	if (options.announce && entries == &reader->policy->trust)
		reader_fail_at(reader, &at, NULL, "only what is blocked can be announced");
	for (size_t i = 0; i < prefixes.count && !reader->failed; i++)
		entry_add(reader, entries, &prefixes.at[i], &options);
	free(options.comment);
	free(prefixes.at);
	return reader->failed ? -EXIT_USAGE : 0;
}

/* entries separated by commas; a comma may end a line */
static int entries_line(struct reader *reader, void *context)
{
	struct entries *entries = context;

	do {
		while (reader_take_type(reader, TOKEN_END))
			;
		if (reader->lexer.now.type == TOKEN_CLOSE)
			break;
		one_entry(reader, entries);
	} while (reader_take_type(reader, TOKEN_COMMA));
	return reader->failed ? -EXIT_USAGE : 0;
}

int entries_block(struct reader *reader, struct entries *entries)
{
	return reader_block(reader, entries_line, entries);
}

int entry_parse(int argc, char **argv, __u64 now_ns, struct entry *out, struct fail *fail)
{
	struct prefixes prefixes = {};
	struct entry entry = {};
	struct reader reader;
	int status;

	reader_words(&reader, argc, argv, fail);
	reader.now_ns = now_ns;
	reader_prefixes(&reader, &prefixes);
	entry_options(&reader, &entry);
	status = reader_words_end(&reader);
	if (!status) {
		entry.prefix = prefixes.at[0];
		*out = entry;
	} else {
		free(entry.comment);
	}
	free(prefixes.at);
	return status;
}

void entry_print(FILE *to, const struct entry *entry, __u64 now_ns)
{
	char text[PREFIX_TEXT > DURATION_TEXT ? PREFIX_TEXT : DURATION_TEXT];

	fputs(prefix_print(&entry->prefix, text, sizeof(text)), to);
	if (entry->until_ns != ~0ULL)
		fprintf(to, " timeout %s",
			duration_print(entry->until_ns - now_ns, text, sizeof(text)));
	if (entry->comment) {
		char quoted[4 * WORD_SIZE + 3], comment[WORD_SIZE];

		snprintf(comment, sizeof(comment), "%s", entry->comment);
		fprintf(to, " comment %s", lexer_quote(comment, quoted));
	}
	if (entry->announce)
		fputs(" announce", to);
}
