// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include "lexer.h"

static bool is_word(char c)
{
	return c > ' ' && c < 0x7f && !strchr("{},;=\"#$\\", c);
}

static bool is_name(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that *at tells, and *at behind it; -1: no such escape. NUL can't be told. */
static int read_escaped(const char **at, const char *end)
{
	const char *from = *at;
	int high, low;

	if (*from != '\\') {
		*at = from + 1;
		return (unsigned char)*from;
	}
	if (end - from >= 2 && (from[1] == '"' || from[1] == '\\')) {
		*at = from + 2;
		return from[1];
	}
	if (end - from < 4 || from[1] != 'x')
		return -1;
	high = hex_digit(from[2]);
	low = hex_digit(from[3]);
	*at = from + 4;
	return high < 0 || low < 0 || (!high && !low) ? -1 : high << 4 | low;
}

int lexer_place(const struct lexer *lexer, const struct token *token, struct fail *fail)
{
	const char *line = token->at, *from = token->at, *end = token->at;
	char text[sizeof(fail->text)];

	while (line > lexer->begin && line[-1] != '\n')
		line--;
	/* a line may be megabytes: what lies around the place is enough */
	while (from > line && token->at - from < (long)sizeof(text) / 2)
		from--;
	while (end < lexer->end && *end && *end != '\n' && end - from < (long)sizeof(text) - 1)
		end++;
	if (end > token->at && end[-1] == '\r')
		end--;
	snprintf(text, sizeof(text), "%.*s", (int)(end - from), from);
	fail_place(fail, lexer->name, token->line, token->at - from + 1, text);
	fail->cut = from - line;
	fail->column = token->at - line + 1;
	return -fail->status;
}

static int read_string(struct lexer *lexer, struct fail *fail)
{
	struct token *now = &lexer->now;
	const char *at = now->at + 1;
	size_t length = 0;

	now->type = TOKEN_STRING;
	now->text = at;
	for (; at < lexer->end && *at != '"' && *at != '\n'; length++) {
		struct token escape = { .at = at, .line = now->line };

		if (read_escaped(&at, lexer->end) >= 0)
			continue;
		fail_set(fail, EXIT_USAGE, "write \\\\, \\\" or \\x1b",
			 "unknown escape in a string");
		return lexer_place(lexer, &escape, fail);
	}
	if (at == lexer->end || *at != '"') {
		fail_set(fail, EXIT_USAGE, NULL, "the string has no end on this line; expected \"");
		return lexer_place(lexer, now, fail);
	}
	if (length >= WORD_SIZE) {
		fail_set(fail, EXIT_USAGE, NULL, "the string is longer than %d bytes",
			 WORD_SIZE - 1);
		return lexer_place(lexer, now, fail);
	}
	now->length = at - now->text;
	lexer->at = at + 1;
	return 0;
}

static int read_run(struct lexer *lexer, enum token_type type, bool (*belongs)(char),
		    struct fail *fail)
{
	struct token *now = &lexer->now;
	const char *at = lexer->at;

	while (at < lexer->end && belongs(*at))
		at++;
	now->type = type;
	now->text = lexer->at;
	now->length = at - lexer->at;
	lexer->at = at;
	if (!now->length)
		fail_set(fail, EXIT_USAGE, NULL, "expected a name after $");
	else if (now->length >= WORD_SIZE)
		fail_set(fail, EXIT_USAGE, NULL, "the word is longer than %d bytes", WORD_SIZE - 1);
	else
		return 0;
	return lexer_place(lexer, now, fail);
}

static void skip_blank(struct lexer *lexer)
{
	const char *at = lexer->at;

	while (at < lexer->end && (*at == ' ' || *at == '\t' || *at == '\r'))
		at++;
	if (at < lexer->end && *at == '#')
		while (at < lexer->end && *at != '\n')
			at++;
	lexer->at = at;
}

int lexer_next(struct lexer *lexer, struct fail *fail)
{
	static const char marks[] = "{},=;\n";
	static const enum token_type mark_type[] = {
		TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA, TOKEN_EQUALS, TOKEN_END, TOKEN_END,
	};
	struct token *now = &lexer->now;
	const char *mark;

	skip_blank(lexer);
	*now = (struct token){ .type = TOKEN_EOF, .text = lexer->at, .at = lexer->at,
			       .line = lexer->line };
	if (lexer->at == lexer->end)
		return 0;
	if (*lexer->at == '"')
		return read_string(lexer, fail);
	if (*lexer->at == '$') {
		lexer->at++;
		return read_run(lexer, TOKEN_VARIABLE, is_name, fail);
	}
	if (is_word(*lexer->at))
		return read_run(lexer, TOKEN_WORD, is_word, fail);
	mark = *lexer->at ? strchr(marks, *lexer->at) : NULL;
	if (!mark) {
		fail_set(fail, EXIT_USAGE, "put it in \"quotes\" if it belongs to a name",
			 "byte 0x%02x is no part of any word", (unsigned char)*lexer->at);
		return lexer_place(lexer, now, fail);
	}
	now->type = mark_type[mark - marks];
	now->length = 1;
	lexer->line += *mark == '\n';
	lexer->at++;
	return 0;
}

int lexer_init(struct lexer *lexer, const char *name, const char *text, size_t length,
	       struct fail *fail)
{
	*lexer = (struct lexer){ .name = name, .begin = text, .at = text, .end = text + length,
				 .line = 1 };
	return lexer_next(lexer, fail);
}

bool token_is(const struct token *token, const char *word)
{
	return token->type == TOKEN_WORD && token->length == strlen(word) &&
	       !memcmp(token->text, word, token->length);
}

char *token_text(const struct token *token, char out[static WORD_SIZE])
{
	const char *at = token->text, *end = at + token->length;
	size_t length = 0;

	while (at < end)
		out[length++] = token->type == TOKEN_STRING ? read_escaped(&at, end) : *at++;
	out[length] = '\0';
	return out;
}

char *token_show(const struct token *token, char out[static WORD_SIZE])
{
	if (token->type == TOKEN_EOF)
		snprintf(out, WORD_SIZE, "end of text");
	else if (token->type == TOKEN_END && *token->text == '\n')
		snprintf(out, WORD_SIZE, "end of line");
	else
		snprintf(out, WORD_SIZE, "\"%s%.*s\"", token->type == TOKEN_VARIABLE ? "$" : "",
			 token->length > 64 ? 64 : (int)token->length, token->text);
	return out;
}

char *lexer_quote(const char *text, char *out)
{
	char *at = out;

	*at++ = '"';
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			at += sprintf(at, "\\%c", c);
		else if (c < ' ' || c >= 0x7f)
			at += sprintf(at, "\\x%02x", c);
		else
			*at++ = c;
	}
	*at++ = '"';
	*at = '\0';
	return out;
}

bool lexer_bare(const char *text)
{
	if (!*text)
		return false;
	while (*text && is_word(*text))
		text++;
	return !*text;
}
