// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a flood of SYNs from random sources costs on its whole way through the program, until a
 * budget refuses it or it is challenged, and what of that are accounting and budgets, or the
 * challenge: the same program with both cut out stands beside it, and one whose admission is a hash
 * map of sources that evicts by LRU.
 * The floor rewrites the source and drops. Medians of ROUNDS rounds that take turns.
 *
 * Then the same on two CPUs at once, beside one: what they share must not be written per packet.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <net/if.h>
#include <unistd.h>
#include "attach.h"
#include "compile.h"
#include "tests/frame.h"
#include "store_arena.h"
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
static int program[KINDS], policy[KINDS], dev[KINDS], routes[KINDS], bloom[KINDS];
static const char *only = "";

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
	skel->rodata->challenge_mask = LINES / STRANGER_SHARE - 1; \
	bpf_map__set_max_entries(skel->maps.strangers, LINES / STRANGER_SHARE); \
	size_more; \
	skel->rodata->features = attach_probe(); \
	if (type##__load(skel)) \
		die(#type); \
	dev[kind] = bpf_map__fd(skel->maps.dev); \
	routes[kind] = bpf_map__fd(skel->maps.routes); \
	bloom[kind] = bpf_map__fd(skel->maps.bloom); \
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
		if (arena_publish(policy[kind], &arena, NULL))
			die("policy");
	arena_free(&arena);
	policy_free(&parsed);
}

/*
 * A namespace that forwards: one device, a default route and nine others. Its sources: any, if there is a
 * way back.
 */
static void enter_gateway(void)
{
	static const char commands[] =
		"echo 1 >/proc/sys/net/ipv4/ip_forward && ip link add wan0 type veth peer name out0 && "
		"ip link set out0 up && ip link set wan0 up && ip address add 192.0.2.1/24 dev wan0 && "
		"ip route add default via 192.0.2.2 && "
		"for net in 1 2 3 4 5 6 7 8; do ip route add 10.$net.0.0/16 via 192.0.2.3 || exit 1; done";

	if (unshare(CLONE_NEWNET) || system(commands))
		die("a namespace with routes");
}

static void ask_routes(enum urpf urpf)
{
	struct dev wan = { .ifindex = if_nametoindex("wan0"), .role = ROLE_OUTSIDE, .urpf = urpf };
	__u32 zero = 0;

	for (int kind = BARE; kind < KINDS; kind++)
		if (bpf_map_update_elem(dev[kind], &zero, &wan, BPF_ANY))
			die("device");
}

/* As the daemon would: none of the routes leads to less than a block. generation 0: nothing is remembered. */
static void remember_routes(__u32 generation)
{
	struct routes_now now = { .generation = generation, .beat_ns = ~0ULL / 2 };
	__u32 zero = 0;

	for (int kind = BARE; kind < KINDS; kind++)
		if (bpf_map_update_elem(routes[kind], &zero, &now, BPF_ANY))
			die("routes");
}

/* Who was admitted in the row before is not to be asked in this one. */
static void forget_admitted(void)
{
	const struct bloom_line empty = { 0 };

	for (int kind = BARE; kind < KINDS; kind++)
		for (__u32 line = 0; line < BLOOM_LINES; line++)
			if (bpf_map_update_elem(bloom[kind], &line, &empty, BPF_ANY))
				die("bloom");
}

static double run(int kind)
{
	static struct craft syn;
	struct xdp_md ctx = { .ingress_ifindex = if_nametoindex("wan0") };
	__u32 zero = 0;

	if (!syn.size) {
		craft_eth(&syn, ETH_P_IP);
		craft_ip4(&syn, "198.51.100.1", "203.0.113.1", IPPROTO_TCP);
		craft_tcp(&syn, 1025, 443, 0x02);
		craft_finish(&syn);
	}
	ctx.data_end = syn.size;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = syn.byte, .data_size_in = syn.size,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = REPEAT);
	if (bpf_map_update_elem(bpf_map__fd(flood->maps.next), &zero, &program[kind], BPF_ANY) ||
	    bpf_prog_test_run_opts(bpf_program__fd(flood->progs.flood_random), &opts))
		die("run");
	return opts.duration;
}

/* goal_ns: of the part that is cut out of the rest, challenge or admission; 0: none is set */
static void bench(const char *name, const char *text, int goal_ns)
{
	double ns[KINDS][ROUNDS], floor, bare, whole, lru;

	if (!strstr(name, only))
		return;
	obey(text);
	forget_admitted();
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
	printf("%-44s %6.0f %6.0f %6.0f %6.0f", name, floor, whole, bare, whole - bare);
	if (goal_ns)
		printf("  goal %d: %s\n", goal_ns, whole - bare <= goal_ns ? "met" : "MISSED");
	else
		printf(" %6.0f %6.1f\n", lru - bare, (lru - bare) / (whole - bare));
	fflush(stdout);
}

/* ---- both CPUs at once ---- */

struct runner {
	pthread_t		id;
	pthread_barrier_t	*begin;
	int			cpu, kind;
	double			ns;
};

/* CPU time, since others may want the CPU, too. */
static void *run_on(void *argument)
{
	struct runner *runner = argument;
	struct timespec before, after;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(runner->cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("a CPU");
	pthread_barrier_wait(runner->begin);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	run(runner->kind);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	runner->ns = ((after.tv_sec - before.tv_sec) * 1e9 + after.tv_nsec - before.tv_nsec) / REPEAT;
	return NULL;
}

/* ns a packet on the slower of the CPUs 0 to cpus - 1 */
static double run_at_once(int kind, int cpus)
{
	struct runner runner[2];
	pthread_barrier_t begin;

	pthread_barrier_init(&begin, NULL, cpus);
	for (int cpu = 0; cpu < cpus; cpu++) {
		runner[cpu] = (struct runner){ .begin = &begin, .cpu = cpu, .kind = kind };
		if (pthread_create(&runner[cpu].id, NULL, run_on, &runner[cpu]))
			die("a thread");
	}
	for (int cpu = 0; cpu < cpus; cpu++)
		pthread_join(runner[cpu].id, NULL);
	pthread_barrier_destroy(&begin);
	return cpus == 2 && runner[1].ns > runner[0].ns ? runner[1].ns : runner[0].ns;
}

/* The policy is that of the last bench(). */
static void bench_both(void)
{
	double ns[KINDS][2][ROUNDS], cost[2];

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		return;
	for (int round = 0; round < ROUNDS; round++)
		for (int cpus = 1; cpus <= 2; cpus++)
			for (int kind = 0; kind < KINDS; kind++)
				if (kind == FLOOR || kind == WHOLE)
					ns[kind][cpus - 1][round] = run_at_once(kind, cpus);
	for (int cpus = 1; cpus <= 2; cpus++)
		cost[cpus - 1] = median(ns[WHOLE][cpus - 1]) - median(ns[FLOOR][cpus - 1]);
	printf("whole, CPU time: one CPU %.0f, both at once %.0f: %.2f times, goal 1.3: %s\n", cost[0],
	       cost[1], cost[1] / cost[0], cost[1] <= 1.3 * cost[0] ? "met" : "MISSED");
}

/* An argument: only the rows whose name contains it. */
int main(int argc, char **argv)
{
	if (argc > 1)
		only = argv[1];
	enter_gateway();
	load();
	ask_routes(URPF_OFF);
	printf("%-44s %6s %6s %6s %6s %6s %6s\n", "ns a SYN of a random source above floor", "floor",
	       "whole", "rest", "part", "LRU", "ratio");
	bench("challenged", "mode enforce; limit new-flows { per source 200/second }; "
	      "challenge { syn retransmit; engage above 1000/second }", 120);
	bench("per source", "mode enforce; limit new-flows { per source 200/second }", 0);
	bench("source, prefix and total, admitted",
	      "mode enforce; limit new-flows { per source 200/second; "
	      "prefix 32.0.0.0/3 total 200000000/second; total 200000000/second }", 0);
	bench("source, prefix and total, refused",
	      "mode enforce; limit new-flows { per source 200/second; "
	      "prefix 32.0.0.0/3 total 20000/second; total 50000/second }", 0);
	/* fewer that were admitted lately, who are asked: spent.h */
	bench("the same, of which 5000/second pass",
	      "mode enforce; limit new-flows { per source 200/second; "
	      "prefix 32.0.0.0/3 total 5000/second; total 8000/second }", 0);
	ask_routes(URPF_LOOSE);
	bench("as refused, and urpf loose by ten routes",
	      "mode enforce; limit new-flows { per source 200/second; "
	      "prefix 32.0.0.0/3 total 20000/second; total 50000/second }", 0);
	remember_routes(1);
	bench("as refused, and answers of routes remembered",
	      "mode enforce; limit new-flows { per source 200/second; "
	      "prefix 32.0.0.0/3 total 20000/second; total 50000/second }", 0);
	remember_routes(0);
	ask_routes(URPF_OFF);
	bench_both();
	return 0;
}
