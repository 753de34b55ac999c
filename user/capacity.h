/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many sources an instance remembers, and how many bits of an IPv6 address are one source. Both
 * are fixed when the maps of the instance are made, and for as long as it lives. Pure.
 */
#ifndef WEIR_CAPACITY_H
#define WEIR_CAPACITY_H

#include <stdbool.h>
#include <stddef.h>
#include "abi.h"

#define CAPACITY_LEAST		1024u
#define CAPACITY_MOST		(1u << 26)
#define CAPACITY_DEFAULT	(1u << 20)
#define LENGTH6_LEAST		48
#define LENGTH6_MOST		128
#define LENGTH6_DEFAULT		64

struct capacity {
	__u32	sources;	/* 0: not said */
	__u8	length6;	/* 0: not said */
};

/* What holds if that is said: defaults for what is not, sources rounded up to a power of two. */
struct capacity capacity_of(const struct capacity *said);
/* What the instance was made with. */
struct capacity capacity_made(const struct run *run);

/* Bytes of kernel memory that the tables of so many sources take: a power of two. */
__u64 capacity_bytes(__u32 sources);

/*
 * Says how the instance differs from what the policy wants, as words for a sentence, with at most
 * size bytes. Returns false, and writes nothing, when it does not.
 */
bool capacity_differs(const struct run *run, char *text, size_t size);

#endif
