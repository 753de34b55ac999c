// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a packet costs on its whole way through the XDP program, by the place where its way ends.
 * The floor hands the same frames to a program that only drops, the peer to one that only asks
 * conntrack; all three take turns, and medians count. A goal that is missed is said and no more:
 * what a machine does at the same time is no fault of the program.
 */
#include <sched.h>
#include "attach.h"
#include "frame.h"
#include "tests/gateway.h"
#include "bpf/pkt.h"
#include "tests/bpf/path.skel.h"
#include "xdp.skel.h"

#define ROUNDS		11
#define REPEAT		100000
#define MANY_FLOWS	(1 << 17)
#define FEW_FLOWS	(1 << 10)

static const struct gateway_kind xdp_kind = { "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes };

enum measured { FLOOR, BARE, WEIR, MEASURED };

struct row {
	const char	*name;
	const char	*policy;
	uint8_t		tcp_flags;
	bool		varied;		/* another source each time, of so many: */
	__u32		flows;		/* 0: any address */
	enum reason	reason;		/* that all of them must end with; NONE: see share */
	int		most_ns;	/* goal above floor; 0: none */
	bool		known;		/* goal: 1.3 times the bare look-up */
};

#define WINDOW_OFF	"check { window off }\n"
#define WINDOW_ON	"check { window drop }\n"
#define LIMITS		"limit new-flows { per source 200/second burst 400; total 50000/second; " \
			"prefix 0.0.0.0/0 total 20000/second }\n"

static const struct row rows[] = {
	{ "parse + sane: dropped", "", TCP_SYN | TCP_FIN, false, 0, REASON_TCP_FLAGS, 0, false },
	{ "blocked source", "blocked { 10.0.0.0/8 }\n", TCP_SYN, false, 0, REASON_BLOCKED, 0, false },
	{ "bypassed service", "bypass { tcp port 80 }\n", TCP_ACK, true, FEW_FLOWS, REASON_BYPASS, 0, false },
	{ "known TCP, one flow", WINDOW_OFF, TCP_ACK, true, 1, REASON_KNOWN, 0, true },
	{ "known TCP, 1k flows", WINDOW_OFF, TCP_ACK, true, FEW_FLOWS, REASON_KNOWN, 0, true },
	{ "known TCP, 128k flows", WINDOW_OFF, TCP_ACK, true, MANY_FLOWS, REASON_KNOWN, 0, true },
	{ "  and window, one flow", WINDOW_ON, TCP_ACK, true, 1, REASON_KNOWN, 0, true },
	{ "  and window, 1k flows", WINDOW_ON, TCP_ACK, true, FEW_FLOWS, REASON_KNOWN, 0, true },
	{ "  and window, 128k flows", WINDOW_ON, TCP_ACK, true, MANY_FLOWS, REASON_KNOWN, 0, true },
	{ "stray ACK, random sources", "check { stray drop }\n", TCP_ACK, true, 0, REASON_STRAY, 0, false },
	{ "SYN, one source over its limit", WINDOW_OFF "limit new-flows { per source 1/hour }\n", TCP_SYN,
	  true, 1, REASON_NONE, 0, false },
	{ "SYN flood, random sources", WINDOW_OFF LIMITS, TCP_SYN, true, 0, REASON_NONE, 0, false },
	{ "SYN flood and window check", WINDOW_ON LIMITS, TCP_SYN, true, 0, REASON_NONE, 0, false },
};

static struct path *path;
static struct gateway gateway;

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int median(int *value)
{
	qsort(value, ROUNDS, sizeof(*value), by_value);
	return value[ROUNDS / 2];
}

static void fatal(const char *what)
{
	perror(what);
	exit(1);
}

static int target(enum measured measured)
{
	if (measured == WEIR)
		return gateway.program;
	return bpf_program__fd(measured == FLOOR ? path->progs.nothing : path->progs.bare);
}

static int run(const struct row *row, const struct craft *c, enum measured measured, unsigned repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = c->byte, .data_size_in = c->size,
		    .repeat = repeat);
	int way = bpf_program__fd(row->varied ? path->progs.vary : path->progs.same);
	int program = target(measured);
	__u32 zero = 0;

	path->bss->flows = row->flows;
	path->bss->ports = row->tcp_flags == TCP_SYN;
	if (bpf_map_update_elem(bpf_map__fd(path->maps.target), &zero, &program, BPF_ANY))
		fatal("path: target");
	if (bpf_prog_test_run_opts(way, &opts))
		fatal("path: run");
	return opts.duration;
}

static struct craft frame(uint8_t flags)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, "10.0.0.1", "192.0.2.1", IPPROTO_TCP);
	craft_tcp(&c, 1000, 80, flags);
	craft_finish(&c);
	return c;
}

/* The share of packets that ended with the reason, or (NONE) were dropped, in percent. */
static double share(const struct row *row, const struct craft *c)
{
	struct counter before[2 * REASON_COUNT], after[2 * REASON_COUNT];
	__u64 all = 0, those = 0;

	gateway_count(&gateway, before);
	run(row, c, WEIR, REPEAT);
	gateway_count(&gateway, after);
	for (int i = 1; i < REASON_COUNT; i++) {
		__u64 packets = after[i].packets - before[i].packets;

		all += packets;
		those += i == (int)row->reason || (!row->reason && i >= REASON_DROP_FIRST) ? packets : 0;
	}
	return all ? 100.0 * those / all : 0;
}

static void measure(const struct row *row)
{
	const struct craft c = frame(row->tcp_flags);
	int ns[MEASURED][ROUNDS], of[MEASURED], goal = row->most_ns;
	struct fail fail = {};
	char policy[512];

	snprintf(policy, sizeof(policy), "mode enforce\n%s", row->policy);
	if (gateway_policy(&gateway, policy, &fail)) {
		fprintf(stderr, "path: %s: %s\n", row->name, fail.what);
		exit(1);
	}
	for (int i = 0; i < MEASURED; i++)
		run(row, &c, i, REPEAT);
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < MEASURED; i++)
			ns[i][round] = run(row, &c, i, REPEAT);
	for (int i = 0; i < MEASURED; i++)
		of[i] = median(ns[i]);
	if (row->known)
		goal = (of[BARE] - of[FLOOR]) * 13 / 10;
	printf("%-32s %6d %8d %8d %7.2f %8.1f%%  %s\n", row->name, of[FLOOR], of[WEIR] - of[FLOOR],
	       of[BARE] - of[FLOOR], 1.0 * (of[WEIR] - of[FLOOR]) / (of[BARE] - of[FLOOR]),
	       share(row, &c), !goal ? "" : of[WEIR] - of[FLOOR] <= goal ? "met" : "MISSED");
	fflush(stdout);
}

/* MANY_FLOWS entries in a network namespace of our own. */
static void fill(void)
{
	const struct craft c = frame(TCP_ACK);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = c.byte, .data_size_in = c.size,
		    .repeat = MANY_FLOWS);

	if (bpf_prog_test_run_opts(bpf_program__fd(path->progs.fill), &opts))
		fatal("path: fill");
	if (path->bss->filled != MANY_FLOWS)
		printf("conntrack took only %u of %u flows: nf_conntrack_max?\n", path->bss->filled,
		       MANY_FLOWS);
}

/* An argument: only the rows whose name contains it. */
int main(int argc, char **argv)
{
	int error;

	if (unshare(CLONE_NEWNET))
		fatal("path: a network namespace");
	path = path__open_and_load();
	if (!path)
		fatal("path: load");
	error = gateway_open(&gateway, &xdp_kind, attach_probe(), false);
	if (error) {
		fprintf(stderr, "path: load: %s\n", strerror(error));
		return 1;
	}
	fill();
	printf("%-32s %6s %8s %8s %7s %9s  %s\n", "ns a packet", "floor", "weir", "look-up", "ratio",
	       "as meant", "goal: 1.3 look-ups");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (argc < 2 || strstr(rows[i].name, argv[1]))
			measure(&rows[i]);
	gateway_close(&gateway);
	path__destroy(path);
	return 0;
}
