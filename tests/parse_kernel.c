// SPDX-License-Identifier: GPL-2.0-only
/*
 * The verified and compiled parser says of each frame what the native one says: crafted frames,
 * and the same with bytes changed and ends cut (SEED=number repeats a run).
 */
#include "frame.h"
#include "test.h"
#include <bpf/bpf.h>
#include <time.h>
#include <unistd.h>
#include "bpf/parse.h"
#include "bpf/sane.h"
#include "tests/bpf/parse.skel.h"

#define MUTATIONS	2000

static struct parse *skel;

static void compare(const struct craft *c)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = c->byte, .data_size_in = c->size);
	enum reason reason;
	struct pkt pkt;
	int failed;

	parse(c->byte, c->byte + c->size, c->size, false, &pkt);
	reason = sane(&pkt);
	failed = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.show_frame), &run);
	CHECK_EQ(failed, 0);
	CHECK_EQ(run.retval, reason);
	CHECK(!memcmp(&skel->bss->seen, &pkt, sizeof(pkt)));
}

static struct craft wrapped(unsigned kind, uint8_t proto)
{
	struct craft c = {};

	craft_eth(&c, kind == 0 ? ETH_P_IP : kind == 1 ? ETH_P_IPV6 : ETH_P_8021Q);
	if (kind == 2)
		craft_vlan(&c, 5, ETH_P_PPP_SES);
	if (kind == 2)
		craft_pppoe(&c, 0x0021);
	if (kind != 1) {
		craft_ip4_options(&c, "192.0.2.1", "198.51.100.2", proto, kind == 2 ? 12 : 0);
		return c;
	}
	craft_ip6(&c, "2001:db8::1", "2001:db8:1::2", IPPROTO_HOPOPTS);
	craft_extension(&c, IPPROTO_FRAGMENT, 16);
	craft_ip6_fragment(&c, proto, 0, false);
	return c;
}

static struct craft with_l4(unsigned kind, unsigned l4)
{
	static const uint8_t proto[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP };
	bool six = kind == 1;
	struct craft c = wrapped(kind, l4 == 2 && six ? IPPROTO_ICMPV6 : proto[l4]);

	if (l4 == 0)
		craft_tcp_options(&c, 1025, 443, TCP_ACK, 12);
	if (l4 == 1)
		craft_udp(&c, 1025, 53);
	if (l4 == 2) {
		craft_icmp(&c, six ? 1 : 3, 1, 0);
		if (six)
			craft_ip6(&c, "2001:db8:1::2", "2001:db8::1", IPPROTO_UDP);
		else
			craft_ip4(&c, "198.51.100.2", "192.0.2.1", IPPROTO_UDP);
		craft_udp(&c, 53, 1025);
	}
	craft_payload(&c, 24);
	craft_finish(&c);
	return c;
}

TEST(kernel_agrees)
{
	const char *said = getenv("SEED");
	unsigned seed = said ? strtoul(said, NULL, 0) : (unsigned)time(NULL);

	if (geteuid())
		SKIP("needs root");
	skel = parse__open_and_load();
	CHECK(skel);
	if (!skel)
		return;
	printf("# SEED=%u\n", seed);
	srand(seed);
	for (unsigned kind = 0; kind < 3; kind++) {
		for (unsigned l4 = 0; l4 < 4; l4++) {
			const struct craft whole = with_l4(kind, l4);

			compare(&whole);
			for (unsigned i = 0; i < MUTATIONS; i++) {
				struct craft c = whole;

				for (int bytes = rand() % 4; bytes >= 0; bytes--)
					c.byte[12 + rand() % (c.size - 12)] = rand() % 3 ? rand() : 0;
				if (rand() % 2)
					craft_seal_ip4(&c, &c.ip[0]);
				if (rand() % 4 == 0)	/* XDP has an Ethernet header always */
					c.size = 14 + rand() % (c.size - 14);
				compare(&c);
			}
		}
	}
	parse__destroy(skel);
}

int main(void)
{
	return test_main();
}
