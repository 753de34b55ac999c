// SPDX-License-Identifier: GPL-2.0-only
/* Policies at random, printed and read again. */
#include "test.h"
#include "policy_equal.h"
#include "random.h"

#define NOW	1000000000000ULL
#define SECOND	1000000000ULL

static void random_prefixes(struct prefix **out, size_t *count)
{
	*count = random_below(3);
	*out = *count ? malloc(*count * sizeof(**out)) : NULL;
	for (size_t i = 0; i < *count; i++)
		(*out)[i] = random_prefix();
}

static struct rate random_rate(void)
{
	static const __u64 per[] = { SECOND, 60 * SECOND, 3600 * SECOND };

	return (struct rate){ 1 + random_below(1000000000), per[random_below(3)] };
}

static struct ports random_ports(void)
{
	__u16 first = 1 + random_below(65535);

	return (struct ports){ first, first + random_below(65536 - first) };
}

/* announce: some of them are, too */
static void random_entries(struct entries *entries, bool announce)
{
	struct fail fail;

	for (__u32 i = random_below(6); i; i--) {
		struct entry entry = { .prefix = random_prefix(), .until_ns = ~0ULL };

		entry.announce = announce && random_below(2);

		if (random_below(2))
			entry.until_ns = NOW + (1 + random_below(1000000)) * SECOND;
		if (random_below(2)) {
			entry.comment = calloc(1, 256);
			for (__u32 length = 1 + random_below(255), at = 0; at < length; at++)
				entry.comment[at] = 1 + random_below(255);
		}
		entries_put(entries, &entry, &fail);
	}
}

static void random_interfaces(struct policy *policy)
{
	policy->interface_count = random_below(4);
	policy->interface = calloc(policy->interface_count + 1, sizeof(*policy->interface));
	for (size_t i = 0; i < policy->interface_count; i++) {
		struct interface *interface = &policy->interface[i];

		interface->name[0] = '0' + i;	/* no two alike */
		for (__u32 length = random_below(15), at = 1; at < length; at++)
			interface->name[at] = 1 + random_below(255);
		interface->role = random_below(ROLE_COUNT);
		interface->driver = random_below(DRIVERS);
		interface->priority = random_below(PRIORITY_MAX + 1);
		interface->urpf_set = random_below(2);
		interface->urpf = interface->urpf_set ? random_below(URPF_STRICT + 1) : 0;
		random_prefixes(&interface->sources, &interface->source_count);
	}
}

static void random_checks(struct checks *check)
{
	check->malformed = random_below(CHECK_AUTO);
	check->l4_checksum = random_below(CHECK_AUTO);
	check->martians = random_below(CHECK_AUTO);
	check->stray = random_below(CHECK_AUTO + 1);
	check->window = random_below(CHECK_AUTO);
	check->urpf = random_below(URPF_STRICT + 1);
	if (check->urpf)
		check->urpf_action = random_below(CHECK_OFF);
	if (random_below(2)) {
		check->blackhole_table = 1 + random_below(1000);
		check->blackhole = random_below(CHECK_OFF);
	}
	random_prefixes(&check->martian_except, &check->martian_except_count);
}

static void random_limits(struct policy *policy)
{
	policy->limit = calloc(8, sizeof(*policy->limit));
	for (__u32 i = random_below(8); i; i--) {
		struct limit limit = {
			.kind = random_below(LIMIT_TOTAL + 1), .roles = 1 + random_below(3),
			.rate = random_rate(), .burst = random_below(1000),
		};
		bool twice = false;

		if (limit.kind == LIMIT_PREFIX || (limit.kind != LIMIT_TOTAL && random_below(2)))
			limit.prefix = random_prefix();
		if (limit.kind == LIMIT_AGGREGATE && limit.prefix.length > 24)
			limit.prefix = (struct prefix){};
		for (size_t j = 0; j < policy->limit_count; j++)
			twice |= limit_same_key(&policy->limit[j], &limit);
		if (!twice)
			policy->limit[policy->limit_count++] = limit;
	}
}

static void random_pressure(struct pressure_conf *pressure)
{
	if (random_below(2))
		pressure->tight_percent = 1 + random_below(50);
	if (random_below(2))
		pressure->full_percent = 51 + random_below(50);
	pressure->reserve_count = random_below(3);
	pressure->reserve = calloc(pressure->reserve_count + 1, sizeof(*pressure->reserve));
	if (pressure->reserve_count)
		pressure->reserve_percent = 1 + random_below(100);
	for (size_t i = 0; i < pressure->reserve_count; i++) {
		pressure->reserve[i].protocol = 1 + random_below(255);
		if (pressure->reserve[i].protocol == 6)
			pressure->reserve[i].protocol = 0;
		if (!pressure->reserve[i].protocol || pressure->reserve[i].protocol == 17)
			pressure->reserve[i].ports = random_ports();
		if (random_below(2))
			pressure->reserve[i].from = random_prefix();
	}
}

static void random_bypasses(struct policy *policy)
{
	policy->bypass = calloc(8, sizeof(*policy->bypass));
	for (__u32 i = random_below(8); i; i--) {
		struct bypass bypass = {
			.protocol = 1 + random_below(255), .fast = random_below(2),
		};
		bool twice = false;

		if (bypass.protocol == 6 || bypass.protocol == 17)
			bypass.ports = random_ports();
		if (random_below(2))
			bypass.to = random_prefix();
		if (random_below(2))
			bypass.from = random_prefix();
		if (bypass.to.family != bypass.from.family)
			bypass.from = (struct prefix){};
		for (size_t j = 0; j < policy->bypass_count; j++)
			twice |= bypass_same(&policy->bypass[j], &bypass);
		if (!twice)
			policy->bypass[policy->bypass_count++] = bypass;
	}
}

static void random_challenge(struct challenge_conf *challenge)
{
	challenge->way = random_below(CHALLENGE_COOKIE + 1);
	if (random_below(2))
		challenge->engage = random_rate();
	challenge->to = calloc(4, sizeof(*challenge->to));
	for (__u32 i = random_below(5); i; i--) {
		struct engage_to to = { random_prefix(), random_rate() };
		bool twice = false;

		for (size_t j = 0; j < challenge->to_count; j++)
			twice |= !prefix_compare(&challenge->to[j].prefix, &to.prefix);
		if (!twice)
			challenge->to[challenge->to_count++] = to;
	}
}

TEST(random_policies_round_trip)
{
	random_seed();
	for (int round = 0; round < 2000; round++) {
		__u64 seed = random_state;
		struct policy policy, again;
		struct fail fail = {};
		char *text;

		policy_init(&policy);
		policy.mode = random_below(2);
		if (policy.mode == MODE_ENFORCE && random_below(2))
			policy.enforce_until_ns = NOW + (1 + random_below(100000)) * SECOND;
		random_interfaces(&policy);
		random_entries(&policy.trust, false);
		random_entries(&policy.block, true);
		random_checks(&policy.check);
		random_limits(&policy);
		random_pressure(&policy.pressure);
		random_bypasses(&policy);
		random_challenge(&policy.challenge);
		if (random_below(2))
			policy.sources.sources = CAPACITY_LEAST + random_below(CAPACITY_MOST - CAPACITY_LEAST + 1);
		if (random_below(2))
			policy.sources.length6 = LENGTH6_LEAST + random_below(LENGTH6_MOST - LENGTH6_LEAST + 1);
		text = policy_text(&policy, NOW);
		CHECK_SAID(!policy_parse(text, "test.conf", NOW, &again, &fail), "%u:%u: %s\n%s",
			   fail.line, fail.column, fail.what, text);
		CHECK_SAID(policy_equal(&policy, &again), "seed %llu:\n%s", seed, text);
		policy_free(&again);
		free(text);
		policy_free(&policy);
	}
}

int main(void)
{
	return test_main();
}
