/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files that a policy is read from. For policy.c alone.
 */
#ifndef WEIR_POLICY_INCLUDE_H
#define WEIR_POLICY_INCLUDE_H

#include <sys/stat.h>
#include "reader.h"

/* Reads a whole regular file, or standard input for "-"; the caller frees *out. Refuses files that
 * others may write, unless unsafe, and those above FILE_MAX_BYTES. 0 or -enum exit_status. */
int file_text(const char *path, bool unsafe, char **out, size_t *length, struct stat *stat,
	      struct fail *fail);

/* Reads the statements of a text; name and stat say which file it came from. */
int reader_text_of(struct reader *reader, const char *name, const char *text, size_t length,
		   const struct stat *stat);

#endif
