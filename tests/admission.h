/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Admission compiled natively: maps that are plain arrays, time and randomness that the test
 * gives. cpu_now chooses whose budget_use it is.
 */
#ifndef WEIR_TESTS_ADMISSION_H
#define WEIR_TESTS_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "abi.h"
#include "bpf/pkt.h"

#ifndef LINES		/* of the tables */
#define LINES		(1 << 12)
#endif
#define RULES		16
#define CPUS		4
#define SECOND		1000000000ULL
#define START		(1000 * SECOND)
#ifndef HASH_KEY
#define HASH_KEY	{ 0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89 }
#endif

static const volatile __u64 hash_key[4] = HASH_KEY;
static const volatile __u32 source_mask = LINES - 1, group_mask = LINES - 1;
static volatile __u8 source_length6 = 64;

static struct source_line source_lines[LINES], group_lines[LINES];
static struct source_more source_mores[LINES * SOURCE_WAYS];
static struct budget budgets[RULES + 2];
static struct budget_use budget_uses[CPUS][RULES + 2];
static struct rule rules[RULES];
static __thread int cpu_now;

static inline struct source_line *source_line(__u32 line)
{
	return line < LINES ? &source_lines[line] : NULL;
}

static inline struct source_line *group_line(__u32 line)
{
	return line < LINES ? &group_lines[line] : NULL;
}

static inline struct source_more *source_more_of(__u32 index)
{
	return index < LINES * SOURCE_WAYS ? &source_mores[index] : NULL;
}

/* The budgets of rules, and behind them those that stand at BUDGET_UNPROVEN and BUDGET_PROVEN. */
static inline __u32 budget_place(__u32 slot)
{
	return slot < RULE_MAX ? slot : slot - BUDGET_UNPROVEN + RULES;
}

static inline struct budget *budget_of(__u32 slot)
{
	return budget_place(slot) < RULES + 2 ? &budgets[budget_place(slot)] : NULL;
}

static inline struct budget_use *budget_use_of(__u32 slot)
{
	return budget_place(slot) < RULES + 2 ? &budget_uses[cpu_now][budget_place(slot)] : NULL;
}

static inline const struct rule *rule_of(void *arena, __u32 first_line, __u32 number)
{
	(void)arena;
	return first_line + number < RULES ? &rules[number] : NULL;
}

static struct policy_reserve reserve;
static struct pressure_now pressure;
static bool all_proven;
static __u32 proven_below;	/* and so are sources below that */

static inline const struct policy_reserve *reserve_of(void *arena)
{
	(void)arena;
	return &reserve;
}

static inline struct pressure_now *pressure_now(void)
{
	return &pressure;
}

static inline bool is_proven(const struct pkt *pkt, __u64 now_ns)
{
	(void)now_ns;
	return all_proven || pkt->saddr[0] < proven_below;
}

static __u16 resent_port;	/* a SYN to it is of a flow that was admitted; 0: none is */
static int resent_asked;	/* how often that was asked */

static inline int track_resent(const struct pkt *pkt, __u64 now_ns)
{
	(void)now_ns;
	resent_asked++;
	return resent_port && pkt->dport == resent_port;
}

#include "bpf/admit.h"

static struct class class_of_all;
static struct policy_head head;
static struct policy_knobs knobs;
static __u64 seed;

/* Everything forgotten; randomness starts again from a seed that is printed. */
static inline void start(__u64 with)
{
	memset(source_lines, 0, sizeof(source_lines));
	memset(group_lines, 0, sizeof(group_lines));
	memset(source_mores, 0, sizeof(source_mores));
	memset(budgets, 0, sizeof(budgets));
	memset(budget_uses, 0, sizeof(budget_uses));
	memset(rules, 0, sizeof(rules));
	memset(&class_of_all, 0, sizeof(class_of_all));
	memset(&knobs, 0, sizeof(knobs));
	memset(&reserve, 0, sizeof(reserve));
	memset(&pressure, 0, sizeof(pressure));
	all_proven = false;
	proven_below = 0;
	resent_port = 0;
	resent_asked = 0;
	cpu_now = 0;
	seed = with;
	printf("# seed %llu\n", (unsigned long long)seed);
}

static inline __u64 draw(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dULL;
}

static inline void set_rule(__u32 number, __u64 rate, __u64 burst)
{
	rules[number] = (struct rule){
		.cost_ns = SECOND / rate, .burst_ns = burst * (SECOND / rate), .slot = number,
	};
}

static inline struct pkt packet4(__u32 source)
{
	return (struct pkt){ .family = 4, .l4_proto = 6, .dport = 80, .saddr = { source },
			     .daddr = { 0x01010101 } };
}

static inline enum reason admit_at(const struct pkt *pkt, __u64 now_ns, __u64 monitor)
{
	struct admit_input in = { .head = &head, .knobs = &knobs, .source = &class_of_all,
				  .monitor = monitor, .now_ns = now_ns };
	struct admission admission;

	memset(&admission, 0xa5, sizeof(admission));	/* what stood there must not matter */
	return admit(pkt, &in, &admission);
}

static inline enum reason admit4(__u32 source, __u64 now_ns)
{
	struct pkt pkt = packet4(source);

	return admit_at(&pkt, now_ns, 0);
}

/* The numbers of a source that came at least twice, or NULL. */
static inline struct source_more *more_of(const struct pkt *pkt)
{
	struct source source = source_of(pkt, ROLE_OUTSIDE, source_length6, hash_key);
	__u32 line = hash_line(source_hash(&source, hash_key), source_mask);

	for (__u32 way = 0; way < SOURCE_WAYS; way++) {
		struct source_hot *hot = &source_lines[line].way[way];

		if (hot->key == source.key && (hot->word & SEAT_WHO) == source.who &&
		    hot->word & SEAT_MORE)
			return &source_mores[line * SOURCE_WAYS + way];
	}
	return NULL;
}

static inline struct source_more *more4(__u32 source)
{
	struct pkt pkt = packet4(source);

	return more_of(&pkt);
}

#endif
