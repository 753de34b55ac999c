/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block list as feeds publish it: one prefix a line, IPv4 and IPv6 mixed. What follows a blank,
 * a comma, '#' or ';' is a remark; lines that begin with '#', ';' or "//" are, too. A line is bad where what
 * follows a blank would change its meaning: the end of a range, or a timeout or a comment as `block add` has them.
 */
#ifndef WEIR_LIST_H
#define WEIR_LIST_H

#include "policy.h"

struct list_read {
	size_t		lines, prefixes;	/* prefixes: lines that had one */
	size_t		bad;			/* lines that had something else */
	struct fail	first_bad;		/* with its place; only if bad is not 0 */
};

/*
 * Adds the prefixes of a file ("-": standard input) to the entries, which stay settled; each lasts
 * until until_ns, or longer if it was there already. All or nothing: fails at the first bad line
 * unless skip_bad, and then adds nothing.
 */
int list_read(const char *path, bool skip_bad, __u64 until_ns, struct entries *entries,
	      struct list_read *read, struct fail *fail);

#endif
