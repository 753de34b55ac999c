// SPDX-License-Identifier: GPL-2.0-only
/* The default limit per destination: it fits into the ports, and an explicit one overrides it. */
#include "compiled.h"
#include "nat.h"

static const struct snat_pool one = { .addresses = 1, .ports = SNAT_PORTS };

TEST(what_it_admits_fits_into_the_ports)
{
	for (unsigned int addresses = 1; addresses <= 64; addresses *= 2)
		for (__u64 seconds = 1; seconds <= 600; seconds++) {
			struct snat_pool pool = { .addresses = addresses, .ports = SNAT_PORTS };
			struct limit limit = nat_guard(&pool, seconds * SECOND);
			__u64 open = limit.burst + limit.rate.count * seconds;
			__u64 ports = (__u64)SNAT_PORTS * addresses;

			CHECK_EQ(limit.rate.per_ns, SECOND);
			CHECK_SAID(open <= ports / 8 * 7, "%llu of %llu", open, ports);
			CHECK_SAID(open > ports / 8 * 6, "%llu of %llu", open, ports);
		}
}

TEST(of_one_address_and_two_minutes)
{
	struct limit limit = nat_guard(&one, 120 * SECOND);

	CHECK_EQ(limit.kind, LIMIT_DESTINATION);
	CHECK_EQ(limit.roles, 1 << ROLE_INSIDE);
	CHECK_EQ(limit.rate.count, 352);
	CHECK_EQ(limit.burst, 14112);
}

TEST(of_the_narrowest_pool_there_is)
{
	struct snat_pool pool = { .addresses = 1, .ports = 2 };
	struct limit limit = nat_guard(&pool, 120 * SECOND);

	CHECK(limit.rate.count);
	CHECK(limit.burst);
}

TEST(of_the_widest_pool_there_is)
{
	struct snat_pool pool = { .addresses = SNAT_ADDRESSES_MAX, .ports = 65535 };
	struct limit limit = nat_guard(&pool, 120 * SECOND);

	CHECK(limit.rate.count > 20000000);
	CHECK(rate_cost_ns(&limit.rate) > 10);
}

/* what the datapath would use for a flow from a side; the cost of its rule */
static __u64 cost(const struct arena *arena, enum role role)
{
	const struct policy_knobs *knobs = (const struct policy_knobs *)(head_of(arena) + 1);

	if (!knobs->destination_rule[role])
		return 0;
	return rule_at(arena, knobs->destination_rule[role])->cost_ns;
}

static void compile_guarded(const char *text, struct arena *arena)
{
	struct policy policy = parsed(text);

	policy.guard = nat_guard(&one, 120 * SECOND);
	compile_policy(&policy, NULL, NOW, arena);
	policy_free(&policy);
}

TEST(holds_from_inside_unless_the_policy_says_otherwise)
{
	static const struct { const char *text; __u64 outside, inside; bool guarded; } row[] = {
		{ "", 0, SECOND / 352, true },
		{ "limit new-flows { per source 5/second; total 9/second }", 0, SECOND / 352, true },
		{ "limit new-flows { per destination 10/second }", SECOND / 10, SECOND / 10, false },
		{ "limit new-flows { from inside per destination 10/second }", 0, SECOND / 10, false },
		{ "limit new-flows { from outside per destination 10/second }", SECOND / 10,
		  SECOND / 352, true },
		{ "limit new-flows { prefix 192.0.2.0/24 per destination 10/second }", 0,
		  SECOND / 352, true },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct arena arena;
		struct limit guard;

		compile_guarded(row[i].text, &arena);
		CHECK_SAID(cost(&arena, ROLE_OUTSIDE) == row[i].outside, "%s", row[i].text);
		CHECK_SAID(cost(&arena, ROLE_INSIDE) / 1000 == row[i].inside / 1000, "%s: %llu",
			   row[i].text, cost(&arena, ROLE_INSIDE));
		CHECK_SAID(compiled_guard(&arena, &guard) == row[i].guarded, "%s", row[i].text);
		if (row[i].guarded) {
			CHECK_EQ(guard.rate.count, 352);
			CHECK_EQ(guard.burst, 14112);
		}
		arena_free(&arena);
	}
}

TEST(none_is_none)
{
	struct arena arena;
	struct limit guard;

	compile_text("limit new-flows { per source 5/second }", NULL, &arena);
	CHECK_EQ(cost(&arena, ROLE_INSIDE), 0);
	CHECK(!compiled_guard(&arena, &guard));
	arena_free(&arena);
}

int main(void)
{
	return test_main();
}
