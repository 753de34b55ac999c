// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a challenged SYN costs, parser and prefix tables apart, each from another source: the same
 * program without the challenge is the floor. Nothing here hides the wait for the line of memory;
 * what the challenge adds to the whole way of a packet, which does, is told by flood.c. Medians of
 * ROUNDS rounds that take turns. What a SYN costs end to end, beside nftables' synproxy and the
 * kernel's SYN cookies, is told by challenge-peers.sh.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "abi.h"
#include "tests/bpf/challenge.skel.h"

#define ROUNDS	15
#define REPEAT	500000

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* ns a run */
static int run(const struct bpf_program *prog)
{
	__u8 frame[60] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = REPEAT);

	if (bpf_prog_test_run_opts(bpf_program__fd(prog), &opts)) {
		perror("challenge: run");
		exit(1);
	}
	return opts.duration;
}

static __u64 outcome(struct challenge *skel, __u32 reason)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 cpu[cpus], sum = 0;

	bpf_map_lookup_elem(bpf_map__fd(skel->maps.outcome), &reason, cpu);
	for (int i = 0; i < cpus; i++)
		sum += cpu[i];
	return sum;
}

static void measure(const char *name, __u32 lines, bool cookie)
{
	const __u64 key[4] = { 0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9, 1 };
	struct challenge *skel = challenge__open();
	int floor[ROUNDS], whole[ROUNDS];

	if (!skel)
		exit(1);
	skel->rodata->challenge_mask = lines - 1;
	memcpy((void *)skel->rodata->hash_key, key, sizeof(key));
	bpf_map__set_max_entries(skel->maps.strangers, lines);
	if (challenge__load(skel)) {
		perror("challenge: load");
		exit(1);
	}
	skel->bss->knobs.flags = cookie ? KNOB_COOKIE : KNOB_RETRANSMIT;
	skel->bss->knobs.challenge_cost_ns = 1000000;
	for (int i = 0; i < ROUNDS; i++) {
		floor[i] = run(skel->progs.bench_floor);
		whole[i] = run(cookie ? skel->progs.bench_cookie : skel->progs.bench_retransmit);
	}
	qsort(floor, ROUNDS, sizeof(*floor), by_value);
	qsort(whole, ROUNDS, sizeof(*whole), by_value);
	printf("challenged SYN, %-12s %6u lines  %4d ns over a floor of %d ns  (%llu passed)\n", name,
	       lines, whole[ROUNDS / 2] - floor[ROUNDS / 2], floor[ROUNDS / 2],
	       (unsigned long long)outcome(skel, 0));
	challenge__destroy(skel);
}

int main(void)
{
	static const __u32 lines[] = { 1 << 13, 1 << 16, 1 << 17 };

	for (int i = 0; i < 3; i++) {
		measure("retransmit", lines[i], false);
		measure("cookie", lines[i], true);
	}
	return 0;
}
