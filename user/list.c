// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "list.h"
#include "policy_include.h"

/* the line without its remark and the blanks around it; empty if nothing else is there */
static size_t list_word(const char **line, const char *end)
{
	const char *at = *line, *from;

	while (at < end && (*at == ' ' || *at == '\t' || *at == '\r'))
		at++;
	from = at;
	while (at < end && *at && !strchr(" \t\r,#;", *at))
		at++;
	*line = from;
	if (at - from >= 2 && from[0] == '/' && from[1] == '/')
		return 0;
	return at - from;
}

/* False: it is too long for a prefix. */
static bool word_copy(const char *word, size_t length, char text[static WORD_SIZE])
{
	if (length >= WORD_SIZE)
		return false;
	memcpy(text, word, length);
	text[length] = '\0';
	return true;
}

/*
 * Behind the prefix stands anything after a remark's sign or a comma, and numbers of the feed's own. Not
 * what would change its meaning, were it read: the end of a range, or words of `block add`.
 */
static int list_rest(const char *at, const char *end, struct fail *fail)
{
	const char *word = at;
	size_t length = list_word(&word, end);
	struct prefix second;
	struct fail ignored;
	char text[WORD_SIZE];

	if (word == at || !word_copy(word, length, text))
		return 0;
	if (strpbrk(text, ".:") && !prefix_parse(text, &second, &ignored))
		return fail_set(fail, EXIT_USAGE, "write the range as prefixes, or each address on a line of its own",
				"a second address in the line: %s", text);
	if (!strcmp(text, "-"))
		return fail_set(fail, EXIT_USAGE, "write it as prefixes", "a range is not read in a list");
	if (!strcmp(text, "timeout"))
		return fail_set(fail, EXIT_USAGE, "of the whole list: weir block load FILE timeout TIME",
				"a timeout is not read in a list");
	if (!strcmp(text, "comment"))
		return fail_set(fail, EXIT_USAGE, "write it behind a #, or: weir block add P comment TEXT",
				"a comment is not read in a list");
	return 0;
}

/* a bad line, with its place */
static void list_bad(const char *path, const char *begin, const char *word, const char *end,
		     size_t number, struct list_read *read, const struct fail *why)
{
	const struct token at = { .at = word, .line = number };
	const struct lexer text = { .name = path, .begin = begin, .end = end };

	if (read->bad++)
		return;
	read->first_bad = *why;
	lexer_place(&text, &at, &read->first_bad);
}

static int list_line(const char *word, size_t length, __u64 until_ns, struct entries *entries,
		     struct fail *fail)
{
	struct entry entry = { .until_ns = until_ns };
	char text[WORD_SIZE];
	int status;

	if (!word_copy(word, length, text))
		return fail_set(fail, EXIT_USAGE, NULL, "too long for a prefix");
	status = prefix_parse(text, &entry.prefix, fail);
	return status ? status : entries_append(entries, &entry, fail);
}

static int list_text(const char *path, const char *text, size_t length, bool skip_bad,
		     __u64 until_ns, struct entries *entries, struct list_read *read,
		     struct fail *fail)
{
	const char *end = text + length;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', end - line);
		const char *line_end = newline ? newline : end, *word = line;
		size_t size = list_word(&word, line_end);
		int status = 0;

		read->lines++;
		line = line_end + 1;
		if (!size && (word == line_end || *word))
			continue;	/* nothing but a remark */
		status = list_rest(word + size, line_end, fail);
		if (!status)
			status = list_line(word, size, until_ns, entries, fail);
		if (status == -EXIT_REFUSED)
			return status;
		read->prefixes += !status;
		if (!status)
			continue;
		list_bad(path, text, word, end, read->lines, read, fail);
		if (skip_bad)
			continue;
		*fail = read->first_bad;
		return status;
	}
	return 0;
}

int list_read(const char *path, bool skip_bad, __u64 until_ns, struct entries *entries,
	      struct list_read *read, struct fail *fail)
{
	size_t before = entries->count, length;
	struct stat stat;
	char *text;
	int status;

	*read = (struct list_read){};
	/* who runs the command names the file: whoever may write it is trusted for this once */
	status = file_text(path, true, &text, &length, &stat, fail);
	if (status)
		return status;
	status = list_text(strcmp(path, "-") ? path : "standard input", text, length, skip_bad,
			   until_ns, entries, read, fail);
	free(text);
	/* straight behind what was there: a second list beside it would be as large again */
	if (status)
		entries->count = before;
	else
		entries_settle(entries);
	return status;
}
