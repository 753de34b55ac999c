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
	const __u64 hash = 0x12345678;
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

	flow_put(&line, 1 << 10, 101);
	for (__u64 other = 2; other <= FLOW_WAYS + 1; other++)
		flow_put(&line, other << 10, 100);
	CHECK(flow_seen(&line, 1 << 10, 100, 1, false));
}

/* One in half a million at most is taken for one of eight others. */
TEST(strangers_are_seldom_taken_for_a_flow)
{
	const __u64 secret[4] = { 0x9e3779b97f4a7c15, 0x3c6ef372fe94f82b, 0xdaa66d2c7ddf743f,
				  0x78dde6e5fd29f055 };
	struct flow_line *line = calloc(FLOW_LINES, sizeof(*line));
	struct pkt pkt = { .family = 4, .l4_proto = 17, .dport = 53 };
	__u32 flows = FLOW_LINES * FLOW_WAYS, asked = 8000000, taken = 0;

	for (__u32 i = 0; i < flows; i++) {
		__u64 hash;

		pkt.saddr[0] = i;
		hash = flow_hash(&pkt, secret);
		flow_put(&line[hash_line(hash, FLOW_LINES - 1)], hash, 7);
	}
	for (__u32 i = 0; i < asked; i++) {
		__u64 hash;

		pkt.saddr[0] = flows + i;
		hash = flow_hash(&pkt, secret);
		taken += flow_seen(&line[hash_line(hash, FLOW_LINES - 1)], hash, 7, 1, false);
	}
	CHECK_SAID(taken <= asked / 250000, "%u of %u", taken, asked);
	printf("# %u of %u strangers taken for a flow\n", taken, asked);
	free(line);
}

/* As often as the bits of the time that can be read go round. */
TEST(old_is_never_new_again)
{
	const __u64 hash = 0x12345678;
	struct flow_line line = {};

	flow_put(&line, hash, 77);
	CHECK(flow_seen(&line, hash, 77 + 400, 400, false));
	for (__u32 now = 77 + 402; now < 77 + 5000000; now++)
		if (flow_seen(&line, hash, now, 400, false))
			CHECK_SAID(false, "seen at %u", now);
}

/* The way of a flow is taken again, and not another one. */
TEST(who_is_seen_again_takes_its_own_way)
{
	struct flow_line line = {};

	for (__u64 other = 1; other <= FLOW_WAYS; other++)
		flow_put(&line, other << 10, 100);
	for (__u32 now = 101; now < 200; now++)
		flow_put(&line, 5 << 10, now);
	for (__u64 other = 1; other <= FLOW_WAYS; other++)
		CHECK(flow_seen(&line, other << 10, 200, 100, false));
}

/* Refreshed by being asked for. */
TEST(asking_refreshes)
{
	struct flow_line line = {};

	flow_put(&line, 5 << 10, 100);
	CHECK(flow_seen(&line, 5 << 10, 120, 20, true));
	CHECK(flow_seen(&line, 5 << 10, 140, 20, false));
	CHECK(!flow_seen(&line, 5 << 10, 142, 20, false));
}

int main(void)
{
	return test_main();
}
