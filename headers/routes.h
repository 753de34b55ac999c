/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The part of abi.h that is about routes. What the kernel's IPv4 routes say of a source is remembered
 * for its block of 65536 addresses: one answer for all of a flood's sources there. The daemon tells which blocks have one, and forgets all
 * answers when routes, rules, addresses or devices change: it makes the generation another one.
 */
#ifndef WEIR_ROUTES_H
#define WEIR_ROUTES_H

#define ROUTES_BLOCK_BITS	16
#define ROUTES_BLOCKS		(1 << ROUTES_BLOCK_BITS)
#define ROUTES_STALE_NS		1000000000ULL

/*
 * map "routes": one value. split is written before generation: whoever sees the new generation and the
 * old bits remembers an answer that nobody asks for once the bits are there.
 */
struct routes_now {
	__u64	split[ROUTES_BLOCKS / 64];	/* bit per block: a route leads to a part of it */
	__u64	beat_ns;	/* when all this was known to be true; older than ROUTES_STALE_NS: it is not */
	__u32	generation;	/* below 1 << 24; 0: nothing is to be remembered */
	__u32	last;		/* generation that was; the datapath does not look */
};
ABI_SIZE(struct routes_now, ROUTES_BLOCKS / 8 + 16);

/*
 * map "route_answer": a word a block, written by the datapath alone. 0: no answer; else what the routes
 * said under one generation of a source that came by one device; the last one that asked.
 */
enum route_answer {
	ROUTE_ANSWER_BACK = 1,		/* there is a way back, by the device it came from or one behind it */
	ROUTE_ANSWER_ASIDE = 2,		/* there is one, by another device */
	ROUTE_ANSWER_NONE = 3,
};
#define ROUTE_ANSWER(generation, dev_slot, answer) ((generation) << 8 | (dev_slot) << 2 | (answer))

#endif
