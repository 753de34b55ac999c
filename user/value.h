/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The values an operator writes: prefixes, ports, rates, durations, sizes. One reader and one
 * printer each; what is printed can be read again. Readers want the whole string to match, return
 * 0 or -EXIT_USAGE with the reason, and leave *out alone when they fail. Printers write at most
 * size bytes with the NUL and return out.
 */
#ifndef WEIR_VALUE_H
#define WEIR_VALUE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include "fail.h"

struct prefix {
	__u8	addr[16];	/* network order; IPv4 in the first four bytes, the rest 0 */
	__u8	family;		/* 4 or 6; 0: unset, matches everything */
	__u8	length;		/* bits, 0-32 or 0-128 */
};
#define PREFIX_TEXT 52

/* "192.0.2.0/24", "2001:db8::/32", a bare address is /32 or /128. Host bits set is an error that
 * names the prefix which was probably meant. */
int prefix_parse(const char *text, struct prefix *out, struct fail *fail);
/* a single address without its length; "any", which is not read again, when unset */
char *prefix_print(const struct prefix *prefix, char *out, size_t size);
bool prefix_covers(const struct prefix *outer, const struct prefix *inner);
/* by family, address, length: the order in which a covering prefix comes first */
int prefix_compare(const struct prefix *a, const struct prefix *b);

/* "200/second" ("/s", "/minute", "/m", "/hour", "/h", with k and m as in 50k/s); 0 is an error */
struct rate {
	__u64	count;		/* flows */
	__u64	per_ns;		/* in this time */
};
#define RATE_TEXT 48
int rate_parse(const char *text, struct rate *out, struct fail *fail);
char *rate_print(const struct rate *rate, char *out, size_t size);
__u64 rate_cost_ns(const struct rate *rate);	/* per flow, rounded, at least 1 */

/* "90", "10m", "1h30m", "2d", "1w"; a bare number is seconds. Printed rounded up to the second. */
#define DURATION_TEXT 48
int duration_parse(const char *text, __u64 *out_ns, struct fail *fail);
char *duration_print(__u64 ns, char *out, size_t size);

struct ports {
	__u16	first, last;	/* host order; 0-0: any */
};
#define PORTS_TEXT 16
int ports_parse(const char *text, struct ports *out, struct fail *fail);
/* "any" when unset */
char *ports_print(const struct ports *ports, char *out, size_t size);

/* "70%" */
int percent_parse(const char *text, unsigned int *out, struct fail *fail);

/* "4M", "256k", "1000": k is a thousand, M a million; within [min, max] */
#define AMOUNT_TEXT 24
int amount_parse(const char *text, __u64 min, __u64 max, __u64 *out, struct fail *fail);
char *amount_print(__u64 amount, char *out, size_t size);

/* a whole decimal number within [min, max] */
int number_parse(const char *text, __u64 min, __u64 max, __u64 *out, struct fail *fail);

/* The nearest of words (NULL-terminated) to text by edit distance, or NULL: "did you mean". */
const char *value_nearest(const char *text, const char *const *words);

#endif
