// SPDX-License-Identifier: GPL-2.0-only
/*
 * What accounting and budgets cost a packet that would open a flow, parser and prefix tables apart.
 * The same program without them is the floor; the peer keeps one limit per source in a hash map
 * that evicts by LRU, of the same capacity. Medians of ROUNDS rounds that take turns.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include "abi.h"
#include "tests/bpf/admit.skel.h"

#define ROUNDS	11
#define REPEAT	1000000
#define LINES	(1 << 18)	/* a million sources */

enum { FLOOR, CLOCK, TOUCH, LRU, ADMIT, KINDS };

struct thread {
	struct admit	*skel;
	int		kind, cpu;
	double		ns;
};

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

static const struct bpf_program *program(struct admit *skel, int kind)
{
	const struct bpf_program *of[KINDS] = {
		[FLOOR] = skel->progs.bench_floor, [CLOCK] = skel->progs.bench_clock,
		[TOUCH] = skel->progs.bench_touch, [LRU] = skel->progs.bench_lru, [ADMIT] = skel->progs.bench_admit,
	};

	return of[kind];
}

static double run(struct admit *skel, int kind)
{
	__u8 packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = REPEAT);

	if (bpf_prog_test_run_opts(bpf_program__fd(program(skel, kind)), &opts)) {
		perror("admit: run");
		exit(1);
	}
	return opts.duration;
}

static void *run_pinned(void *argument)
{
	struct thread *thread = argument;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(thread->cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
	thread->ns = run(thread->skel, thread->kind);
	return NULL;
}

/* the slower of two CPUs that run at once */
static double run_twice(struct admit *skel, int kind)
{
	struct thread thread[2] = { { skel, kind, 0, 0 }, { skel, kind, 1, 0 } };
	pthread_t id[2];

	for (int i = 0; i < 2; i++)
		if (pthread_create(&id[i], NULL, run_pinned, &thread[i]))
			exit(1);
	for (int i = 0; i < 2; i++)
		pthread_join(id[i], NULL);
	return thread[0].ns > thread[1].ns ? thread[0].ns : thread[1].ns;
}

/* sources: how many different ones, 0 for any. */
static struct admit *load(__u32 sources)
{
	struct admit *skel = admit__open();

	if (!skel)
		exit(1);
	for (int i = 0; i < 4; i++)
		skel->rodata->hash_key[i] = 0x9e3779b97f4a7c15ULL * (i + 1);
	skel->rodata->source_mask = LINES - 1;
	skel->rodata->group_mask = LINES - 1;
	skel->rodata->sources = sources;
	bpf_map__set_max_entries(skel->maps.source, LINES);
	bpf_map__set_max_entries(skel->maps.source_more, LINES * SOURCE_WAYS);
	bpf_map__set_max_entries(skel->maps.group, LINES);
	bpf_map__set_max_entries(skel->maps.lru, LINES * SOURCE_WAYS);
	if (admit__load(skel)) {
		perror("admit: load");
		exit(1);
	}
	return skel;
}

static void set_rule(struct admit *skel, __u32 number, __u64 rate, __u64 burst)
{
	struct rule pair[2] = { 0 };
	__u32 line = number / 2;

	bpf_map_lookup_elem(bpf_map__fd(skel->maps.rules), &line, pair);
	pair[number & 1] = (struct rule){
		.cost_ns = 1000000000 / rate, .burst_ns = burst * (1000000000 / rate),
		.slot = number,
	};
	bpf_map_update_elem(bpf_map__fd(skel->maps.rules), &line, pair, BPF_ANY);
}

static double share(struct admit *skel, __u32 reason)
{
	__u64 cpu[libbpf_num_possible_cpus()], one = 0, all = 0;

	for (__u32 i = 2; i < REASON_COUNT; i++) {
		bpf_map_lookup_elem(bpf_map__fd(skel->maps.outcome), &i, cpu);
		for (int n = 0; n < libbpf_num_possible_cpus(); n++) {
			all += cpu[n];
			one += i == reason ? cpu[n] : 0;
		}
	}
	return all ? 100.0 * one / all : 0;
}

static void clear(struct admit *skel)
{
	__u64 cpu[libbpf_num_possible_cpus()];

	memset(cpu, 0, sizeof(cpu));
	for (__u32 i = 0; i < REASON_COUNT; i++)
		bpf_map_update_elem(bpf_map__fd(skel->maps.outcome), &i, cpu, BPF_ANY);
}

static void bench(const char *name, struct admit *skel)
{
	double ns[KINDS][ROUNDS], both[ROUNDS], floor, lru, admit, twice, again;

	for (int i = 0; i < 6; i++) {	/* fills the tables: the steady state is what counts */
		run(skel, LRU);
		run(skel, ADMIT);
	}
	for (int round = 0; round < ROUNDS; round++)
		for (int kind = 0; kind < KINDS; kind++)
			ns[kind][round] = run(skel, kind);
	clear(skel);
	run(skel, ADMIT);
	again = share(skel, REASON_NEW);
	for (int round = 0; round < ROUNDS; round++)
		both[round] = run_twice(skel, ADMIT);
	floor = median(ns[FLOOR]);
	lru = median(ns[LRU]) - floor;
	admit = median(ns[ADMIT]) - floor;
	twice = median(both) - floor;
	printf("%-40s %6.0f %6.0f %6.0f %6.0f %6.1f %8.0f %8.0f%%\n", name, floor,
	       median(ns[TOUCH]) - floor, admit, lru, lru / admit, twice, again);
	fflush(stdout);
	admit__destroy(skel);
}

static struct admit *limits(struct admit *skel, __u64 source, __u64 prefix, __u64 total)
{
	if (source)
		set_rule(skel, 1, source, 2 * source);
	if (prefix)
		set_rule(skel, 2, prefix, 2 * prefix);
	if (total)
		set_rule(skel, 3, total, total);
	skel->bss->class_of_all.source_rule[ROLE_OUTSIDE] = source ? 1 : 0;
	skel->bss->class_of_all.prefix_rule[ROLE_OUTSIDE] = prefix ? 2 : 0;
	skel->bss->knobs.total_rule[ROLE_OUTSIDE] = total ? 3 : 0;
	return skel;
}

static struct admit *groups(struct admit *skel)
{
	set_rule(skel, 4, 1000, 2000);
	set_rule(skel, 5, 500, 50000);
	skel->bss->class_of_all.aggregate_rule[ROLE_OUTSIDE] = 4;
	skel->bss->knobs.destination_rule[ROLE_OUTSIDE] = 5;
	return skel;
}

int main(void)
{
	printf("%-40s %6s %6s %6s %6s %6s %8s %9s\n", "ns a new flow above floor, 1M sources kept",
	       "floor", "touch", "admit", "LRU", "ratio", "on 2 CPUs", "admitted");
	bench("random sources, counted only", limits(load(0), 0, 0, 0));
	bench("random, per source", limits(load(0), 200, 0, 0));
	bench("random, source + prefix + total, closed", limits(load(0), 200, 20000, 50000));
	bench("random, source + prefix + total, open",
	      limits(load(0), 200, 200000000, 200000000));
	bench("the same and /24 and destination",
	      groups(limits(load(0), 200, 200000000, 200000000)));
	bench("1000 sources, source + prefix + total", limits(load(1000), 200, 20000, 50000));
	bench("100000 sources, open",
	      limits(load(100000), 1000000, 200000000, 200000000));
	return 0;
}
