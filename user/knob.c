// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include "knob.h"

static void mark(__u64 mask[2], enum reason reason)
{
	mask[reason >> 6] |= 1ULL << (reason & 63);
}

static void mark_check(struct policy_knobs *knobs, enum check check, enum reason reason)
{
	if (check == CHECK_MONITOR)
		mark(knobs->monitor, reason);
	if (check == CHECK_OFF)
		mark(knobs->off, reason);
}

static enum check or_off(enum check check)
{
	return check == CHECK_DEFAULT ? CHECK_OFF : check;
}

static void mark_checks(struct policy_knobs *knobs, const struct checks *check)
{
	for (enum reason reason = REASON_TRUNCATED; reason <= REASON_LAND; reason++)
		if (reason != REASON_L4_CHECKSUM)
			mark_check(knobs, check->malformed, reason);
	mark_check(knobs, or_off(check->l4_checksum), REASON_L4_CHECKSUM);
	mark_check(knobs, check->martians, REASON_MARTIAN);
	mark_check(knobs, check->stray, REASON_STRAY);
	mark_check(knobs, check->urpf_action, REASON_URPF);
	mark_check(knobs, or_off(check->window), REASON_WINDOW);
	mark_check(knobs, check->blackhole_table ? check->blackhole : CHECK_OFF, REASON_BLACKHOLE);
}

static void set_rules(struct policy_knobs *knobs, const struct policy *policy)
{
	for (size_t i = 0; i < policy->limit_count; i++) {
		const struct limit *limit = &policy->limit[i];

		for (int role = 0; role < ROLE_COUNT; role++) {
			if (!(limit->roles & 1 << role) || limit->prefix.family)
				continue;
			if (limit->kind == LIMIT_TOTAL)
				knobs->total_rule[role] = i + 1;
			if (limit->kind == LIMIT_DESTINATION)
				knobs->destination_rule[role] = i + 1;
		}
	}
	if (policy->guard.rate.count && !knobs->destination_rule[ROLE_INSIDE])
		knobs->destination_rule[ROLE_INSIDE] = policy->limit_count + 1;
}

static void set_challenge(struct policy_knobs *knobs, const struct challenge_conf *challenge)
{
	__u64 cost_ns = challenge->engage.count ? rate_cost_ns(&challenge->engage) : 0;

	if (challenge->way == CHALLENGE_RETRANSMIT)
		knobs->flags |= KNOB_RETRANSMIT;
	if (challenge->way == CHALLENGE_COOKIE)
		knobs->flags |= KNOB_COOKIE;
	if (challenge->to_count)
		knobs->flags |= KNOB_ENGAGE_TO;
	/* a rate below one in four seconds counts as that */
	knobs->challenge_cost_ns = cost_ns < UINT32_MAX ? cost_ns : UINT32_MAX;
}

void compile_knobs(const struct policy *policy, struct policy_knobs *knobs)
{
	*knobs = (struct policy_knobs){
		.enforce_until_ns = policy->enforce_until_ns,
		.mode = policy->mode,
		.blackhole_table = policy->check.blackhole_table,
	};
	mark_checks(knobs, &policy->check);
	if (or_off(policy->check.l4_checksum) != CHECK_OFF)
		knobs->flags |= KNOB_LOOK_TCP | KNOB_LOOK_UDP;
	if (or_off(policy->check.window) != CHECK_OFF)
		knobs->flags |= KNOB_LOOK_TCP;
	if (policy->check.stray == CHECK_DROP)
		knobs->flags |= KNOB_STRAY_ALWAYS;
	if (policy->challenge.way == CHALLENGE_OFF)
		mark(knobs->off, REASON_CHALLENGED);
	set_challenge(knobs, &policy->challenge);
	if (!policy->pressure.reserve_percent)
		mark(knobs->off, REASON_RESERVE);
	set_rules(knobs, policy);
	if (policy->mode != MODE_MONITOR)
		return;
	mark(knobs->monitor, REASON_FORWARDED);
	for (int reason = REASON_DROP_FIRST; reason < REASON_COUNT; reason++)
		mark(knobs->monitor, reason);
}
