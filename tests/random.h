/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers and prefixes for tests; the seed is printed, SEED=... repeats a run. */
#ifndef WEIR_TEST_RANDOM_H
#define WEIR_TEST_RANDOM_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "value.h"

static __u64 random_state;

/* xorshift64* */
static inline __u32 random_below(__u32 bound)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dULL >> 32) % bound;
}

static inline void random_seed(void)
{
	const char *given = getenv("SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	random_state = (__u64)now.tv_sec * 1000000000 + now.tv_nsec;
	if (given)
		random_state = strtoull(given, NULL, 0);
	random_state |= 1;
	printf("# SEED=%llu\n", random_state);
}

/* from a small space, so that prefixes meet and nest */
static inline struct prefix random_prefix(void)
{
	struct prefix prefix = { .family = random_below(2) ? 4 : 6 };
	unsigned int bits = prefix.family == 4 ? 32 : 128;

	prefix.length = random_below(4) ? bits - random_below(4) : random_below(bits + 1);
	prefix.addr[0] = random_below(2) ? 10 : 0x20;
	prefix.addr[bits / 8 - 1] = random_below(16);
	for (unsigned int bit = prefix.length; bit < bits; bit++)
		prefix.addr[bit / 8] &= ~(0x80 >> bit % 8);
	return prefix;
}

#endif
