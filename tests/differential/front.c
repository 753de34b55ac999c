// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "compile.h"
#include "front.h"
#include "gateway.h"
#include "store_arena.h"
#include "xdp.skel.h"

#define PATIENCE_MS	10000
#define CPUS_MAX	1024

/* addresses of documentation are martians, and here they are everybody's */
static const char policy_text[] =
	"mode enforce\n"
	"check { martians off\nwindow drop\nl4-checksum drop\n}\n";

static struct xdp *weir;
static int cpus;
static struct counter *counted, *counting;	/* [REASON_COUNT][cpus]: before, and now */

static void __attribute__((noreturn)) die(const char *what, const char *why)
{
	fprintf(stderr, "differential: %s: %s\n", what, why);
	exit(1);
}

static void set_policy(void)
{
	struct policy policy;
	struct arena arena = {};
	struct fail fail = {};

	if (policy_parse(policy_text, "policy", 0, &policy, &fail) ||
	    compile(&policy, NULL, 0, &arena, &fail))
		die("policy", fail.what);
	if (arena_publish(bpf_map__fd(weir->maps.policy), &arena, NULL))
		die("policy", strerror(errno));
	policy_free(&policy);
	arena_free(&arena);
}

static void set_run(const struct setting *setting)
{
	struct run run = { .conntrack = CONNTRACK_SETTINGS_KNOWN | CONNTRACK_CHECKSUM };
	__u32 zero = 0;

	if (setting->loose)
		run.conntrack |= CONNTRACK_TCP_LOOSE;
	if (setting->liberal)
		run.conntrack |= CONNTRACK_TCP_BE_LIBERAL;
	if (bpf_map_update_elem(bpf_map__fd(weir->maps.run), &zero, &run, BPF_ANY))
		die("map run", strerror(errno));
}

void front_attach(const struct setting *setting, const char *inside, const char *outside)
{
	const char *device[] = { inside, outside };

	weir = xdp__open();
	if (!weir)
		die("the program does not open", strerror(errno));
	weir->rodata->features = FEATURE_CT_XDP;
	weir->rodata->test_clock = true;
	if (xdp__load(weir))
		die("the program does not load", strerror(errno));
	cpus = libbpf_num_possible_cpus();
	if (cpus < 1 || cpus > CPUS_MAX)
		die("CPUs", strerror(errno));
	counted = calloc((size_t)REASON_COUNT * cpus, sizeof(*counted));
	counting = calloc((size_t)REASON_COUNT * cpus, sizeof(*counting));
	if (!counted || !counting)
		die("counters", strerror(ENOMEM));
	weir->bss->test_now_ns = 1000000000000;
	set_policy();
	set_run(setting);
	for (int i = 0; i < 2; i++)
		if (!bpf_program__attach_xdp(weir->progs.weir_xdp, if_nametoindex(device[i])))
			die(device[i], strerror(errno));
}

void front_detach(void)
{
	xdp__destroy(weir);
	free(counted);
	free(counting);
}

void front_pass_time(__u64 ns)
{
	weir->bss->test_now_ns += ns;
}

/* All verdicts of device slot 0, where all devices of this program count, in one call. */
static void read_counters(struct counter *to)
{
	__u32 keys[REASON_COUNT], next, count = REASON_COUNT;

	if (bpf_map_lookup_batch(bpf_map__fd(weir->maps.counter), NULL, &next, keys, to, &count,
				 NULL))
		die("map counter", strerror(errno));
}

static __u64 packets(const struct counter *of, int reason)
{
	__u64 sum = 0;

	for (int cpu = 0; cpu < cpus; cpu++)
		sum += of[reason * cpus + cpu].packets;
	return sum;
}

static int counted_reason(void)
{
	struct counter *now = counting;

	read_counters(now);
	for (int reason = 1; reason < REASON_COUNT; reason++) {
		if (packets(now, reason) == packets(counted, reason))
			continue;
		counting = counted;
		counted = now;
		return reason;
	}
	return 0;
}

int front_reason(void)
{
	struct timespec start, now;
	int reason;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!(reason = counted_reason())) {
		sched_yield();
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 >
		    PATIENCE_MS)
			die("a frame", "did not reach weir");
	}
	return reason;
}

const struct scratch *front_seen(void)
{
	static struct scratch of_cpu[CPUS_MAX];
	__u32 zero = 0;

	_Static_assert(sizeof(struct scratch) % 8 == 0, "values of a CPU stand 8 bytes apart");
	if (bpf_map_lookup_elem(bpf_map__fd(weir->maps.scratch), &zero, of_cpu))
		die("map scratch", strerror(errno));
	return &of_cpu[sched_getcpu()];
}
