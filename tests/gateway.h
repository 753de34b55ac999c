/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole program under BPF_PROG_RUN, with a policy in force: a frame goes in, and out come the
 * verdict and what the counters say. It runs with the conntrack table of the caller's network
 * namespace, and by a clock that only the caller moves.
 */
#ifndef WEIR_TESTS_GATEWAY_H
#define WEIR_TESTS_GATEWAY_H

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "abi.h"
#include "store_arena.h"
#include "compile.h"

#define GATEWAY_LINES	1024	/* of the source and group tables, unless more are asked for */
#define GATEWAY_STRANGERS 8192
#define GATEWAY_NOT_RUN	INT_MIN	/* no verdict: -1 is TC_ACT_UNSPEC */

#define GATEWAY_KEY	{ 0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9, 1 }
static const __u64 gateway_key[4] = GATEWAY_KEY;	/* struct secret */
static __u64 gateway_now_ns;	/* as last told by gateway_at() */

/* So many bytes of each frame's beginning the program does not get: of one that is loaded for
 * devices without an Ethernet header. */
static unsigned gateway_bare;

/* One kind of program: the object is that of its skeleton. */
struct gateway_kind {
	const char	*name;
	const char	*program;
	int		pass, drop;
	const void	*(*object)(size_t *size);
};

struct gateway {
	const struct gateway_kind *kind;
	struct bpf_object	*object;
	int			program;
	__u64			now_ns;
};

struct gateway_answer {
	int		verdict;
	enum reason	reason;		/* NONE: not exactly one packet was counted */
	bool		would;		/* counted as passed for monitoring's sake */
	__u64		bytes;		/* that were counted */
};

static inline int gateway_map(const struct gateway *gateway, const char *name)
{
	return bpf_object__find_map_fd_by_name(gateway->object, name);
}

/* Where a variable stands in .rodata or .bss; -1: nowhere. */
static inline long gateway_variable(const struct gateway *gateway, const char *section,
				    const char *name)
{
	const struct btf *btf = bpf_object__btf(gateway->object);
	int id = btf__find_by_name_kind(btf, section, BTF_KIND_DATASEC);
	const struct btf_type *all = id > 0 ? btf__type_by_id(btf, id) : NULL;
	const struct btf_var_secinfo *at = all ? btf_var_secinfos(all) : NULL;

	for (int i = 0; all && i < btf_vlen(all); i++, at++) {
		const struct btf_type *variable = btf__type_by_id(btf, at->type);

		if (!strcmp(btf__name_by_offset(btf, variable->name_off), name))
			return at->offset;
	}
	return -1;
}

/* A load-time constant; before the load. */
static inline void gateway_constant(struct gateway *gateway, const char *name, const void *value,
				    size_t size)
{
	struct bpf_map *map = bpf_object__find_map_by_name(gateway->object, ".rodata");
	long offset = gateway_variable(gateway, ".rodata", name);
	size_t room = map ? bpf_map__value_size(map) : 0;
	char bytes[room + 1];

	if (offset < 0 || offset + size > room) {
		fprintf(stderr, "no constant %s\n", name);
		abort();
	}
	memcpy(bytes, bpf_map__initial_value(map, &room), room);
	memcpy(bytes + offset, value, size);
	bpf_map__set_initial_value(map, bytes, room);
}

static inline void gateway_at(struct gateway *gateway, __u64 now_ns)
{
	struct bpf_map *map = bpf_object__find_map_by_name(gateway->object, ".bss");
	long offset = gateway_variable(gateway, ".bss", "test_now_ns");
	size_t size = bpf_map__value_size(map);
	char bytes[size];
	__u32 zero = 0;

	if (offset < 0 || bpf_map_lookup_elem(bpf_map__fd(map), &zero, bytes))
		abort();
	memcpy(bytes + offset, &now_ns, sizeof(now_ns));
	bpf_map_update_elem(bpf_map__fd(map), &zero, bytes, BPF_ANY);
	gateway->now_ns = gateway_now_ns = now_ns;
}

/*
 * Each CPU has its own part of the counters, of a budget and of what the packet before tells the next
 * one: from the first program on, the test stays on one.
 */
static inline int gateway_stay(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	return sched_setaffinity(0, sizeof(one), &one) ? errno : 0;
}

/*
 * features: enum feature, what the program may use. own_clock: see gateway_at(). lines: of the source
 * and group tables, a power of two. 0, or an errno.
 */
static inline int gateway_open_lines(struct gateway *gateway, const struct gateway_kind *kind,
				     __u32 features, bool own_clock, __u32 lines)
{
	static const char * const tables[] = { MAP_SOURCE, MAP_GROUP, MAP_SOURCE_MORE };
	const __u32 mask = lines - 1, stranger_mask = GATEWAY_STRANGERS - 1;
	size_t size;
	const void *bytes = kind->object(&size);
	struct bpf_program *program;
	int error = gateway_stay();

	*gateway = (struct gateway){ .kind = kind };
	if (error)
		return error;
	gateway->object = bpf_object__open_mem(bytes, size, NULL);
	if (!gateway->object)
		return errno;
	bpf_object__for_each_program(program, gateway->object)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), kind->program));
	gateway_constant(gateway, "features", &features, sizeof(features));
	gateway_constant(gateway, "hash_key", gateway_key, sizeof(gateway_key));
	gateway_constant(gateway, "source_mask", &mask, sizeof(mask));
	gateway_constant(gateway, "group_mask", &mask, sizeof(mask));
	gateway_constant(gateway, "challenge_mask", &stranger_mask, sizeof(stranger_mask));
	gateway_constant(gateway, "test_clock", &own_clock, sizeof(own_clock));
	if (gateway_bare)
		gateway_constant(gateway, "dev_l3", &(bool){ true }, sizeof(bool));
	for (int i = 0; i < 3; i++)
		bpf_map__set_max_entries(bpf_object__find_map_by_name(gateway->object, tables[i]),
					 i == 2 ? lines * SOURCE_WAYS : lines);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(gateway->object, MAP_STRANGERS),
				 GATEWAY_STRANGERS);
	error = -bpf_object__load(gateway->object);
	if (error) {
		bpf_object__close(gateway->object);
		return error;
	}
	gateway->program = bpf_program__fd(bpf_object__find_program_by_name(gateway->object,
									    kind->program));
	return 0;
}

static inline int gateway_open(struct gateway *gateway, const struct gateway_kind *kind,
			       __u32 features, bool own_clock)
{
	return gateway_open_lines(gateway, kind, features, own_clock, GATEWAY_LINES);
}

static inline __u64 gateway_clock(void)
{
	return gateway_now_ns;
}

/* Brings a policy into force; NULL: none is. 0, or 1 with *fail. */
static inline int gateway_policy(struct gateway *gateway, const char *text, struct fail *fail)
{
	struct arena arena = {};
	struct policy policy;
	int error;
	__u32 zero = 0;

	if (!text) {
		bpf_map_delete_elem(gateway_map(gateway, MAP_POLICY), &zero);
		return 0;
	}
	if (policy_parse(text, "test", gateway->now_ns, &policy, fail))
		return 1;
	error = compile(&policy, NULL, gateway->now_ns, &arena, fail);
	policy_free(&policy);
	if (error)
		return 1;
	error = arena_publish(gateway_map(gateway, MAP_POLICY), &arena, gateway_clock);
	arena_free(&arena);
	if (error)
		fail_set(fail, 1, NULL, "can't bring the policy into force: %s", strerror(-error));
	return !!error;
}

/* The counters of slot 0, summed over CPUs: by would * REASON_COUNT + reason. */
static inline void gateway_count(const struct gateway *gateway, struct counter sum[2 * REASON_COUNT])
{
	int cpus = libbpf_num_possible_cpus(), map = gateway_map(gateway, MAP_COUNTER);
	struct counter of_cpu[cpus];

	memset(sum, 0, 2 * REASON_COUNT * sizeof(*sum));
	for (__u32 i = 0; i < 2 * REASON_COUNT; i++) {
		if (bpf_map_lookup_elem(map, &i, of_cpu))
			abort();
		for (int cpu = 0; cpu < cpus; cpu++) {
			sum[i].packets += of_cpu[cpu].packets;
			sum[i].bytes += of_cpu[cpu].bytes;
		}
	}
}

/* The bytes of the last frame that came out, and how many. */
static __u8 gateway_out[4096];
static __u32 gateway_out_size;

/*
 * One frame, and its verdict, without a look at the counters. GATEWAY_NOT_RUN: the kernel does not
 * take it.
 */
static inline int gateway_send(const struct gateway *gateway, const void *frame, size_t size)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = (const __u8 *)frame + gateway_bare,
		    .data_size_in = size - gateway_bare, .data_out = gateway_out, .data_size_out = sizeof(gateway_out));

	if (bpf_prog_test_run_opts(gateway->program, &run))
		return GATEWAY_NOT_RUN;
	gateway_out_size = run.data_size_out;
	return run.retval;
}

/* One frame. False when the kernel does not take it. */
static inline bool gateway_judge(const struct gateway *gateway, const void *frame, size_t size,
				 struct gateway_answer *answer)
{
	struct counter before[2 * REASON_COUNT], after[2 * REASON_COUNT];
	__u64 packets = 0;

	*answer = (struct gateway_answer){};
	gateway_count(gateway, before);
	answer->verdict = gateway_send(gateway, frame, size);
	if (answer->verdict == GATEWAY_NOT_RUN)
		return false;
	gateway_count(gateway, after);
	for (int i = 0; i < 2 * REASON_COUNT; i++) {
		if (after[i].packets == before[i].packets)
			continue;
		packets += after[i].packets - before[i].packets;
		answer->would = i >= REASON_COUNT;
		answer->reason = i % REASON_COUNT;
		answer->bytes = after[i].bytes - before[i].bytes;
	}
	if (packets != 1)
		answer->reason = REASON_NONE;
	return true;
}

static inline void gateway_close(struct gateway *gateway)
{
	bpf_object__close(gateway->object);
}

#endif
