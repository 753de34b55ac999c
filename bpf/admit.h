/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * May this packet open a flow? It is asked of the source, its aggregate, its prefix, the
 * destination, the gateway and, when that fills up, conntrack's table, in this order, and charged
 * to all of them or to none: what one budget refuses must not eat another. The source is accounted
 * in any case.
 *
 * A limit in monitor mode refuses nothing: the first that would have is the answer, for its
 * counter, and the limits that are enforced are asked and charged as they would be without it.
 *
 * A SYN that is sent again belongs to a flow that was charged already: it is KNOWN, and nobody is
 * asked, charged or accounted. Only who was seen before can have sent it before, so the memory of
 * flows is not touched for a stranger, whose line of seats is all that is looked at.
 *
 * Fail open: what has no rule, no memory or no seat has no opinion.
 *
 * The includer provides the maps, each function returning NULL where there is nothing:
 *	const volatile __u64 hash_key[4]; __u32 source_mask, group_mask; __u8 source_length6;
 *	struct source_line *source_line(__u32 line), *group_line(__u32 line);
 *	struct source_more *source_more_of(__u32 index);
 *	struct budget *budget_of(__u32 slot);
 *	struct budget_use *budget_use_of(__u32 slot);
 *	const struct rule *rule_of(void *arena, __u32 first_line, __u32 number);
 *	const struct policy_reserve *reserve_of(void *arena);
 *	struct pressure_now *pressure_now(void);
 *	bool is_proven(const struct pkt *pkt, __u64 now_ns);
 *	int track_resent(const struct pkt *pkt, __u64 now_ns);	// a SYN of an admitted flow: 1
 */
#ifndef WEIR_ADMIT_H
#define WEIR_ADMIT_H

#include "admission.h"
#include "backlog.h"
#include "budget.h"
#include "reason.h"
#include "shortage.h"

struct admit_input {
	void				*arena;
	const struct policy_head	*head;
	const struct policy_knobs	*knobs;
	const struct class		*source;	/* of the source address; not NULL */
	const struct class		*destination;	/* of the destination address, or NULL */
	__u64				monitor;	/* bit (reason - 64): counts, does not refuse */
	__u64				now_ns;
	__u64				counted;	/* 1: a check before would drop it, but only counts */
	__u8				role;		/* enum role */
};

static __always_inline __u64 rate_bit(enum reason reason)
{
	return 1ULL << (reason & 63);
}

/* False when the policy is not readable. Rule 0, or a limit that is off, is none: all 0. */
static __always_inline bool admit_pace(const struct admit_input *in, __u32 number,
				       enum reason reason, struct pace *pace)
{
	const struct rule *rule;

	*pace = (struct pace){};
	if (!number || in->knobs->off[1] & rate_bit(reason))
		return true;
	rule = rule_of(in->arena, in->head->rule, number);
	if (!rule)
		return false;
	*pace = pace_of(rule);
	return true;
}

/* closed: 1 or 0. True if that is the end. */
static __always_inline bool refused_by(struct admission *admission, const struct admit_input *in,
				       enum reason reason, __u64 closed)
{
	closed <<= reason & 63;
	admission->would |= closed & in->monitor;
	return closed & ~in->monitor;
}

/* ---- asking: nothing is charged yet ---- */

/*
 * Where the source will be looked for. The line is sent for early, since a table of a million sources
 * is in no cache: what the stages before admit() do hides the wait for it.
 */
static __always_inline void admit_foresee(const struct pkt *pkt, __u8 role,
					  struct admission *admission)
{
	struct source *source = &admission->source;
	struct source_line *line;

	*source = source_of(pkt, role, source_length6, hash_key);
	source->line = hash_line(source_hash(source, hash_key), source_mask);
	line = source_line(source->line);
	if (line)
		seat_foresee(line);
}

static __always_inline bool group_closed(struct group *group, const struct pace *pace,
					 __u64 now_ns, __u64 *closed)
{
	struct source_line *line;

	group->line = hash_line(group_hash(group, hash_key), group_mask);
	line = group_line(group->line);
	if (!line)
		return false;
	group->seat = seat_find(line, group->key, group->who, now_ns);
	*closed = seat_closed(&group->seat, now_ns, pace);
	return true;
}

static __always_inline enum reason ask_source(struct admission *admission, const struct pkt *pkt,
					      const struct admit_input *in)
{
	struct source *source = &admission->source;
	struct source_line *line;

	*source = source_of(pkt, in->role, source_length6, hash_key);
	source->line = hash_line(source_hash(source, hash_key), source_mask);
	line = source_line(source->line);
	if (!line || !admit_pace(in, in->source->source_rule[in->role & 1], REASON_RATE_SOURCE,
				 &admission->by_source))
		return REASON_FAIL_OPEN;
	source->seat = seat_find(line, source->key, source->who, in->now_ns);
	/* who found no seat may have been here before */
	if (source->seat.word | source->seat.none && track_resent(pkt, in->now_ns))
		return REASON_KNOWN;
	if (refused_by(admission, in, REASON_RATE_SOURCE,
		       seat_closed(&source->seat, in->now_ns, &admission->by_source)))
		return REASON_RATE_SOURCE;
	return 0;
}

static __always_inline enum reason ask_aggregate(struct admission *admission,
						 const struct pkt *pkt,
						 const struct admit_input *in)
{
	__u64 closed;

	if (!admit_pace(in, in->source->aggregate_rule[in->role & 1], REASON_RATE_PREFIX,
			&admission->by_aggregate))
		return REASON_FAIL_OPEN;
	if (!bit_any(admission->by_aggregate.cost_ns))
		return 0;
	admission->aggregate = group_aggregate(pkt, in->role);
	if (!group_closed(&admission->aggregate, &admission->by_aggregate, in->now_ns, &closed))
		return REASON_FAIL_OPEN;
	return refused_by(admission, in, REASON_RATE_PREFIX, closed) ? REASON_RATE_PREFIX : 0;
}

static __always_inline enum reason ask_destination(struct admission *admission,
						   const struct pkt *pkt,
						   const struct admit_input *in)
{
	__u32 role = in->role & 1, number = in->knobs->destination_rule[role];
	__u64 closed;

	if (in->destination && in->destination->destination_rule[role])
		number = in->destination->destination_rule[role];
	if (!admit_pace(in, number, REASON_RATE_DESTINATION, &admission->by_destination))
		return REASON_FAIL_OPEN;
	if (!bit_any(admission->by_destination.cost_ns))
		return 0;
	admission->destination = group_destination(pkt, role, hash_key);
	if (!group_closed(&admission->destination, &admission->by_destination, in->now_ns,
			  &closed))
		return REASON_FAIL_OPEN;
	return refused_by(admission, in, REASON_RATE_DESTINATION, closed) ?
	       REASON_RATE_DESTINATION : 0;
}

/* A budget that all CPUs share. */
static __always_inline enum reason ask_budget(struct admission *admission,
					      const struct admit_input *in, enum reason reason,
					      const struct pace *pace)
{
	struct budget_use *use;
	struct budget *shared;
	__u64 closed;

	if (!pace->slot)
		return 0;
	shared = budget_of(pace->slot);
	use = budget_use_of(pace->slot);
	if (!shared || !use)
		return REASON_FAIL_OPEN;
	closed = !budget_open(shared, use, pace, in->now_ns);
	use->dropped += closed;
	return refused_by(admission, in, reason, closed) ? reason : 0;
}

/* A prefix, or everything. */
static __always_inline enum reason ask_shared(struct admission *admission,
					      const struct admit_input *in, __u32 number,
					      enum reason reason, struct pace *pace)
{
	if (!admit_pace(in, number, reason, pace))
		return REASON_FAIL_OPEN;
	return ask_budget(admission, in, reason, pace);
}

/* Conntrack's table, when it fills up. */
static __always_inline enum reason ask_pressure(struct admission *admission, const struct pkt *pkt,
						const struct admit_input *in)
{
	const struct pressure_now *pressure = pressure_now();
	const struct policy_reserve *reserve;
	__u64 off = in->knobs->off[1], closed;
	int as;

	admission->by_pressure = (struct pace){};
	if (!pressure)
		return REASON_FAIL_OPEN;
	if (!pressure_rules(pressure, in->now_ns))
		return 0;
	reserve = reserve_of(in->arena);
	if (!reserve)
		return REASON_FAIL_OPEN;
	as = pressed_as(pkt, reserve, in->source->reserve, in->now_ns);
	if (as == PRESSED_SPARED)
		return 0;
	closed = bit_any(pressure->reserved_only) & ~(off >> (REASON_RESERVE & 63));
	if (refused_by(admission, in, REASON_RESERVE, closed))
		return REASON_RESERVE;
	if (off & rate_bit(REASON_PRESSURE))
		return 0;
	admission->by_pressure = pressure_pace(pressure, bit_any(as ^ PRESSED_STRANGER));
	return ask_budget(admission, in, REASON_PRESSURE, &admission->by_pressure);
}

/* Who refuses, 0, or why nobody is asked: a reason to pass. */
static __always_inline enum reason ask(struct admission *admission, const struct pkt *pkt,
				       const struct admit_input *in)
{
	enum reason refused = ask_source(admission, pkt, in);
	__u32 role = in->role & 1;

	if (!refused)
		refused = ask_aggregate(admission, pkt, in);
	if (!refused)
		refused = ask_shared(admission, in, in->source->prefix_rule[role],
				     REASON_RATE_PREFIX, &admission->by_prefix);
	if (!refused)
		refused = ask_destination(admission, pkt, in);
	if (!refused)
		refused = ask_shared(admission, in, in->knobs->total_rule[role],
				     REASON_RATE_TOTAL, &admission->by_total);
	if (!refused)
		refused = ask_pressure(admission, pkt, in);
	return refused;
}

/* ---- charging ---- */

static __always_inline void group_charge(const struct group *group, const struct pace *pace,
					 __u64 now_ns)
{
	struct source_line *line = group_line(group->line);

	if (line)
		seat_take(line, &group->seat, group->key, group->who, now_ns, pace,
			  pace->cost_ns);
}

static __always_inline void shared_charge(const struct pace *pace)
{
	struct budget_use *use = budget_use_of(pace->slot);

	if (use)
		budget_spend(use);
}

/* charged, dropped: 1 or 0 */
static __always_inline void account(const struct admission *admission,
				    const struct admit_input *in, __u64 charged, __u64 dropped)
{
	source_account(&admission->source, in->now_ns, &admission->by_source,
		       only_if(charged, admission->by_source.cost_ns), dropped);
}

/* The flow will be there: charges the limits in `charged`, a bit per reason. */
static __always_inline void charge(const struct admission *admission,
				   const struct admit_input *in, __u64 charged)
{
	__u64 prefix = bit_any(charged & rate_bit(REASON_RATE_PREFIX));
	__u64 destination = bit_any(charged & rate_bit(REASON_RATE_DESTINATION));
	__u64 total = bit_any(charged & rate_bit(REASON_RATE_TOTAL));
	__u64 pressure = bit_any(charged & rate_bit(REASON_PRESSURE));

	if (only_if(prefix, admission->by_aggregate.cost_ns))
		group_charge(&admission->aggregate, &admission->by_aggregate, in->now_ns);
	if (only_if(prefix, admission->by_prefix.slot))
		shared_charge(&admission->by_prefix);
	if (only_if(destination, admission->by_destination.cost_ns))
		group_charge(&admission->destination, &admission->by_destination, in->now_ns);
	if (only_if(total, admission->by_total.slot))
		shared_charge(&admission->by_total);
	if (only_if(pressure, admission->by_pressure.slot))
		shared_charge(&admission->by_pressure);
}

static __always_inline enum reason would_first(__u64 would)
{
	if (would & rate_bit(REASON_RATE_SOURCE))
		return REASON_RATE_SOURCE;
	if (would & rate_bit(REASON_RATE_PREFIX))
		return REASON_RATE_PREFIX;
	if (would & rate_bit(REASON_RATE_DESTINATION))
		return REASON_RATE_DESTINATION;
	if (would & rate_bit(REASON_RATE_TOTAL))
		return REASON_RATE_TOTAL;
	return would & rate_bit(REASON_RESERVE) ? REASON_RESERVE : REASON_PRESSURE;
}

/*
 * NEW, KNOWN, or the limit that refuses it or, monitored, would have. in->role is below ROLE_COUNT.
 * admission: room for it; what stands there does not matter.
 */
static __always_inline enum reason admit(const struct pkt *pkt, const struct admit_input *in,
					 struct admission *admission)
{
	enum reason refused;
	__u64 would, charged;

	admission->would = 0;
	refused = ask(admission, pkt, in);
	would = bit_any(admission->would);
	if (refused == REASON_FAIL_OPEN || refused == REASON_KNOWN)
		return refused;
	if (refused) {
		account(admission, in, 0, 1);
		return refused;
	}
	/* a flow that only monitoring lets through is charged to the limits in force alone */
	charged = ~only_if(would | in->counted, in->monitor);
	account(admission, in, bit_any(charged & rate_bit(REASON_RATE_SOURCE)), would);
	charge(admission, in, charged);
	return would ? would_first(admission->would) : REASON_NEW;
}

#endif
