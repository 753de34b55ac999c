// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "reader.h"

/* ---- failing ------------------------------------------------------------------------------- */

int reader_fail_at(struct reader *reader, const struct token *token, const char *remedy,
		   const char *format, ...)
{
	char what[sizeof(reader->fail->what)];
	va_list values;

	if (reader->failed)
		return -EXIT_USAGE;
	va_start(values, format);
	vsnprintf(what, sizeof(what), format, values);
	va_end(values);
	fail_set(reader->fail, EXIT_USAGE, remedy, "%s", what);
	reader->failed = true;
	return lexer_place(&reader->lexer, token, reader->fail);
}

int reader_expected(struct reader *reader, const char *what)
{
	char shown[WORD_SIZE];

	return reader_fail_at(reader, &reader->lexer.now, NULL, "unexpected %s; expected %s",
			      token_show(&reader->lexer.now, shown), what);
}

int reader_no_memory(struct reader *reader)
{
	return reader_fail_at(reader, &reader->lexer.now, NULL, "out of memory");
}

/* ---- words --------------------------------------------------------------------------------- */

int reader_next(struct reader *reader)
{
	if (reader->failed)
		return -EXIT_USAGE;
	if (lexer_next(&reader->lexer, reader->fail))
		reader->failed = true;
	return reader->failed ? -EXIT_USAGE : 0;
}

bool reader_take_type(struct reader *reader, enum token_type type)
{
	if (reader->failed || reader->lexer.now.type != type)
		return false;
	reader_next(reader);
	return true;
}

bool reader_take(struct reader *reader, const char *word)
{
	if (reader->failed || !token_is(&reader->lexer.now, word))
		return false;
	reader_next(reader);
	return true;
}

bool reader_at_end(const struct reader *reader)
{
	enum token_type type = reader->lexer.now.type;

	return type == TOKEN_END || type == TOKEN_EOF || type == TOKEN_CLOSE;
}

int reader_pick(struct reader *reader, const char *const *words)
{
	const struct token *now = &reader->lexer.now;
	char list[256] = "", text[WORD_SIZE], remedy[96], shown[WORD_SIZE];
	const char *nearest = NULL;
	size_t used = 0;

	if (reader->failed)
		return -EXIT_USAGE;
	for (int i = 0; words[i]; i++)
		if (token_is(now, words[i]))
			return reader_next(reader) ? -EXIT_USAGE : i;
	for (int i = 0; words[i] && used < sizeof(list); i++)
		used += snprintf(list + used, sizeof(list) - used, "%s%s",
				 !i ? "" : words[i + 1] ? ", " : " or ", words[i]);
	if (now->type == TOKEN_WORD || now->type == TOKEN_STRING)
		nearest = value_nearest(token_text(now, text), words);
	if (nearest)
		snprintf(remedy, sizeof(remedy), "did you mean \"%.64s\"?", nearest);
	return reader_fail_at(reader, now, nearest ? remedy : NULL, "unexpected %s; expected %s",
			      token_show(now, shown), list);
}

int reader_text(struct reader *reader, bool quoted, const char *what, char text[static WORD_SIZE])
{
	const struct token *now = &reader->lexer.now;

	if (reader->failed)
		return -EXIT_USAGE;
	if (now->type != TOKEN_WORD && !(quoted && now->type == TOKEN_STRING))
		return reader_expected(reader, what);
	token_text(now, text);
	return reader_next(reader);
}

void *array_room(void *array, size_t count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? 2 * count : 1, size);
}

/* ---- statements ---------------------------------------------------------------------------- */

int reader_block(struct reader *reader, int (*read)(struct reader *, void *), void *context)
{
	const struct token open = reader->lexer.now;

	if (!reader_take_type(reader, TOKEN_OPEN))
		return reader_expected(reader, "{");
	while (!reader->failed && !reader_take_type(reader, TOKEN_CLOSE)) {
		if (reader_take_type(reader, TOKEN_END))
			continue;
		if (reader->lexer.now.type == TOKEN_EOF)
			return reader_fail_at(reader, &open, "add a } at its end",
					      "this block is never closed");
		read(reader, context);
		if (!reader_at_end(reader))
			reader_expected(reader, "end of line, ; or }");
	}
	return reader->failed ? -EXIT_USAGE : 0;
}

struct place reader_place(const struct reader *reader, const struct token *token)
{
	return (struct place){ reader->lexer.name, token->line };
}

int reader_once(struct reader *reader, struct place *seen, const struct token *token)
{
	char shown[WORD_SIZE];

	if (reader->failed)
		return -EXIT_USAGE;
	if (seen->file)
		return reader_fail_at(reader, token, NULL, "%s is already set at %s:%u",
				      token_show(token, shown), seen->file, seen->line);
	*seen = reader_place(reader, token);
	return 0;
}

/* ---- the command line ---------------------------------------------------------------------- */

int reader_words(struct reader *reader, int argc, char **argv, struct fail *fail)
{
	size_t size = 1;
	char *text, *at;

	*reader = (struct reader){ .fail = fail };
	for (int i = 0; i < argc; i++)
		size += 4 * strlen(argv[i]) + 4;
	text = at = malloc(size);
	if (!text) {
		reader->failed = true;
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	}
	*at = '\0';
	for (int i = 0; i < argc; i++) {
		if (i)
			*at++ = ' ';
		if (lexer_bare(argv[i]))
			strcpy(at, argv[i]);
		else
			lexer_quote(argv[i], at);
		at += strlen(at);
	}
	reader->failed = lexer_init(&reader->lexer, "command line", text, at - text, fail);
	return reader->failed ? -EXIT_USAGE : 0;
}

int reader_words_end(struct reader *reader)
{
	if (!reader->failed && reader->lexer.now.type != TOKEN_EOF)
		reader_expected(reader, "no more words");
	free((char *)reader->lexer.begin);
	return reader->failed ? -reader->fail->status : 0;
}
