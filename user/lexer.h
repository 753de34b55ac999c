/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text -> tokens with their place, for the policy's grammar. Holds no memory of its own: a token
 * points into the text, which must outlive it. The lexer stands on one token, `now`.
 */
#ifndef WEIR_LEXER_H
#define WEIR_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include "fail.h"

enum token_type {
	TOKEN_EOF,
	TOKEN_END,		/* a newline or ';' */
	TOKEN_WORD,
	TOKEN_STRING,		/* "...", with \" \\ and \xNN */
	TOKEN_VARIABLE,		/* $NAME; text is NAME */
	TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA, TOKEN_EQUALS,
};

struct token {
	enum token_type	type;
	const char	*text;		/* not NUL-terminated; of a string: between the quotes */
	size_t		length;
	const char	*at;		/* first byte, for the caret */
	unsigned int	line;
};
#define WORD_SIZE 256			/* a word or string, decoded, with its NUL */

struct lexer {
	const char	*name;		/* of the file, for messages */
	const char	*begin, *at, *end;
	unsigned int	line;
	struct token	now;
};

/* Stands on the first token. -EXIT_USAGE: see lexer_next(). */
int lexer_init(struct lexer *lexer, const char *name, const char *text, size_t length,
	       struct fail *fail);
/* Steps to the next token; at the end it stays TOKEN_EOF. -EXIT_USAGE: a byte or string that no
 * token has, or a word that is too long. */
int lexer_next(struct lexer *lexer, struct fail *fail);

bool token_is(const struct token *token, const char *word);
/* The word or string as text, decoded. */
char *token_text(const struct token *token, char out[static WORD_SIZE]);
/* How to call the token in a message: "word", end of line ... */
char *token_show(const struct token *token, char out[static WORD_SIZE]);

/* Adds the token's place to a failure. Returns -fail->status. */
int lexer_place(const struct lexer *lexer, const struct token *token, struct fail *fail);

/*
 * Writes text as a string token: quoted, and escaped where needed. Room for 4 bytes each and 3.
 * lexer_bare(): it needs no quotes, since it reads as one word.
 */
char *lexer_quote(const char *text, char *out);
bool lexer_bare(const char *text);

#endif
