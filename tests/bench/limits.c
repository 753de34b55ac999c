// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the number of limits costs: SYNs from two million sources through the whole XDP program, with
 * none, 3 and 8000 prefix limits, nearly each source under one of them and each limit open. The programs take
 * turns, each with a table for a million sources of its own; medians above a program that only drops.
 */
#include <sched.h>
#include "attach.h"
#include "frame.h"
#include "tests/gateway.h"
#include "bpf/pkt.h"
#include "tests/bpf/path.skel.h"
#include "xdp.skel.h"

#define ROUNDS	15
#define REPEAT	100000
#define SOURCES	(1 << 21)	/* from 10.0.0.1 on, as tests/bpf/path.bpf.c has them */
#define LINES	(1 << 18)	/* of the table: a million sources */
#define MANY	8000

enum measured { FLOOR, NONE, FEW, ALL, MEASURED };

static const struct gateway_kind kind = { "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes };

static struct path *path;
static struct gateway gateway[MEASURED];

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int median(int *value)
{
	qsort(value, ROUNDS, sizeof(*value), by_value);
	return value[ROUNDS / 2];
}

static void fatal(const char *what, const char *why)
{
	fprintf(stderr, "limits: %s: %s\n", what, why);
	exit(1);
}

/* Limits of a kind: none, 3 that have all sources among them, or one for each /24 but the last few. */
static char *policy_text(enum measured measured, const char *limit)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int count = measured == NONE ? 0 : measured == FEW ? 3 : MANY;

	fprintf(to, "mode enforce\ncheck { martians off }\nlimit new-flows {\n");
	if (count == 3)
		fprintf(to, "prefix { 10.0.0.0/12, 10.16.0.0/13, 10.24.0.0/13 } %s\n", limit);
	for (int i = 0; i < count && count == MANY; i++)
		fprintf(to, "prefix 10.%d.%d.0/24 %s\n", i >> 8, i & 255, limit);
	fprintf(to, "}\n");
	fclose(to);
	return text;
}

static void policies_set(const char *limit)
{
	struct fail fail = {};

	for (int i = NONE; i < MEASURED; i++) {
		char *text = policy_text(i, limit);

		if (gateway_policy(&gateway[i], text, &fail))
			fatal("policy", fail.what);
		free(text);
	}
}

static struct craft syn(void)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, "10.0.0.1", "192.0.2.1", IPPROTO_TCP);
	craft_tcp(&c, 1000, 80, TCP_SYN);
	craft_finish(&c);
	return c;
}

static int run(enum measured measured)
{
	const struct craft c = syn();
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = c.byte, .data_size_in = c.size, .repeat = REPEAT);
	int program = measured == FLOOR ? bpf_program__fd(path->progs.nothing) : gateway[measured].program;
	__u32 zero = 0;

	if (bpf_map_update_elem(bpf_map__fd(path->maps.target), &zero, &program, BPF_ANY) ||
	    bpf_prog_test_run_opts(bpf_program__fd(path->progs.vary), &opts))
		fatal("run", strerror(errno));
	return opts.duration;
}

/* The share of packets that a limit refused, of all that came so far, in percent. */
static double refused(const struct gateway *of)
{
	struct counter sum[2 * REASON_COUNT];
	__u64 all = 0, those = 0;

	gateway_count(of, sum);
	for (int reason = 1; reason < REASON_COUNT; reason++) {
		all += sum[reason].packets;
		those += reason >= REASON_DROP_FIRST ? sum[reason].packets : 0;
	}
	return all ? 100.0 * those / all : 0;
}

static void measure(const char *name, const char *limit)
{
	int ns[MEASURED][ROUNDS], of[MEASURED];

	policies_set(limit);
	for (int i = 0; i < 20; i++)	/* until the tables are full: that is what lasts */
		for (int measured = NONE; measured < MEASURED; measured++)
			run(measured);
	for (int round = 0; round < ROUNDS; round++)
		for (int measured = 0; measured < MEASURED; measured++)
			ns[measured][round] = run(measured);
	for (int measured = 0; measured < MEASURED; measured++)
		of[measured] = median(ns[measured]);
	printf("%-28s %6d %6d %6d %6d %7.2f %8.1f%%\n", name, of[FLOOR], of[NONE] - of[FLOOR],
	       of[FEW] - of[FLOOR], of[ALL] - of[FLOOR],
	       1.0 * (of[ALL] - of[FLOOR]) / (of[FEW] - of[FLOOR]), refused(&gateway[ALL]));
	fflush(stdout);
}

int main(void)
{
	if (unshare(CLONE_NEWNET))
		fatal("a network namespace", strerror(errno));
	path = path__open_and_load();
	if (!path)
		fatal("load", strerror(errno));
	path->bss->flows = SOURCES;
	path->bss->ports = true;
	for (int i = NONE; i < MEASURED; i++) {
		int error = gateway_open_lines(&gateway[i], &kind, attach_probe(), false, LINES);

		if (error)
			fatal("load", strerror(error));
	}
	printf("%-28s %6s %6s %6s %6s %7s %9s\n", "ns a SYN; prefix limits:", "floor", "none", "3", "8000",
	       "8000:3", "refused");
	measure("per source in the prefix", "per source 1000000/second burst 1000000");
	measure("of the prefix in total", "total 100000000/second");
	for (int i = NONE; i < MEASURED; i++)
		gateway_close(&gateway[i]);
	path__destroy(path);
	return 0;
}
