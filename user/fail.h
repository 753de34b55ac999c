/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a thing failed: what, why and what to do about it, filled where it happened and printed once.
 *
 * Functions that can fail take a struct fail * as their last argument, return 0 or a negative
 * exit status (-EXIT_USAGE ...), and fill it exactly when they fail. The caller owns it. Texts
 * may quote foreign bytes: fail_print() escapes control characters.
 */
#ifndef WEIR_FAIL_H
#define WEIR_FAIL_H

#include <stdio.h>

enum exit_status {
	EXIT_DONE	= 0,
	EXIT_USAGE	= 1,	/* usage or config */
	EXIT_REFUSED	= 2,	/* the kernel said no */
	EXIT_ABSENT	= 3,	/* not running, not attached */
	EXIT_NO_ENTRY	= 4,	/* no such entry */
};

struct fail {
	int	status;		/* enum exit_status */
	char	what[512];	/* one line: the thing and the reason */
	char	remedy[256];	/* one line: what to type or change; may be empty */
	char	file[256];	/* place of a config error; empty: no place */
	unsigned int line;	/* from 1 */
	unsigned int column;	/* from 1, in bytes */
	char	text[256];	/* the offending line, cut to fit, for the caret */
	unsigned int cut;	/* bytes of that line left out before text */
};

/* Fills what (printf style) and remedy (NULL: none). Returns -status: `return fail_set(...)`. */
int fail_set(struct fail *fail, enum exit_status status, const char *remedy,
	     const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A failure that has been told already: a status, and nothing to print. Returns -status. */
int fail_quiet(struct fail *fail, enum exit_status status);

/* Adds the place. text is the whole line without its newline. Returns -fail->status. */
int fail_place(struct fail *fail, const char *file, unsigned int line, unsigned int column,
	       const char *text);

/*
 * "weir: wan0: no such device" or "/etc/weir/weir.conf:3:17: ...", then the line and a caret, then
 * the remedy. With color when `color` is set. Never prints a control character.
 */
void fail_print(FILE *to, const struct fail *fail, int color);

#endif
