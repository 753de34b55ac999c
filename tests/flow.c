// SPDX-License-Identifier: GPL-2.0-only
/* The memory of flows, compiled natively. */
#pragma GCC diagnostic ignored "-Wunknown-pragmas"	/* unroll: for clang */
#include "bpf/flow.h"
#include "test.h"

static const __u64 key[4] = { 0x9e3779b97f4a7c15, 3, 5, 7 };

TEST(whatever_makes_an_entry_makes_a_flow)
{
	const struct pkt echo = { .family = 4, .l4_proto = 1, .icmp_type = 8, .sport = 7 };
	struct pkt other = echo;

	CHECK(flow_hash(&echo, key) == flow_hash(&other, key));
	other.icmp_code = 1;
	CHECK(flow_hash(&echo, key) != flow_hash(&other, key));
	other = echo;
	other.sport = 8;
	CHECK(flow_hash(&echo, key) != flow_hash(&other, key));
}

/* A CPU that was held up at the end of a tick meets what another one saw after it. */
TEST(seen_a_tick_later_is_seen)
{
	const __u64 hash = 0x123456789abc;
	struct flow_line line = {};

	flow_put(&line, hash, 101);
	CHECK(flow_seen(&line, hash, 100, 1, false));
	CHECK(flow_seen(&line, hash, 102, 1, false));
	CHECK(!flow_seen(&line, hash, 103, 1, false));
	CHECK(!flow_seen(&line, hash, 99, 1, false));
}

TEST(seen_a_tick_later_is_not_the_oldest)
{
	struct flow_line line = {};

	flow_put(&line, 1, 101);
	for (__u64 other = 2; other <= FLOW_WAYS + 1; other++)
		flow_put(&line, other, 100);
	CHECK(flow_seen(&line, 1, 100, 1, false));
}

int main(void)
{
	return test_main();
}
