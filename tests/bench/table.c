// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a look-up in the compiled table costs: the same program without a look-up is the floor, the
 * kernel's LPM trie with the same list stands beside it. "any" keys are random addresses, as a flood
 * has them; "listed" ones are random addresses inside listed prefixes. A million different keys,
 * medians of ROUNDS rounds that take turns.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <time.h>
#include "table_kernel.h"

#define ROUNDS	15

enum keys { KEYS_ANY, KEYS_INSIDE };

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* ns a run, as the kernel tells them: the system call also waits for RCU. Negative: it failed. */
static double run(struct table *skel, const struct bpf_program *prog, __u32 repeat)
{
	__u8 packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = repeat);

	skel->bss->next = 0;
	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts))
		return -1;
	return opts.duration;
}

static void fill_lpm(struct table *skel, const struct table_entry *entry, size_t count, int family)
{
	int fd = bpf_map__fd(family == 6 ? skel->maps.lpm6 : skel->maps.lpm4);
	__u32 key[5];

	for (size_t i = 0; i < count; i++) {
		key[0] = entry[i].prefix.length;
		memcpy(key + 1, entry[i].prefix.addr, 16);
		if (bpf_map_update_elem(fd, key, &entry[i].class, BPF_ANY))
			printf("lpm: %s\n", strerror(errno));
	}
}

static void fill_keys(struct table *skel, const struct table_entry *entry, size_t count, int family,
		      enum keys keys, __u64 *seed)
{
	for (size_t i = 0; i < ASKED; i++) {
		const struct prefix *prefix = &entry[random_below(seed, count)].prefix;
		__u8 addr[16], *out = (__u8 *)skel->bss->ask[i];

		random_address(seed, family, addr);
		if (family == 6)
			addr[0] = 0x20 | (addr[0] & 0x1f);
		for (int byte = 0; byte < 16 && keys == KEYS_INSIDE; byte++) {
			int keep = prefix->length - 8 * byte;

			addr[byte] &= keep >= 8 ? 0 : keep <= 0 ? 0xff : 0xff >> keep;
			addr[byte] |= prefix->addr[byte];
		}
		memcpy(out, addr, 16);
	}
}

static void measure(struct table *skel, const char *name, int family, size_t count,
		    __u32 classes, enum keys keys)
{
	struct bpf_program *lpm = family == 6 ? skel->progs.find_lpm6 : skel->progs.find_lpm4;
	double nothing[ROUNDS], table[ROUNDS], trie[ROUNDS], start, built;
	struct table_entry *entry = calloc(count, sizeof(*entry));
	struct arena arena = { 0 };
	__u64 seed = 20261121;
	size_t found = 0;
	long root;

	for (size_t i = 0; i < count; i++) {
		realistic_prefix(&seed, family, &entry[i].prefix);
		entry[i].class = 1 + random_below(&seed, classes);
	}
	count = entries_order(entry, count);
	start = seconds();
	root = table_build(&arena, entry, count, family);
	built = seconds() - start;
	if (root < 0 || arena_publish(bpf_map__fd(skel->maps.policy), &arena, NULL)) {
		printf("%s: %s\n", name, strerror(errno));
		exit(1);
	}
	fill_lpm(skel, entry, count, family);
	fill_keys(skel, entry, count, family, keys, &seed);
	skel->bss->family = family;
	skel->bss->root = root;
	for (int i = 0; i < ROUNDS; i++) {
		nothing[i] = run(skel, skel->progs.nothing, ASKED);
		trie[i] = run(skel, lpm, ASKED / 8);
		table[i] = run(skel, skel->progs.find, ASKED);
	}
	for (size_t i = 0; i < ASKED; i++)
		found += skel->bss->answer[i] != 0;
	qsort(nothing, ROUNDS, sizeof(double), by_value);
	qsort(table, ROUNDS, sizeof(double), by_value);
	qsort(trie, ROUNDS, sizeof(double), by_value);
	printf("%-22s %8zu %6.1f %8.1f %8.1f %7.1f %7.1f %8.0f %7.0f%%\n", name, count,
	       nothing[ROUNDS / 2], table[ROUNDS / 2] - nothing[ROUNDS / 2],
	       trie[ROUNDS / 2] - nothing[ROUNDS / 2],
	       (trie[ROUNDS / 2] - nothing[ROUNDS / 2]) / (table[ROUNDS / 2] - nothing[ROUNDS / 2]),
	       arena.lines * POLICY_LINE / 1e6, built * 1e3, 100.0 * found / ASKED);
	fflush(stdout);
	arena_free(&arena);
	free(entry);
}

/* A fresh program and trie for each list. */
static void bench(const char *name, int family, size_t count, __u32 classes, enum keys keys)
{
	struct table *skel = table__open_and_load();

	if (!skel) {
		perror("table: load");
		exit(1);
	}
	measure(skel, name, family, count, classes, keys);
	table__destroy(skel);
}

int main(void)
{
	printf("%-22s %8s %6s %8s %8s %7s %7s %8s %8s\n", "ns a look-up above floor", "prefixes",
	       "floor", "table", "LPM trie", "ratio", "MB", "build ms", "found");
	bench("IPv4 any source", 4, 20, 1, KEYS_ANY);
	bench("IPv4 any source", 4, 100000, 1, KEYS_ANY);
	bench("IPv4 listed sources", 4, 100000, 1, KEYS_INSIDE);
	bench("... of 1000 classes", 4, 100000, 1000, KEYS_INSIDE);
	bench("IPv4 any source", 4, 1000000, 1, KEYS_ANY);
	bench("IPv4 listed sources", 4, 1000000, 1, KEYS_INSIDE);
	bench("... of 1000 classes", 4, 1000000, 1000, KEYS_INSIDE);
	bench("IPv6 any in 2000::/3", 6, 100000, 1, KEYS_ANY);
	bench("IPv6 listed sources", 6, 100000, 1, KEYS_INSIDE);
	bench("IPv6 listed sources", 6, 1000000, 1, KEYS_INSIDE);
	return 0;
}
