// SPDX-License-Identifier: GPL-2.0-only
/* The flows of a burst, at whatever instant they come, all at once: so many as were asked for. */
#include "attach.h"
#include "frame.h"
#include "gateway.h"
#include "test.h"
#include "xdp.skel.h"

#define HOUR_NS	3600000000000ULL

static const struct gateway_kind xdp = { "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes };
static struct gateway gateway;

/* How many of so many flows of one source to one service are admitted at one instant. */
static unsigned admitted(unsigned flows, enum reason refusal)
{
	unsigned count = 0;

	for (unsigned port = 1; port <= flows; port++) {
		struct gateway_answer answer;
		struct craft c = {};

		craft_eth(&c, ETH_P_IP);
		craft_ip4(&c, "25.0.0.1", "192.0.2.1", IPPROTO_UDP);
		craft_udp(&c, port, 53);
		craft_finish(&c);
		CHECK(gateway_judge(&gateway, c.byte, c.size, &answer));
		CHECK(answer.reason == REASON_NEW || answer.reason == refusal);
		count += answer.reason == REASON_NEW;
	}
	return count;
}

/* None costs so little that one fits into the clock's tick (gcra.h). */
static const char *const rates[] = { "1/hour", "7/minute", "3/second", "30/second", "70/second" };

static void each_burst(const char *limit, enum reason refusal)
{
	struct fail fail = {};
	char text[200];

	if (geteuid())
		SKIP("needs root");
	if (!gateway.object)
		CHECK(!gateway_open(&gateway, &xdp, attach_probe(), true));
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		for (unsigned burst = 2; burst <= 9; burst += 7) {
			snprintf(text, sizeof(text), "mode enforce; limit new-flows { %s %s burst %u }\n"
				 "interface lan0 { role outside }\n", limit, rates[i], burst);
			CHECK_SAID(!gateway_policy(&gateway, text, &fail), "%s: %s", text, fail.what);
			gateway_at(&gateway, gateway.now_ns + 10 * HOUR_NS + 77);
			CHECK_EQ(admitted(15, refusal), burst);
		}
	}
}

TEST(of_a_source) { each_burst("per source", REASON_RATE_SOURCE); }
TEST(of_an_aggregate) { each_burst("per aggregate", REASON_RATE_PREFIX); }
TEST(of_a_destination) { each_burst("per destination", REASON_RATE_DESTINATION); }
TEST(of_a_prefix) { each_burst("prefix 25.0.0.0/8 total", REASON_RATE_PREFIX); }
TEST(of_all) { each_burst("total", REASON_RATE_TOTAL); }

int main(void)
{
	return test_main();
}
