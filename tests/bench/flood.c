// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a flood of SYNs from random sources costs on its whole way through the program, until a
 * budget refuses it, and what of that are accounting and budgets: the same program with admission
 * cut out stands beside it, and one whose admission is a hash map of sources that evicts by LRU.
 * The floor rewrites the source and drops. Medians of ROUNDS rounds that take turns.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "compile.h"
#include "tests/frame.h"
#include "tests/share.h"
#include "tests/bpf/flood.skel.h"
#include "tests/bpf/flood_bare.skel.h"
#include "tests/bpf/flood_lru.skel.h"
#include "xdp.skel.h"

#define ROUNDS	15
#define REPEAT	300000
#define LINES	(1 << 18)	/* a million sources */
#define BLOCKED	100000		/* prefixes */

enum { FLOOR, BARE, WHOLE, LRU, KINDS };

static struct flood *flood;
static int program[KINDS], policy[KINDS];

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *value)
{
	qsort(value, ROUNDS, sizeof(*value), by_value);
	return value[ROUNDS / 2];
}

static void die(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Opens, sizes and loads a program of the skeleton's kind: they differ in admission alone. */
#define LOAD(kind, type, size_more) do { \
	struct type *skel = type##__open(); \
	if (!skel) \
		die(#type); \
	for (int i = 0; i < 4; i++) \
		skel->rodata->hash_key[i] = 0x9e3779b97f4a7c15ULL * (i + 1); \
	skel->rodata->source_mask = skel->rodata->group_mask = LINES - 1; \
	bpf_map__set_max_entries(skel->maps.source, LINES); \
	bpf_map__set_max_entries(skel->maps.source_more, LINES * SOURCE_WAYS); \
	bpf_map__set_max_entries(skel->maps.group, LINES); \
	size_more; \
	if (type##__load(skel)) \
		die(#type); \
	program[kind] = bpf_program__fd(skel->progs.weir_xdp); \
	policy[kind] = bpf_map__fd(skel->maps.policy); \
} while (0)

static void load(void)
{
	flood = flood__open_and_load();
	if (!flood)
		die("flood");
	program[FLOOR] = bpf_program__fd(flood->progs.flood_floor);
	LOAD(BARE, flood_bare, (void)0);
	LOAD(WHOLE, xdp, (void)0);
	LOAD(LRU, flood_lru, bpf_map__set_max_entries(skel->maps.lru, LINES * SOURCE_WAYS));
}

/* BLOCKED prefixes of 24 bits, anywhere */
static void block_some(struct policy *into)
{
	struct fail fail;

	for (__u64 i = 1, random = 1; i <= BLOCKED; i++) {
		struct entry entry = { .prefix = { .family = 4, .length = 24 }, .until_ns = ~0ULL };

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		memcpy(entry.prefix.addr, (__u8 *)&random + 5, 3);
		if (entries_append(&into->block, &entry, &fail))
			die(fail.what);
	}
	entries_settle(&into->block);
}

static void obey(const char *text)
{
	struct arena arena = { 0 };
	struct policy parsed;
	struct fail fail;

	if (policy_parse(text, "bench", 0, &parsed, &fail))
		die(fail.what);
	block_some(&parsed);
	if (compile(&parsed, NULL, 0, &arena, &fail))
		die(fail.what);
	for (int kind = BARE; kind < KINDS; kind++)
		if (share_arena(policy[kind], &arena))
			die("policy");
	arena_free(&arena);
	policy_free(&parsed);
}

static double run(int kind)
{
	static struct craft syn;
	__u32 zero = 0;

	if (!syn.size) {
		craft_eth(&syn, ETH_P_IP);
		craft_ip4(&syn, "198.51.100.1", "203.0.113.1", IPPROTO_TCP);
		craft_tcp(&syn, 1025, 443, 0x02);
		craft_finish(&syn);
	}
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = syn.byte, .data_size_in = syn.size,
		    .repeat = REPEAT);
	if (bpf_map_update_elem(bpf_map__fd(flood->maps.next), &zero, &program[kind], BPF_ANY) ||
	    bpf_prog_test_run_opts(bpf_program__fd(flood->progs.flood_random), &opts))
		die("run");
	return opts.duration;
}

static void bench(const char *name, const char *text)
{
	double ns[KINDS][ROUNDS], floor, bare, whole, lru;

	obey(text);
	for (int kind = 0; kind < KINDS; kind++)	/* fills the tables */
		for (int i = 0; i < 3; i++)
			run(kind);
	for (int round = 0; round < ROUNDS; round++)
		for (int kind = 0; kind < KINDS; kind++)
			ns[kind][round] = run(kind);
	floor = median(ns[FLOOR]);
	bare = median(ns[BARE]) - floor;
	whole = median(ns[WHOLE]) - floor;
	lru = median(ns[LRU]) - floor;
	printf("%-44s %6.0f %6.0f %6.0f %6.0f %6.0f %6.1f\n", name, floor, whole, bare, whole - bare,
	       lru - bare, (lru - bare) / (whole - bare));
	fflush(stdout);
}

int main(void)
{
	load();
	printf("%-44s %6s %6s %6s %6s %6s %6s\n", "ns a SYN of a random source above floor", "floor",
	       "whole", "rest", "admit", "LRU", "ratio");
	bench("per source", "mode enforce; limit new-flows { per source 200/second }");
	bench("source, prefix and total, refused",
	      "mode enforce; limit new-flows { per source 200/second; "
	      "prefix 32.0.0.0/3 total 20000/second; total 50000/second }");
	bench("source, prefix and total, admitted",
	      "mode enforce; limit new-flows { per source 200/second; "
	      "prefix 32.0.0.0/3 total 200000000/second; total 200000000/second }");
	return 0;
}
