// SPDX-License-Identifier: GPL-2.0-only
/* Challenges that the SYNs to one prefix engage, in the whole program. */
#include "challenged.h"

#define POLICY	"mode enforce; challenge { syn retransmit; engage above 10000/second unproven; " \
		"engage to 25.1.0.0/16 above 1000/second; engage to 25.1.7.0/24 above 100/second; " \
		"engage to 2a00:25:1::/48 above 500/second }"
#define ONE	"25.1.0.1"	/* has a rate of its own */
#define INNER	"25.1.7.1"	/* lies in there, and has another one */
#define OTHER	"25.2.0.1"	/* has none */

static __u32 number;

/* Is a stranger's SYN to there challenged? */
static bool asks(const char *to)
{
	char from[64];

	number++;
	snprintf(from, sizeof(from), strchr(to, ':') ? "2001:470:%x:%x::1" : "43.7.%u.%u", number / 256,
		 number % 256);
	return syn_to((struct client){ from, 1, number }, to) == REASON_CHALLENGED;
}

/* So many SYNs a second to there for so long, in steps of 10 ms; ends at *ms. */
static unsigned int flood_for(const char *to, __u64 *ms, unsigned int rate, unsigned int duration_ms)
{
	unsigned int passed = 0;

	for (unsigned int i = 0; i < duration_ms; i += 10, *ms += 10) {
		at_ms(*ms);
		passed += flood_to(to, rate / 100);
	}
	return passed;
}

TEST(a_flood_of_one_prefix_leaves_the_others_alone)
{
	__u64 ms = 0;
	unsigned int passed;

	fresh(POLICY);
	/* three times what engages challenges to everywhere, but it is all held before it counts there */
	passed = flood_for(ONE, &ms, 30000, 3000);
	/* 20 ms worth of the rate, a batch that each CPU may hold, and spoofed ones by chance */
	CHECK_SAID(passed <= 21U + 4 * libbpf_num_possible_cpus() + 10, "%u passed", passed);
	CHECK(asks(ONE));
	CHECK(asks("25.1.255.255"));
	CHECK(!asks(OTHER));
	CHECK(!asks("25.0.255.255"));
	CHECK(!asks(INNER));
	CHECK(!asks("2a00:25:1::1"));
	CHECK(!asks("2a00:25::1"));
}

TEST(the_longest_prefix_counts)
{
	__u64 ms = 0;

	fresh(POLICY);
	flood_for(INNER, &ms, 300, 2000);
	CHECK(asks(INNER));
	CHECK(!asks(ONE));
	CHECK(!asks(OTHER));
	flood_for(ONE, &ms, 300, 2000);
	CHECK(!asks(ONE));
}

TEST(honest_clients_get_through_to_the_flooded_prefix)
{
	struct client client = { "41.1.2.3", 40000, 0x11223344 };
	__u64 ms = 0;

	fresh(POLICY);
	flood_for(ONE, &ms, 30000, 100);
	CHECK_EQ(syn_to(client, ONE), REASON_CHALLENGED);
	flood_for(ONE, &ms, 30000, 1000);
	CHECK_EQ(syn_to(client, ONE), REASON_NEW);
	client.port++;
	CHECK_EQ(syn_to(client, ONE), REASON_NEW);	/* proven */
}

TEST(hysteresis_of_one_prefix)
{
	__u64 ms = 0;

	fresh(POLICY);
	flood_for(ONE, &ms, 900, 3000);
	CHECK(!asks(ONE));
	flood_for(ONE, &ms, 3000, 1000);
	CHECK(asks(ONE));
	flood_for(ONE, &ms, 700, 25000);	/* below the rate, but above half of it */
	CHECK(asks(ONE));
	flood_for(ONE, &ms, 300, 8000);
	CHECK(asks(ONE));			/* not long enough */
	flood_for(ONE, &ms, 300, 3000);
	CHECK(!asks(ONE));			/* off by itself */
	flood_for(ONE, &ms, 900, 3000);
	CHECK(!asks(ONE));
	flood_for(ONE, &ms, 3000, 1000);
	CHECK(asks(ONE));
}

TEST(all_together_count_for_everywhere)
{
	__u64 ms = 0;

	fresh(POLICY);
	flood_for(OTHER, &ms, 30000, 500);
	CHECK(asks(OTHER));
	CHECK(asks(ONE));
	CHECK(asks("2a00:25:1::1"));
}

TEST(pressure_asks_everywhere)
{
	fresh(POLICY);
	CHECK(!asks(ONE));
	press(PRESSURE_TIGHT, 0);
	CHECK(asks(ONE));
	CHECK(asks(OTHER));
}

/* A flood of IPv6, each SYN from another /64 */
static void flood6(const char *to, unsigned int n)
{
	char from[64];

	while (n--) {
		number++;
		snprintf(from, sizeof(from), "2001:db9:%x:%x::1", number >> 16, number & 0xffff);
		syn_to((struct client){ from, 1, number }, to);
	}
}

TEST(ipv6_prefixes_have_rates_too)
{
	fresh(POLICY);
	flood6("2a00:25:1::1", 60);
	CHECK(asks("2a00:25:1:ffff::1"));
	CHECK(!asks("2a00:25:2::1"));
	CHECK(!asks(ONE));
}

TEST(one_prefix_alone)
{
	__u64 ms = 0;

	fresh("mode enforce; challenge { syn retransmit; engage to 25.1.0.0/16 above 1000/second }");
	flood_for(OTHER, &ms, 30000, 200);
	CHECK(!asks(OTHER));
	flood_for(ONE, &ms, 30000, 200);
	CHECK(asks(ONE));
	CHECK(!asks(OTHER));
}

TEST(monitored_it_counts_and_passes)
{
	fresh("mode monitor; challenge { syn retransmit; engage to 25.1.0.0/16 above 1000/second }");
	CHECK_EQ(flood_to(ONE, 1000), 1000);
	CHECK(asks(ONE));
	CHECK(answer.would);
	CHECK(!asks(OTHER));
}

int main(void)
{
	return challenged_main("challenge_to");
}
