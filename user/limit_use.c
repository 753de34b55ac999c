// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "apply.h"
#include "busiest.h"
#include "clock.h"
#include "limit_use.h"
#include "lookup.h"
#include "slot.h"
#include "source.h"

#define SAMPLE_NS	250000000	/* between the first look and the last */

struct sight {
	const struct store	*store;
	const struct arena	*arena;
	struct limit_use	*use;
	size_t			count;
	struct busiest		*busiest;	/* of limits per aggregate and destination, by number */
	struct store_groups	groups;
	__u32			hashed[ROLE_COUNT];	/* the limit of hashed destinations; 0: none */
	double			seconds;	/* between the first look and the last */
};

static bool is_group(const struct limit *limit)
{
	return limit->kind == LIMIT_AGGREGATE || limit->kind == LIMIT_DESTINATION;
}

static bool has_kind(const struct sight *sight, bool (*is)(const struct limit *limit))
{
	for (size_t i = 0; i < sight->count; i++)
		if (is(sight->use[i].limit))
			return true;
	return false;
}

/* ---- limits that keep one budget ---- */

/* Admitted in the busiest window there was, as a rate. */
static double budget_peak(const struct budget *budget)
{
	__u64 last = (__u32)budget->window;

	return (budget->peak > last ? budget->peak : last) * 1e9 / (1ULL << SOURCE_WINDOW_SHIFT);
}

/* sign: -1 before, 1 behind: what is left are differences. */
static int totals_look(const struct sight *sight, int sign, struct fail *fail)
{
	struct budget_use sum;
	struct budget shared;

	for (size_t i = 0; i < sight->count; i++) {
		struct limit_use *use = &sight->use[i];

		if (!use->slot)
			continue;
		if (store_budget_use_read(sight->store, use->slot, &sum, fail) ||
		    store_budget_read(sight->store, use->slot, &shared, fail))
			return -fail->status;
		use->rate += sign * (double)sum.admitted;
		use->drop_rate += sign * (double)sum.dropped;
		use->admitted = sum.admitted;
		use->dropped = sum.dropped;
		use->peak = budget_peak(&shared);
		use->spent_percent = pace_spent_percent(&use->pace, shared.tat_ns, coarse_ns());
	}
	return 0;
}

static void totals_end(const struct sight *sight)
{
	for (size_t i = 0; i < sight->count; i++)
		if (sight->use[i].slot) {
			sight->use[i].rate /= sight->seconds;
			sight->use[i].drop_rate /= sight->seconds;
		}
}

/* ---- drops of the others: they are counted by reason and device ---- */

static enum reason reason_of(enum limit_kind kind)
{
	static const enum reason reasons[] = {
		[LIMIT_SOURCE] = REASON_RATE_SOURCE, [LIMIT_PREFIX] = REASON_RATE_PREFIX,
		[LIMIT_AGGREGATE] = REASON_RATE_PREFIX,
		[LIMIT_DESTINATION] = REASON_RATE_DESTINATION, [LIMIT_TOTAL] = REASON_RATE_TOTAL,
	};

	return reasons[kind];
}

/* A drop is a limit's own if it is the only one that drops for this reason on devices of its roles. */
static void drops_claim(const struct sight *sight, __u32 claims[ROLE_COUNT][REASON_COUNT])
{
	for (size_t i = 0; i < sight->count; i++)
		for (int role = 0; role < ROLE_COUNT; role++)
			claims[role][reason_of(sight->use[i].limit->kind)] +=
				sight->use[i].limit->roles >> role & 1;
}

static int drops_count(const struct store *store, double drops[ROLE_COUNT][REASON_COUNT],
		       struct fail *fail)
{
	struct dev devs[DEV_MAX];
	struct counter *counters;

	memset(drops, 0, ROLE_COUNT * sizeof(*drops));
	if (store_devs_read(store, devs, fail) || store_counters_read(store, &counters, fail))
		return -fail->status;
	for (int slot = 0; slot < DEV_MAX; slot++)
		for (int reason = REASON_RATE_SOURCE; reason <= REASON_RATE_TOTAL; reason++)
			drops[devs[slot].role % ROLE_COUNT][reason] +=
				counters[COUNTER_INDEX(slot, 0, reason)].packets +
				counters[COUNTER_INDEX(slot, 1, reason)].packets;
	free(counters);
	return 0;
}

static void drops_end(const struct sight *sight, double before[ROLE_COUNT][REASON_COUNT],
		      double after[ROLE_COUNT][REASON_COUNT])
{
	__u32 claims[ROLE_COUNT][REASON_COUNT] = {};

	drops_claim(sight, claims);
	for (size_t i = 0; i < sight->count; i++) {
		struct limit_use *use = &sight->use[i];
		enum reason reason = reason_of(use->limit->kind);

		if (use->slot)
			continue;
		for (int role = 0; role < ROLE_COUNT; role++) {
			if (!(use->limit->roles & 1 << role))
				continue;
			use->drop_rate += claims[role][reason] > 1 ? NAN :
				(after[role][reason] - before[role][reason]) / sight->seconds;
		}
	}
}

/* ---- limits per aggregate and per destination ---- */

/*
 * Which limit hashed destinations are charged to: their address is not known, so the default; where
 * there is none, the only one that has a prefix of IPv6.
 */
static __u32 hashed_rule(const struct sight *sight, enum role role)
{
	__u32 number = lookup_destination_default(sight->arena, role), found = 0;

	for (size_t i = 0; i < sight->count && !number; i++) {
		const struct limit *limit = sight->use[i].limit;

		if (limit->kind != LIMIT_DESTINATION || limit->prefix.family != 6 ||
		    !(limit->roles & 1 << role))
			continue;
		if (found)
			return 0;
		found = i + 1;
	}
	return number ? number : found;
}

/* The number of the limit that a seat is charged to; 0: none. */
static __u32 group_rule(const struct sight *sight, const struct group_row *row)
{
	const struct class *class;

	if (row->destination && !row->prefix.family)
		return sight->hashed[row->role];
	class = row->destination ? lookup_destination(sight->arena, &row->prefix) :
		lookup_source(sight->arena, &row->prefix);
	if (!class)
		return 0;
	if (!row->destination)
		return class->aggregate_rule[row->role];
	return class->destination_rule[row->role] ? class->destination_rule[row->role] :
		lookup_destination_default(sight->arena, row->role);
}

static void groups_scan(const struct sight *sight)
{
	__u64 now_ns = coarse_ns();
	struct group_row row;
	__u32 number;

	for (size_t i = 0; i < sight->groups.lines * SOURCE_WAYS; i++) {
		const struct source_hot *hot = &sight->groups.line[i / SOURCE_WAYS].way[i % SOURCE_WAYS];

		if (busiest_idle(hot, now_ns) || !group_read(hot, &row))
			continue;
		number = group_rule(sight, &row);
		if (number && number <= sight->count && sight->busiest[number - 1].pace.cost_ns)
			busiest_offer(&sight->busiest[number - 1], hot, now_ns);
	}
}

static void groups_look(const struct sight *sight)
{
	for (size_t i = 0; i < sight->count; i++)
		if (sight->busiest[i].count)
			busiest_look(&sight->busiest[i], coarse_ns);
}

/* A limit that only hashed destinations can have, and these are charged to another, or to nobody. */
static bool is_untold(const struct sight *sight, size_t i)
{
	const struct limit *limit = sight->use[i].limit;

	if (limit->kind != LIMIT_DESTINATION || limit->prefix.family != 6)
		return false;
	for (int role = 0; role < ROLE_COUNT; role++)
		if (limit->roles & 1 << role && sight->hashed[role] != i + 1)
			return true;
	return false;
}

static void group_end(const struct sight *sight, size_t i)
{
	const struct busiest *busiest = &sight->busiest[i];
	const struct busiest_seat *seat = busiest_pick(busiest);
	struct limit_use *use = &sight->use[i];
	struct group_row row;

	if (!is_group(use->limit))
		return;
	if (is_untold(sight, i)) {
		use->rate = use->peak = use->spent_percent = use->closed = NAN;
		return;
	}
	use->closed = busiest->closed;
	use->peak = busiest_flows(busiest) / sight->seconds;
	if (!seat || !group_read(&seat->seen, &row))
		return;
	use->rate = seat->flows / sight->seconds;
	use->spent_percent = pace_spent_percent(&use->pace, SEAT_TAT_NS(seat->seen.word),
						busiest->looked_ns);
	group_print(&row, use->busiest, sizeof(use->busiest));
}

/* ---- limits per source ---- */

static void source_offer(struct limit_use *use, const struct source_row *source, __u64 tat_ns,
			 __u64 now_ns)
{
	use->closed += gcra_closed(tat_ns, now_ns, &use->pace);
	if (source->busiest > use->peak)
		use->peak = source->busiest;
	if (source->rate <= use->rate)
		return;
	use->rate = source->rate;
	use->spent_percent = pace_spent_percent(&use->pace, tat_ns, now_ns);
	prefix_print(&source->prefix, use->busiest, sizeof(use->busiest));
}

static bool is_source(const struct limit *limit)
{
	return limit->kind == LIMIT_SOURCE;
}

static int sources_scan(const struct sight *sight, struct fail *fail)
{
	__u64 now_ns = coarse_ns();
	struct store_sources view;
	struct source_row source;

	if (!has_kind(sight, is_source))
		return 0;
	if (store_sources_open(sight->store, &view, fail))
		return -fail->status;
	for (size_t i = 0; i < view.lines * SOURCE_WAYS; i++) {
		const struct source_hot *hot = &view.line[i / SOURCE_WAYS].way[i % SOURCE_WAYS];
		const struct class *class;
		__u32 number;

		if (!source_read(hot, &view.more[i], now_ns, &view.keys, &source) ||
		    !source.prefix.family)
			continue;
		class = lookup_source(sight->arena, &source.prefix);
		number = class ? class->source_rule[source.role] : 0;
		if (number && number <= sight->count)
			source_offer(&sight->use[number - 1], &source, SEAT_TAT_NS(hot->word), now_ns);
	}
	store_sources_close(&view);
	return 0;
}

/* ---- all of them ---- */

static void use_begin(struct sight *sight, size_t i, const struct limit *limit)
{
	const struct rule *rule = lookup_rule(sight->arena, i + 1);
	struct limit_use *use = &sight->use[i];

	*use = (struct limit_use){ .limit = limit, .slot = slot_of_rule(sight->arena, i + 1) };
	if (rule)
		use->pace = pace_of(rule);
	if (use->slot)
		use->closed = NAN;	/* CPUs hold flows that they have claimed */
	else
		use->admitted = use->dropped = NAN;
	sight->busiest[i].pace = use->pace;
}

static void wait_and_look(struct sight *sight)
{
	const struct timespec pause = { .tv_nsec = coarse_tick_ns() / BUSIEST_LOOKS };
	__u64 began_ns = apply_now_ns(), passed_ns;

	do {
		nanosleep(&pause, NULL);
		groups_look(sight);
		passed_ns = apply_now_ns() - began_ns;
	} while (passed_ns < SAMPLE_NS);
	sight->seconds = passed_ns / 1e9;
}

static int sample(struct sight *sight, struct fail *fail)
{
	double before[ROLE_COUNT][REASON_COUNT], after[ROLE_COUNT][REASON_COUNT];

	if (totals_look(sight, -1, fail) || drops_count(sight->store, before, fail))
		return -fail->status;
	groups_scan(sight);
	groups_look(sight);
	wait_and_look(sight);
	if (totals_look(sight, 1, fail) || drops_count(sight->store, after, fail))
		return -fail->status;
	totals_end(sight);
	drops_end(sight, before, after);
	for (size_t i = 0; i < sight->count; i++)
		group_end(sight, i);
	return sources_scan(sight, fail);
}

int limit_use_read(const struct store *store, const struct arena *arena, const struct policy *policy,
		   const struct limit *guard, struct limit_use *use, struct fail *fail)
{
	struct sight sight = { .store = store, .arena = arena, .use = use,
			       .count = policy->limit_count + !!guard };
	int result = 0;

	if (!sight.count)
		return 0;
	sight.busiest = calloc(sight.count, sizeof(*sight.busiest));
	if (!sight.busiest)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	for (size_t i = 0; i < policy->limit_count; i++)
		use_begin(&sight, i, &policy->limit[i]);
	if (guard) {
		use_begin(&sight, sight.count - 1, guard);
		use[sight.count - 1].implied = true;
	}
	for (int role = 0; role < ROLE_COUNT; role++)
		sight.hashed[role] = hashed_rule(&sight, role);
	if (has_kind(&sight, is_group))
		result = store_groups_open(store, &sight.groups, fail);
	if (!result)
		result = sample(&sight, fail);
	store_groups_close(&sight.groups);
	free(sight.busiest);
	return result;
}
