// SPDX-License-Identifier: GPL-2.0-only
#include "fact.h"
#include "martian.h"
#include "reserve.h"
#include "slot.h"

#define BOTH_ROLES	(1 << ROLE_OUTSIDE | 1 << ROLE_INSIDE)

static int martian_facts(const struct checks *check, struct facts *facts)
{
	bool told = check->martians == CHECK_DROP || check->martians == CHECK_MONITOR;
	struct fact fact = { .kind = FACT_MARTIAN };
	int error = 0;

	if (check->martians == CHECK_OFF)
		return 0;
	for (const struct martian *martian = martians; martian->prefix && !error; martian++) {
		struct fail none;
		bool excepted = false;

		if (martian->where == MARTIAN_OUTSIDE && !told)
			continue;
		if (prefix_parse(martian->prefix, &fact.prefix, &none))
			continue;
		for (size_t i = 0; i < check->martian_except_count && !excepted; i++)
			excepted = prefix_covers(&check->martian_except[i], &fact.prefix);
		fact.value = martian->where != MARTIAN_NOWHERE;
		fact.roles = martian->where == MARTIAN_OUTSIDE ? 1 << ROLE_OUTSIDE : BOTH_ROLES;
		if (!excepted)
			error = facts_add(facts, &fact);
	}
	fact.value = 0;
	fact.roles = BOTH_ROLES;
	for (size_t i = 0; i < check->martian_except_count && !error; i++) {
		fact.prefix = check->martian_except[i];
		error = facts_add(facts, &fact);
	}
	return error;
}

/* The gateway's addresses: as a source, they can only be a lie. */
static int own_facts(const struct policy *policy, struct facts *facts)
{
	struct fact fact = { .kind = FACT_OWN, .value = 1 };
	int error = 0;

	if (policy->check.martians == CHECK_OFF)
		return 0;
	for (size_t i = 0; i < policy->own_count && !error; i++) {
		fact.prefix = policy->own[i];
		error = facts_add(facts, &fact);
	}
	return error;
}

/* What an inside device lists as its sources lives inside; an outside one can take a part back. */
static int side_facts(const struct policy *policy, enum role role, struct facts *facts)
{
	struct fact fact = { .kind = FACT_INSIDE, .value = role == ROLE_INSIDE };
	int error = 0;

	for (size_t i = 0; i < policy->interface_count; i++) {
		const struct interface *interface = &policy->interface[i];

		for (size_t n = 0; n < interface->source_count && !error; n++) {
			fact.prefix = interface->sources[n];
			if (interface->role == role)
				error = facts_add(facts, &fact);
		}
	}
	return error;
}

static int trust_facts(const struct entries *trust, __u64 now_ns, struct facts *facts)
{
	struct fact fact = { .kind = FACT_TRUST };
	int error = 0;

	for (size_t i = 0; i < trust->count && !error; i++) {
		fact.prefix = trust->at[i].prefix;
		fact.until_ns = trust->at[i].until_ns;
		if (fact.until_ns > now_ns)
			error = facts_add(facts, &fact);
	}
	return error;
}

/* The limits that a table holds; those on everything become part of class 0. */
static int limit_facts(const struct policy *policy, bool destination, struct facts *facts)
{
	static const __u8 kind[] = {
		[LIMIT_SOURCE] = FACT_SOURCE_RULE, [LIMIT_PREFIX] = FACT_PREFIX_RULE,
		[LIMIT_AGGREGATE] = FACT_AGGREGATE_RULE,
		[LIMIT_DESTINATION] = FACT_DESTINATION_RULE,
	};
	int error = 0;

	for (size_t i = 0; i < policy->limit_count && !error; i++) {
		const struct limit *limit = &policy->limit[i];
		struct fact fact = { .prefix = limit->prefix, .roles = limit->roles, .value = i + 1 };

		if (limit->kind == LIMIT_TOTAL || (limit->kind == LIMIT_DESTINATION) != destination)
			continue;
		if (destination && !limit->prefix.family)
			continue;	/* in the knobs */
		fact.kind = kind[limit->kind];
		error = facts_add(facts, &fact);
	}
	return error;
}

/* No address: it can be any. */
static int bypass_end_facts(enum fact_kind kind, __u64 group, const struct prefix *prefix, size_t count,
			    struct facts *facts)
{
	struct fact fact = { .kind = kind, .groups = group };
	int error = count ? 0 : facts_add(facts, &fact);

	for (size_t i = 0; i < count && !error; i++) {
		fact.prefix = prefix[i];
		error = facts_add(facts, &fact);
	}
	return error;
}

/* A source can be either end of a flow, and so can a destination: both tables say the same. */
static int bypass_facts(const struct bypass_groups *groups, struct facts *facts)
{
	int error = 0;

	for (size_t i = 0; i < groups->count && !error; i++) {
		const struct bypass_group *group = &groups->at[i];

		error = bypass_end_facts(FACT_BYPASS_TO, 1ULL << i, group->to, group->to_count, facts);
		if (!error)
			error = bypass_end_facts(FACT_BYPASS_FROM, 1ULL << i, group->from,
						 group->from_count, facts);
	}
	return error;
}

/* Services beyond those that fit into the line were refused before. */
static int reserve_facts(const struct policy *policy, struct facts *facts)
{
	const struct pressure_conf *pressure = &policy->pressure;
	struct policy_reserve line;
	struct fail none;
	int error = 0;

	compile_reserve(policy, &line, &none);
	for (size_t i = 0; i < pressure->reserve_count && !error; i++) {
		const struct reserve *item = &pressure->reserve[i];
		struct fact fact = { .prefix = item->from, .kind = FACT_RESERVE };
		int service = reserve_service(&line, item);

		fact.value = service;
		if (service >= 0)
			error = facts_add(facts, &fact);
	}
	return error;
}

int source_facts(const struct policy *policy, const struct bypass_groups *bypass, __u64 now_ns,
		 struct facts *facts)
{
	int error = trust_facts(&policy->trust, now_ns, facts);

	if (!error)
		error = martian_facts(&policy->check, facts);
	if (!error)
		error = own_facts(policy, facts);
	if (!error)
		error = side_facts(policy, ROLE_INSIDE, facts);
	if (!error)
		error = side_facts(policy, ROLE_OUTSIDE, facts);
	if (!error)
		error = limit_facts(policy, false, facts);
	if (!error)
		error = reserve_facts(policy, facts);
	return error ? error : bypass_facts(bypass, facts);
}

static int engage_facts(const struct policy *policy, struct facts *facts)
{
	struct fact fact = { .kind = FACT_ENGAGE_RULE };
	int error = 0;

	for (size_t i = 0; i < policy->challenge.to_count && !error; i++) {
		fact.prefix = policy->challenge.to[i].prefix;
		fact.value = engage_rule_number(policy, i);
		error = facts_add(facts, &fact);
	}
	return error;
}

int destination_facts(const struct policy *policy, const struct bypass_groups *bypass,
		      struct facts *facts)
{
	int error = limit_facts(policy, true, facts);

	if (!error)
		error = engage_facts(policy, facts);
	return error ? error : bypass_facts(bypass, facts);
}
