/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random prefix lists from a seed, and the naive way to search them: for tests and benchmarks of
 * the compiled table. The oracle shares no code with the table: it asks a sorted list for each
 * length, the longest first.
 */
#ifndef WEIR_TESTS_PREFIXES_H
#define WEIR_TESTS_PREFIXES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "table.h"

static inline __u64 random_next(__u64 *seed)	/* xorshift64* (Vigna 2016) */
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dULL;
}

static inline __u32 random_below(__u64 *seed, __u32 limit)
{
	return (random_next(seed) >> 32) * limit >> 32;
}

static inline void mask_address(__u8 addr[16], unsigned int length)
{
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int keep = length > 8 * i ? length - 8 * i : 0;

		addr[i] &= keep >= 8 ? 0xff : (__u8)(0xff00 >> keep);
	}
}

static inline int entry_order(const void *a, const void *b)
{
	const struct table_entry *x = a, *y = b;
	int order = memcmp(x->prefix.addr, y->prefix.addr, 16);

	return order ? order : x->prefix.length - y->prefix.length;
}

/* Sorts, drops duplicates; returns how many are left. */
static inline size_t entries_order(struct table_entry *entry, size_t count)
{
	size_t kept = 0;

	qsort(entry, count, sizeof(*entry), entry_order);
	for (size_t i = 0; i < count; i++)
		if (!kept || entry_order(&entry[kept - 1], &entry[i]))
			entry[kept++] = entry[i];
	return kept;
}

static inline void random_address(__u64 *seed, int family, __u8 addr[16])
{
	__u64 bits[2] = { random_next(seed), random_next(seed) };

	memset(addr, 0, 16);
	memcpy(addr, bits, family == 6 ? 16 : 4);
}

/*
 * A list as routing tables and feeds have it: mostly /24s and single addresses in IPv4 (1.0.0.0 to
 * 223.255.255.255), /32 to /64 below 2000::/3 in IPv6, a part of them in clumps.
 */
static inline void realistic_prefix(__u64 *seed, int family, struct prefix *prefix)
{
	static const __u8 length4[] = { 18, 20, 21, 22, 22, 23, 23, 24, 24, 24, 24, 24, 24, 24, 24, 24,
		24, 24, 24, 24, 24, 25, 27, 29, 30, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32 };
	static const __u8 length6[] = { 32, 32, 32, 32, 33, 36, 36, 40, 40, 42, 44, 44, 48, 48, 48, 48,
		48, 48, 48, 52, 56, 56, 60, 64, 64, 64 };
	static const __u8 top6[] = { 0x20, 0x24, 0x26, 0x28, 0x2a, 0x2c };

	*prefix = (struct prefix){ .family = family };
	random_address(seed, family, prefix->addr);
	if (family == 6) {
		prefix->length = length6[random_below(seed, sizeof(length6))];
		prefix->addr[0] = top6[random_below(seed, sizeof(top6))];
		prefix->addr[1] &= 0x0f;
		if (random_below(seed, 2))
			prefix->addr[3] &= 0x11;
	} else {
		prefix->length = length4[random_below(seed, sizeof(length4))];
		if (!random_below(seed, 1000))
			prefix->length = 8 + random_below(seed, 10);
		prefix->addr[0] = 1 + random_below(seed, 223);
		if (!random_below(seed, 4))
			prefix->addr[1] &= 0x0f;
	}
	mask_address(prefix->addr, prefix->length);
}

struct oracle {
	const struct table_entry *entry;
	size_t	count;
	bool	length[129];	/* some prefix has it */
};

static inline struct oracle oracle_of(const struct table_entry *entry, size_t count)
{
	struct oracle oracle = { .entry = entry, .count = count };

	for (size_t i = 0; i < count; i++)
		oracle.length[entry[i].prefix.length] = true;
	return oracle;
}

static inline __u32 oracle_find(const struct oracle *oracle, const __u8 addr[16])
{
	const struct table_entry *found = NULL;
	struct table_entry key = { 0 };

	for (int length = 128; length >= 0 && !found; length--) {
		if (!oracle->length[length])
			continue;
		memcpy(key.prefix.addr, addr, 16);
		mask_address(key.prefix.addr, length);
		key.prefix.length = length;
		found = bsearch(&key, oracle->entry, oracle->count, sizeof(key), entry_order);
	}
	return found ? found->class : 0;
}

/* An address that is likely to sit on an edge: the first or last one of a prefix, or next to it. */
static inline void edge_address(__u64 *seed, const struct prefix *prefix, __u8 addr[16])
{
	int bytes = prefix->family == 6 ? 16 : 4, step = random_below(seed, 3) - 1;
	__u8 end = random_below(seed, 2) ? 0xff : 0;

	memset(addr, 0, 16);
	for (int i = 0; i < bytes; i++) {
		int keep = prefix->length - 8 * i;
		__u8 host = keep >= 8 ? 0 : keep <= 0 ? 0xff : 0xff >> keep;

		addr[i] = prefix->addr[i] | (host & end);
	}
	for (int i = bytes - 1; i >= 0 && step; i--) {
		addr[i] += step;
		if (addr[i] != (step > 0 ? 0 : 0xff))
			step = 0;
	}
}

/* Any address, one on an edge, or one inside a prefix. */
static inline void some_address(__u64 *seed, const struct table_entry *entry, size_t count, int family,
			 __u8 addr[16])
{
	const struct prefix *prefix = count ? &entry[random_below(seed, count)].prefix : NULL;
	__u32 way = random_below(seed, 3);

	random_address(seed, family, addr);
	if (!prefix || !way)
		return;
	if (way == 1)
		return edge_address(seed, prefix, addr);
	for (int i = 0; i < 16; i++) {
		int keep = prefix->length - 8 * i;
		__u8 host = keep >= 8 ? 0 : keep <= 0 ? 0xff : 0xff >> keep;

		addr[i] = prefix->addr[i] | (addr[i] & host);
	}
}

static inline __u64 seed_of_test(void)
{
	const char *said = getenv("SEED");
	__u64 seed = said ? strtoull(said, NULL, 0) : 20261121;

	printf("# SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

/* *count prefixes, of which *count are left without duplicates; most are of class 1. */
static inline struct table_entry *realistic_list(size_t *count, int family, __u64 *seed)
{
	struct table_entry *entry = calloc(*count, sizeof(*entry));

	for (size_t i = 0; i < *count; i++) {
		realistic_prefix(seed, family, &entry[i].prefix);
		entry[i].class = random_below(seed, 20) ? 1 : 1 + random_below(seed, 300);
	}
	*count = entries_order(entry, *count);
	return entry;
}

#endif
