/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sources that the special-purpose address registries rule out (RFC 6890 and what updated it; IANA
 * iana-ipv4-special-registry, iana-ipv6-special-registry). Data only: compile.c merges it into the
 * classes.
 *
 * What is never a source on any wire is martian unless `check { martians off }`. What is lawful in
 * private, and so may well stand outside of a gateway behind another one, is martian on outside
 * devices once the policy says `martians drop` or `martians monitor`.
 */
#ifndef WEIR_MARTIAN_H
#define WEIR_MARTIAN_H

#include <stddef.h>

enum martian_where {
	MARTIAN_NOWHERE,	/* lawful inside of a prefix that is not */
	MARTIAN_OUTSIDE,
	MARTIAN_ANYWHERE,
};

struct martian {
	const char		*prefix;
	enum martian_where	where;
	const char		*why;
};

extern const struct martian martians[];	/* ends with prefix NULL */

#endif
