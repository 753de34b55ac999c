// SPDX-License-Identifier: GPL-2.0-only
/*
 * The short way of packets whose flow was judged a moment ago, through whole programs. That a packet
 * went it shows when the device changes sides meanwhile, of which no policy tells: the long way then
 * calls its source wrong.
 */
#include <linux/pkt_cls.h>
#include <sched.h>
#include "attach.h"
#include "frame.h"
#include "gateway.h"
#include "test.h"
#include "bpf/pkt.h"
#include "tc.skel.h"
#include "xdp.skel.h"

#define TICK_NS		(1ULL << FLOW_TICK_SHIFT)
#define HOUR_NS		3600000000000ULL
#define HOST		"10.0.0.2"
#define SERVER		"192.0.2.1"
#define INSIDE		"\ninterface lan0 { role inside; sources { 10.0.0.0/8 } }\n"

static const struct gateway_kind kinds[] = {
	{ "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes },
	{ "xdp generic", "weir_generic", XDP_PASS, XDP_DROP, xdp__elf_bytes },
	{ "xdp in a chain", "weir_chain", XDP_PASS, XDP_DROP, xdp__elf_bytes },
	{ "tc", "weir_tc", TC_ACT_UNSPEC, TC_ACT_SHOT, tc__elf_bytes },
};

static struct gateway gateway;

static void side(enum role role)
{
	struct dev dev = { .ifindex = 1, .role = role };
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_DEV), &zero, &dev, BPF_ANY));
}

static void policy(const char *text)
{
	struct fail fail = {};

	CHECK_SAID(!gateway_policy(&gateway, text, &fail), "%s: %s", text, fail.what);
}

static void later(__u64 ns)
{
	gateway_at(&gateway, gateway.now_ns + ns);
}

static struct craft frame_between(const char *saddr, const char *daddr, uint8_t proto, uint8_t flags)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, saddr, daddr, proto);
	if (proto == IPPROTO_TCP)
		craft_tcp(&c, 1000, 80, flags);
	else
		craft_udp(&c, 1000, 53);
	craft_finish(&c);
	return c;
}

static struct craft frame(uint8_t proto, uint8_t flags)
{
	return frame_between(HOST, SERVER, proto, flags);
}

#define IS(c, wanted, counted_only) do { \
	struct gateway_answer answer_; \
	CHECK(gateway_judge(&gateway, (c).byte, (c).size, &answer_)); \
	CHECK_SAID(answer_.reason == (wanted), "%s: %d, not %d", gateway.kind->name, answer_.reason, wanted); \
	CHECK_EQ(answer_.would, counted_only); \
	CHECK_EQ(answer_.verdict, (wanted) >= REASON_DROP_FIRST && !(counted_only) ? \
		 gateway.kind->drop : gateway.kind->pass); \
} while (0)

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
static struct gateway opened[KINDS];	/* once for all tests: a load takes its time */

/* a network namespace with one flow, and a program of each kind in it */
static bool set_up(void)
{
	struct run run = { .conntrack = CONNTRACK_SETTINGS_KNOWN };
	__u32 zero = 0;

	if (unshare(CLONE_NEWNET) || system("conntrack -I -p tcp -s " HOST " -d " SERVER " --sport 1000 --dport 80 "
					    "--state ESTABLISHED -u SEEN_REPLY,ASSURED -t 1000 >/dev/null 2>&1"))
		return false;
	for (size_t i = 0; i < KINDS; i++)
		if (gateway_open(&opened[i], &kinds[i], attach_probe(), true) ||
		    bpf_map_update_elem(gateway_map(&opened[i], MAP_RUN), &zero, &run, BPF_ANY))
			return false;
	return true;
}

/* An hour after the last test: nothing is remembered. */
static void of_all_kinds(void (*run)(void))
{
	if (geteuid())
		SKIP("needs root");
	if (!opened[0].object)
		CHECK_SAID(set_up(), "%s", "no entry, or no program");
	for (size_t i = 0; i < KINDS && opened[i].object; i++) {
		gateway = opened[i];
		gateway_at(&gateway, gateway.now_ns + HOUR_NS);
		side(ROLE_INSIDE);
		run();
		opened[i] = gateway;
	}
}

/* Two packets: one that finds the flow and writes the word, and one that finds the word. */
static void known_lately(const struct craft *ack)
{
	side(ROLE_INSIDE);
	later(3 * TICK_NS);
	IS(*ack, REASON_KNOWN, false);
	IS(*ack, REASON_KNOWN, false);
	side(ROLE_OUTSIDE);
}

static void lasts_a_second(void)
{
	struct craft ack = frame(IPPROTO_TCP, TCP_ACK);

	policy("mode enforce" INSIDE);
	known_lately(&ack);
	for (int i = 0; i < 3; i++) {
		IS(ack, REASON_KNOWN, false);
		later(TICK_NS);
	}
	IS(ack, REASON_KNOWN, false);
	later(2 * TICK_NS);
	IS(ack, REASON_WRONG_SIDE, false);
}

TEST(known_lasts_a_second) { of_all_kinds(lasts_a_second); }

static void ends_with_its_policy(void)
{
	struct craft ack = frame(IPPROTO_TCP, TCP_ACK);

	policy("mode enforce" INSIDE);
	known_lately(&ack);
	side(ROLE_INSIDE);
	policy("mode enforce; blocked { " HOST " }" INSIDE);
	IS(ack, REASON_BLOCKED, false);
	later(TICK_NS);
	IS(ack, REASON_BLOCKED, false);
	later(TICK_NS);
	IS(ack, REASON_BLOCKED, false);
}

TEST(known_ends_with_its_policy) { of_all_kinds(ends_with_its_policy); }

static void monitored(void)
{
	struct craft ack = frame(IPPROTO_TCP, TCP_ACK);

	policy("mode monitor; blocked { " HOST " }" INSIDE);
	later(3 * TICK_NS);
	for (int i = 0; i < 4; i++)
		IS(ack, REASON_BLOCKED, true);
}

TEST(what_is_only_counted_is_counted_each_time) { of_all_kinds(monitored); }

static void each_packet_is_sane(void)
{
	struct craft ack = frame(IPPROTO_TCP, TCP_ACK), christmas = frame(IPPROTO_TCP, TCP_SYN | TCP_FIN);

	policy("mode enforce" INSIDE);
	known_lately(&ack);
	IS(christmas, REASON_TCP_FLAGS, false);
	IS(ack, REASON_WRONG_SIDE, false);	/* behind a packet that asked for nothing: the long way */
}

TEST(each_packet_of_a_known_flow_is_sane) { of_all_kinds(each_packet_is_sane); }

static void windows(void)
{
	struct craft ack = frame(IPPROTO_TCP, TCP_ACK);

	policy("mode enforce; check { window drop }" INSIDE);
	known_lately(&ack);
	IS(ack, REASON_WRONG_SIDE, false);
}

TEST(windows_leave_no_shortcut) { of_all_kinds(windows); }

static void syns(void)
{
	struct craft ack = frame(IPPROTO_TCP, TCP_ACK), syn = frame(IPPROTO_TCP, TCP_SYN);

	policy("mode enforce" INSIDE);
	known_lately(&ack);
	IS(syn, REASON_WRONG_SIDE, false);
}

TEST(a_syn_goes_the_long_way) { of_all_kinds(syns); }

/* What a bypassed service is spared is the flow's judgement, never its source's. */
static void bypassed(void)
{
	struct craft query = frame(IPPROTO_UDP, 0);

	policy("mode enforce; bypass { udp port 53 }" INSIDE);
	IS(query, REASON_BYPASS, false);
	side(ROLE_OUTSIDE);
	IS(query, REASON_WRONG_SIDE, false);
	side(ROLE_INSIDE);
	policy("mode enforce; bypass { udp port 53 }; blocked { " HOST " }" INSIDE);
	IS(query, REASON_BLOCKED, false);
	policy("mode monitor; bypass { udp port 53 }; blocked { " HOST " }" INSIDE);
	for (int i = 0; i < 3; i++)
		IS(query, REASON_BLOCKED, true);
	policy("mode enforce; bypass { udp port 53 }; blocked { " HOST " }; trusted { " HOST " }" INSIDE);
	IS(query, REASON_BYPASS, false);
	policy("mode enforce; limit new-flows { per source 1/hour burst 1 }" INSIDE);
	IS(query, REASON_NEW, false);
	later(6 * TICK_NS);
	IS(query, REASON_RATE_SOURCE, false);
}

TEST(bypassed_is_told_by_its_source_each_time) { of_all_kinds(bypassed); }

/* The classes of the packet before are remembered: by address, and by policy. */
static void by_turns(void)
{
	struct craft mine = frame(IPPROTO_UDP, 0);
	struct craft theirs = frame_between("10.0.0.3", SERVER, IPPROTO_UDP, 0);
	struct craft elsewhere = frame_between(HOST, "192.0.2.2", IPPROTO_UDP, 0);

	policy("mode enforce; bypass { udp port 53 to " SERVER " }; blocked { 10.0.0.3 }" INSIDE);
	for (int i = 0; i < 3; i++) {
		IS(mine, REASON_BYPASS, false);
		IS(theirs, REASON_BLOCKED, false);
		IS(elsewhere, i ? REASON_KNOWN : REASON_NEW, false);
	}
	policy("mode enforce; bypass { udp port 53 to 192.0.2.2 }; blocked { " HOST " }" INSIDE);
	IS(mine, REASON_BLOCKED, false);
	IS(theirs, REASON_NEW, false);
	policy("mode enforce; bypass { udp port 53 to 192.0.2.2 }" INSIDE);
	IS(elsewhere, REASON_BYPASS, false);
	IS(mine, REASON_NEW, false);
}

TEST(bypassed_is_told_by_both_addresses) { of_all_kinds(by_turns); }

static void lists_its_sources(void)
{
	struct dev dev = { .ifindex = 1, .role = ROLE_INSIDE, .flags = DEV_SOURCES };
	struct craft query = frame(IPPROTO_UDP, 0);
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_DEV), &zero, &dev, BPF_ANY));
	policy("mode enforce; bypass { udp port 53 }" INSIDE);
	IS(query, REASON_BYPASS, false);
	policy("mode enforce; bypass { udp port 53 }\n"
	       "interface lan0 { role inside; sources { 10.0.0.0/31 } }\n");
	IS(query, REASON_WRONG_SIDE, false);
}

TEST(bypassed_comes_from_where_its_device_says) { of_all_kinds(lists_its_sources); }

static unsigned words_written(void)
{
	struct flow_line line;
	unsigned words = 0;

	for (__u32 i = 0; i < FLOW_HOT_LINES; i++) {
		CHECK(!bpf_map_lookup_elem(gateway_map(&gateway, MAP_FLOW_HOT), &i, &line));
		for (int way = 0; way < FLOW_WAYS; way++)
			words += !!line.way[way];
	}
	return words;
}

/* Strangers to a bypassed service push out no flow that goes on. */
static void strangers(void)
{
	struct craft query = frame(IPPROTO_UDP, 0);
	unsigned before = words_written();

	policy("mode enforce; bypass { udp port 53 }" INSIDE);
	later(3 * TICK_NS);
	for (unsigned port = 1; port <= 1600; port++) {
		craft_put16(query.byte + 34, port);
		gateway_send(&gateway, query.byte, query.size);
	}
	CHECK_EQ(words_written(), before);
}

TEST(a_flood_of_a_bypassed_service_is_not_remembered) { of_all_kinds(strangers); }

int main(void)
{
	return test_main();
}
