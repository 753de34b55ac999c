/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Typed access to the pinned maps of one instance: store.c, with store_counts.c for what the datapath
 * counts, store_arena.c for the policy and store_forward.c. Nobody else calls bpf_map_*(). Sums the
 * CPUs. What is returned is a copy unless said otherwise.
 */
#ifndef WEIR_STORE_H
#define WEIR_STORE_H

#include <stdbool.h>
#include "abi.h"
#include "fail.h"
#include "pin.h"
#include "source.h"
#include "table.h"

enum store_access {
	STORE_STATS,	/* statistics only: no privilege but the group's */
	STORE_READ,	/* the policy too: root */
	STORE_WRITE,	/* root; waits for, and holds, the instance's lock */
};

struct store {
	char	instance[INSTANCE_MAX];
	char	directory[PIN_PATH];
	enum store_access access;
	int	lock;			/* fd, or -1 */
};

/* Opens an instance that is there. -EXIT_ABSENT when it is not. Close with store_close(). */
int store_open(const char *instance, enum store_access access, struct store *store,
	       struct fail *fail);
/* Opens it for writing, making its directory when missing. The maps are made by attach.c. */
int store_make(const char *instance, struct store *store, struct fail *fail);
void store_close(struct store *store);

/* True when the maps are there: an instance whose first load died half way has only a directory. */
bool store_complete(const struct store *store);

/* What a program takes for granted of a map, as the kernel tells it. */
struct store_shape {
	__u32	type, key_size, value_size, entries, flags;
};
int store_map_shape(const struct store *store, const char *map, struct store_shape *shape,
		    struct fail *fail);

/* Which policy is in force: a number that changes with it. */
int store_policy_id(const struct store *store, __u32 *id, struct fail *fail);
/* The policy in force, as a view: it stays what it is when another one comes into force. */
int store_policy_read(const struct store *store, struct arena *arena, struct fail *fail);
/* Makes the arena the policy in force, for every packet at one instant; its generation is the next. */
int store_policy_write(const struct store *store, struct arena *arena, struct fail *fail);
/* Gives back the memory of what was in force before: takes some 10 ms for each megabyte of it. */
void store_policy_sweep(const struct store *store);

int store_run_read(const struct store *store, struct run *run, struct fail *fail);
int store_run_write(const struct store *store, const struct run *run, struct fail *fail);
int store_pressure_read(const struct store *store, struct pressure_now *now, struct fail *fail);
int store_pressure_write(const struct store *store, const struct pressure_now *now,
			 struct fail *fail);
int store_routes_read(const struct store *store, struct routes_now *now, struct fail *fail);
int store_routes_write(const struct store *store, const struct routes_now *now, struct fail *fail);
int store_secret_read(const struct store *store, struct secret *secret, struct fail *fail);
int store_secret_write(const struct store *store, const struct secret *secret, struct fail *fail);

/* all DEV_MAX slots; ifindex 0 is free */
int store_devs_read(const struct store *store, struct dev devs[DEV_MAX], struct fail *fail);
int store_dev_write(const struct store *store, __u32 slot, const struct dev *dev,
		    struct fail *fail);

/* Between which devices XDP forwards: these, each in its place, and no others. */
int store_forward_set(const struct store *store, const struct forward_dev devs[FORWARD_PLACES],
		      struct fail *fail);

/* Before a device loses its program: nothing is forwarded to it any more. */
void store_forward_drop(const struct store *store, __u32 ifindex);

/* Sums over the CPUs: counters[COUNTER_INDEX(slot, would, reason)]; the caller frees it. */
int store_counters_read(const struct store *store, struct counter **counters, struct fail *fail);
/* Zeroes the counters of a slot, before another device gets it. */
int store_counters_clear(const struct store *store, __u32 slot, struct fail *fail);

/* Sums over the CPUs: audits[AUDIT_INDEX(would, reason)]. */
int store_audits_read(const struct store *store, struct audit audits[AUDIT_MAX], struct fail *fail);

int store_hit_read(const struct store *store, __u32 slot, struct counter *sum, struct fail *fail);
/* Zeroes what is kept for limits, and for block entries, whose slots are given to others. */
int store_budgets_clear(const struct store *store, const __u32 *slot, size_t count,
			struct fail *fail);
int store_hits_clear(const struct store *store, const __u32 *slot, size_t count, struct fail *fail);
/* what all CPUs share of it; admitted and dropped are not there */
int store_budget_read(const struct store *store, __u32 slot, struct budget *budget, struct fail *fail);
/* admitted and dropped are summed; the rest is void */
int store_budget_use_read(const struct store *store, __u32 slot, struct budget_use *sum,
			  struct fail *fail);

int store_engaged_read(const struct store *store, struct engage engaged[ENGAGE_MAX],
		       struct fail *fail);
int store_engaged_write(const struct store *store, __u32 slot, const struct engage *engage,
			struct fail *fail);
/* summed */
int store_challenge_use_read(const struct store *store, struct challenge_use *sum,
			     struct fail *fail);

/* A live, read-only view of the source table (root: whose flows they are is nobody else's
 * business, and the kernel maps an array only for those who may write it). Release with store_sources_close(). */
struct store_sources {
	const struct source_line *line;
	const struct source_more *more;
	size_t	lines;
	struct source_keys keys;
};
int store_sources_open(const struct store *store, struct store_sources *view, struct fail *fail);
void store_sources_close(struct store_sources *view);

/* The same of the table of aggregates and destinations. */
struct store_groups {
	const struct source_line *line;
	size_t	lines;
};
int store_groups_open(const struct store *store, struct store_groups *view, struct fail *fail);
void store_groups_close(struct store_groups *view);

#endif
