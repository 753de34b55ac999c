// SPDX-License-Identifier: GPL-2.0-only
/* A source with which a flow in both directions exists keeps its seat in the table of sources. */
#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <sched.h>
#include "attach.h"
#include "frame.h"
#include "gateway.h"
#include "test.h"
#include "bpf/pkt.h"
#include "tc.skel.h"
#include "xdp.skel.h"

#define HOST	"10.0.0.2"
#define SERVER	"192.0.2.1"

static const struct gateway_kind kinds[] = {
	{ "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes },
	{ "tc", "weir_tc", TC_ACT_UNSPEC, TC_ACT_SHOT, tc__elf_bytes },
};

static enum reason judged(struct gateway *gateway, __u16 sport, __u8 flags)
{
	struct gateway_answer answer;
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, HOST, SERVER, IPPROTO_TCP);
	craft_tcp(&c, sport, 80, flags);
	craft_finish(&c);
	return gateway_judge(gateway, c.byte, c.size, &answer) ? answer.reason : REASON_NONE;
}

/* The word of the host's seat; 0: it has none. */
static __u64 seat_word(const struct gateway *gateway)
{
	__u32 host = inet_addr(HOST);
	struct source_line line;

	for (__u32 i = 0; i < GATEWAY_LINES; i++) {
		CHECK(!bpf_map_lookup_elem(gateway_map(gateway, MAP_SOURCE), &i, &line));
		for (int way = 0; way < SOURCE_WAYS; way++)
			if (line.way[way].key == host)
				return line.way[way].word;
	}
	return 0;
}

TEST(flow_in_both_directions_proves_the_seat)
{
	struct run run = { .conntrack = CONNTRACK_SETTINGS_KNOWN };
	struct fail fail = {};
	__u32 zero = 0;

	if (geteuid())
		SKIP("needs root");
	CHECK(!unshare(CLONE_NEWNET));
	CHECK(!system("conntrack -I -p tcp -s " HOST " -d " SERVER " --sport 1000 --dport 80 --state ESTABLISHED "
		      "-u SEEN_REPLY,ASSURED -t 1000 >/dev/null 2>&1"));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct dev dev = { .ifindex = 1, .role = ROLE_INSIDE };
		struct gateway gateway;

		CHECK(!gateway_open(&gateway, &kinds[i], attach_probe(), true));
		CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_RUN), &zero, &run, BPF_ANY));
		CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_DEV), &zero, &dev, BPF_ANY));
		gateway_at(&gateway, 3600000000000ULL);
		CHECK(!gateway_policy(&gateway, "mode enforce\n", &fail));
		CHECK_EQ(judged(&gateway, 2000, TCP_SYN), REASON_NEW);
		CHECK(seat_word(&gateway) && !(seat_word(&gateway) & SEAT_PROVEN));
		CHECK_EQ(judged(&gateway, 1000, TCP_ACK), REASON_KNOWN);
		CHECK(seat_word(&gateway) & SEAT_PROVEN);
		CHECK_EQ(judged(&gateway, 2001, TCP_SYN), REASON_NEW);
		CHECK(seat_word(&gateway) & SEAT_PROVEN);
		gateway_close(&gateway);
	}
}

int main(void)
{
	return test_main();
}
