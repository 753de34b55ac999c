/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the functions that warn have written, one by one:
 *	weir: warning: WHAT
 *	  what to do about it, or more of it, in lines that are indented
 */
#ifndef WEIR_WARNINGS_H
#define WEIR_WARNINGS_H

#include "out.h"

/* Calls take() for each warning in the text; details: the lines below it as one, or "". */
void warnings_each(const char *text, void (*take)(const char *what, const char *details, void *data),
		   void *data);

/* An array "warnings" of the JSON object that is open; it is there, too, when it is empty. */
void warnings_out(struct out *out, const char *text);

#endif
