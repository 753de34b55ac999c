// SPDX-License-Identifier: GPL-2.0-only
/*
 * `bypass ... fast` in the whole program, against real routes and neighbours in a network namespace
 * of its own: what is forwarded, and the bytes that leave; what goes to the kernel, with its bytes
 * as they came.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "frame.h"
#include "gateway.h"
#include "shell.h"
#include "test.h"
#include "bpf/forward.h"
#include "xdp.skel.h"

#define BEGIN	1000000000000ULL
#define BYPASS	"bypass { from 25.0.0.0/24 fast; from 2a00:25::/64 fast; udp port 53 to 25.0.1.3 }"

static const struct gateway_kind kind = { "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes };
static struct gateway gateway;
static const __u8 far_mac[] = "\x02\x00\x00\x00\x19\x10", near_mac[] = "\x02\x00\x00\x00\x19\x02";

static bool routes_made(void)
{
	return run_router() &&
	       run("for d in wan lan; do ip link add $d type veth peer name $d-peer && "
		   "ip link set $d up && ip link set $d-peer up || exit; done") &&
	       run("ip addr add 25.0.0.1/24 dev wan && ip addr add 25.0.1.1/24 dev lan && "
		   "ip -6 addr add 2a00:25::1/64 dev wan nodad && "
		   "ip -6 addr add 2a00:25:1::1/64 dev lan nodad") &&
	       run("ip neigh add 25.0.0.10 lladdr 02:00:00:00:19:10 dev wan && "
		   "ip neigh add 2a00:25::10 lladdr 02:00:00:00:19:10 dev wan && "
		   "ip neigh add 25.0.1.2 lladdr 02:00:00:00:19:02 dev lan && "
		   "ip neigh add 25.0.1.3 lladdr 02:00:00:00:19:02 dev lan && "
		   "ip neigh add 2a00:25:1::2 lladdr 02:00:00:00:19:02 dev lan") &&
	       run("ip route add 25.0.2.0/24 via 25.0.1.2 && ip route add default via 25.0.1.2 && "
		   "ip -6 route add default via 2a00:25:1::2 && ip -6 route add unreachable 2a00:99::/32 && "
		   "ip route add 25.0.3.0/24 via 25.0.1.2 mtu lock 1000 && "
		   "ip route add unreachable 25.0.4.0/24");
}

static void mac_of(const char *device, void *mac)
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	CHECK(!ioctl(fd, SIOCGIFHWADDR, &request));
	memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(fd);
}

static void allow(const char *device, __u8 flags)
{
	struct forward_dev told = { .ifindex = if_nametoindex(device), .flags = flags };
	__u32 place = told.ifindex % FORWARD_PLACES;

	mac_of(device, told.mac);
	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_FORWARD), &place, &told, BPF_ANY));
}

/* The device that frames come in by. */
static void arrive_at(const char *device)
{
	struct dev dev = { .ifindex = if_nametoindex(device), .role = ROLE_INSIDE };
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_DEV), &zero, &dev, BPF_ANY));
}

static void policy(const char *text)
{
	struct fail fail = {};

	CHECK_SAID(!gateway_policy(&gateway, text, &fail), "%s", fail.what);
}

static void usual(void)
{
	policy("mode enforce\n" BYPASS);
	arrive_at("wan");
	allow("wan", FORWARD_FROM | FORWARD_TO);
	allow("lan", FORWARD_FROM | FORWARD_TO);
}

/* ---- frames -------------------------------------------------------------------------------- */

/* From the device's neighbour to the device. */
static void link_of(struct craft *c, const char *device)
{
	mac_of(device, c->byte);
	memcpy(c->byte + 6, strcmp(device, "wan") ? near_mac : far_mac, 6);
}

static void begin(struct craft *c, const char *device, unsigned type)
{
	*c = (struct craft){};
	craft_eth(c, type);
	link_of(c, device);
}

static void end_udp(struct craft *c, unsigned payload)
{
	craft_udp(c, 1000, 2000);
	craft_payload(c, payload);
	craft_finish(c);
}

static struct craft udp_of(const char *from, const char *to, unsigned payload)
{
	bool six = strchr(to, ':');
	struct craft c;

	begin(&c, "wan", six ? ETH_P_IPV6 : ETH_P_IP);
	if (six)
		craft_ip6(&c, from, to, IPPROTO_UDP);
	else
		craft_ip4(&c, from, to, IPPROTO_UDP);
	end_udp(&c, payload);
	return c;
}

static struct craft udp4(const char *to)
{
	return udp_of("25.0.0.10", to, 100);
}

static struct craft udp6(const char *to)
{
	return udp_of("2a00:25::10", to, 100);
}

/* ---- what comes out ------------------------------------------------------------------------ */

/* Forwarded: by device to the neighbour with that address, one hop older, else as it was. */
static void check_goes(int line, const struct craft *c, const char *device, const __u8 *neighbour)
{
	struct craft wanted = *c;
	struct gateway_answer answer;

	CHECK(gateway_judge(&gateway, c->byte, c->size, &answer));
	CHECK_SAID(answer.reason == REASON_FORWARDED && answer.verdict == XDP_REDIRECT &&
		   answer.bytes == c->size, "line %d: reason %d, verdict %d", line, answer.reason,
		   answer.verdict);
	memcpy(wanted.byte, neighbour, 6);
	mac_of(device, wanted.byte + 6);
	wanted.byte[14 + (c->ip[0].family == 6 ? 7 : 8)]--;
	if (c->ip[0].family == 4)
		craft_seal_ip4(&wanted, &wanted.ip[0]);
	CHECK_SAID(gateway_out_size == c->size && !memcmp(gateway_out, wanted.byte, c->size),
		   "line %d: %u bytes", line, gateway_out_size);
}
#define GOES(c, device, neighbour) check_goes(__LINE__, c, device, neighbour)

/* Passed for that reason; what is bypassed carries its mark in front. */
static void check_stays(int line, const struct craft *c, enum reason reason)
{
	const struct handover *handover = (const struct handover *)gateway_out;
	__u32 front = reason == REASON_BYPASS ? sizeof(*handover) : 0;
	struct gateway_answer answer;

	CHECK(gateway_judge(&gateway, c->byte, c->size, &answer));
	CHECK_SAID(answer.reason == reason && answer.verdict == XDP_PASS, "line %d: reason %d, verdict %d",
		   line, answer.reason, answer.verdict);
	CHECK_SAID(gateway_out_size == front + c->size &&
		   !memcmp(gateway_out + front, c->byte, c->size), "line %d: %u bytes", line,
		   gateway_out_size);
	CHECK_SAID(!front || (handover->magic == HANDOVER_MAGIC && handover->mark), "line %d", line);
}
#define STAYS(c) check_stays(__LINE__, c, REASON_BYPASS)

TEST(both_directions)
{
	struct craft c = udp4("25.0.1.2");

	usual();
	GOES(&c, "lan", near_mac);
	c = udp4("25.0.2.9");	/* behind a router */
	GOES(&c, "lan", near_mac);
	c = udp6("2a00:25:1::2");
	GOES(&c, "lan", near_mac);
	arrive_at("lan");
	c = udp_of("25.0.1.2", "25.0.0.10", 0);
	link_of(&c, "lan");
	GOES(&c, "wan", far_mac);
	c = udp_of("2a00:25:1::2", "2a00:25::10", 0);
	link_of(&c, "lan");
	GOES(&c, "wan", far_mac);
}

TEST(every_protocol)
{
	static const uint8_t flags[] = { 0x02, 0x12, 0x10, 0x11, 0x04 };
	struct craft c;

	usual();
	for (size_t i = 0; i < sizeof(flags); i++) {
		begin(&c, "wan", ETH_P_IP);
		craft_ip4(&c, "25.0.0.10", "25.0.1.2", IPPROTO_TCP);
		craft_tcp_options(&c, 1000, 80, flags[i], 12);
		craft_finish(&c);
		GOES(&c, "lan", near_mac);
	}
	begin(&c, "wan", ETH_P_IP);
	craft_ip4(&c, "25.0.0.10", "25.0.1.2", IPPROTO_ICMP);
	craft_icmp(&c, 8, 0, 7);
	craft_finish(&c);
	GOES(&c, "lan", near_mac);
	begin(&c, "wan", ETH_P_IPV6);
	craft_ip6(&c, "2a00:25::10", "2a00:25:1::2", IPPROTO_ICMPV6);
	craft_icmp(&c, 128, 0, 7);
	craft_finish(&c);
	GOES(&c, "lan", near_mac);
	begin(&c, "wan", ETH_P_IP);
	craft_ip4(&c, "25.0.0.10", "25.0.1.2", IPPROTO_ESP);
	craft_payload(&c, 60);
	craft_finish(&c);
	GOES(&c, "lan", near_mac);
}

/* Each checksum that a header can have, and each TTL. */
TEST(checksum_and_ttl)
{
	struct craft c = udp4("25.0.1.2");
	static struct pkt pkt = { .family = 4 };
	struct craft_ip *ip = &c.ip[0];
	__u8 own[6];

	memcpy(own, c.byte, 6);
	pkt.bytes = c.size;
	for (unsigned i = 0; i < 0x10000; i++) {
		uint8_t *at = c.byte + ip->at, ttl = 2 + i % 254;

		craft_put16(at + 4, i);
		at[8] = ttl;
		craft_seal_ip4(&c, ip);
		memcpy(c.byte, own, 6);
		CHECK(forward_write(c.byte, c.byte + c.size, &pkt, own, near_mac, far_mac));
		CHECK_SAID(craft_sum(0, at, 20) == 0xffff && at[8] == ttl - 1, "id %u", i);
	}
}

TEST(the_kernel_answers)
{
	struct craft c = udp4("25.0.1.2");

	usual();
	c.byte[14 + 8] = 1;
	craft_seal_ip4(&c, &c.ip[0]);
	STAYS(&c);
	c.byte[14 + 8] = 0;
	craft_seal_ip4(&c, &c.ip[0]);
	STAYS(&c);
	c.byte[14 + 8] = 2;
	craft_seal_ip4(&c, &c.ip[0]);
	GOES(&c, "lan", near_mac);
	c = udp6("2a00:25:1::2");
	c.byte[14 + 7] = 1;
	STAYS(&c);
	c = udp4("25.0.4.1");		/* unreachable */
	STAYS(&c);
	c = udp6("2a00:99::1");
	STAYS(&c);
	c = udp_of("25.0.0.11", "25.0.0.10", 100);	/* goes back where it came from */
	STAYS(&c);
	arrive_at("lan");
	link_of(&c, "lan");
	GOES(&c, "wan", far_mac);
}

TEST(larger_than_the_way)
{
	struct craft c = udp_of("25.0.0.10", "25.0.3.1", 1000 - 28);

	usual();
	GOES(&c, "lan", near_mac);
	c = udp_of("25.0.0.10", "25.0.3.1", 1000 - 27);
	STAYS(&c);
	c = udp_of("25.0.0.10", "25.0.3.1", 100);
	craft_payload(&c, 900);		/* behind the end of the packet: the device would not send it */
	STAYS(&c);
	c = udp_of("25.0.0.10", "25.0.1.2", 1500 - 28);
	GOES(&c, "lan", near_mac);
	c = udp_of("25.0.0.10", "25.0.1.2", 1500 - 27);
	STAYS(&c);
	CHECK(run("ip link set lan mtu 1280"));
	c = udp_of("2a00:25::10", "2a00:25:1::2", 1280 - 48);
	GOES(&c, "lan", near_mac);
	c = udp_of("2a00:25::10", "2a00:25:1::2", 1280 - 47);
	STAYS(&c);
	CHECK(run("ip link set lan mtu 9000"));
	c = udp_of("25.0.0.10", "25.0.1.2", 3900);	/* in two buffers */
	STAYS(&c);
	CHECK(run("ip link set lan mtu 1500"));
}

TEST(no_plain_headers)
{
	struct craft c;

	usual();
	begin(&c, "wan", ETH_P_IP);
	craft_ip4_options(&c, "25.0.0.10", "25.0.1.2", IPPROTO_UDP, 4);
	end_udp(&c, 10);
	STAYS(&c);
	begin(&c, "wan", ETH_P_IPV6);
	craft_ip6(&c, "2a00:25::10", "2a00:25:1::2", 0);
	craft_extension(&c, IPPROTO_UDP, 8);
	end_udp(&c, 10);
	STAYS(&c);
	begin(&c, "wan", ETH_P_8021Q);
	craft_vlan(&c, 7, ETH_P_IP);
	craft_ip4(&c, "25.0.0.10", "25.0.1.2", IPPROTO_UDP);
	end_udp(&c, 10);
	STAYS(&c);
	begin(&c, "wan", ETH_P_PPP_SES);
	craft_pppoe(&c, 0x21);
	craft_ip4(&c, "25.0.0.10", "25.0.1.2", IPPROTO_UDP);
	end_udp(&c, 10);
	STAYS(&c);
}

TEST(fragments)
{
	struct craft c;

	usual();
	begin(&c, "wan", ETH_P_IP);
	craft_ip4(&c, "25.0.0.10", "25.0.1.2", IPPROTO_UDP);
	craft_ip4_fragment(&c, 0, true);
	end_udp(&c, 64);
	STAYS(&c);
	begin(&c, "wan", ETH_P_IP);
	craft_ip4(&c, "25.0.0.10", "25.0.1.2", IPPROTO_UDP);
	craft_ip4_fragment(&c, 72, false);
	craft_payload(&c, 64);
	craft_finish(&c);
	check_stays(__LINE__, &c, REASON_FRAGMENT);
	begin(&c, "wan", ETH_P_IPV6);
	craft_ip6(&c, "2a00:25::10", "2a00:25:1::2", IPPROTO_FRAGMENT);
	craft_ip6_fragment(&c, IPPROTO_UDP, 0, true);
	end_udp(&c, 64);
	STAYS(&c);
}

TEST(errors)
{
	struct craft c;

	usual();
	begin(&c, "wan", ETH_P_IP);
	craft_ip4(&c, "25.0.0.10", "25.0.1.2", IPPROTO_ICMP);
	craft_icmp(&c, 3, 4, 0);
	craft_ip4(&c, "25.0.1.2", "25.0.0.10", IPPROTO_UDP);
	craft_udp(&c, 2000, 1000);
	craft_finish(&c);
	STAYS(&c);
	begin(&c, "wan", ETH_P_IPV6);
	craft_ip6(&c, "2a00:25::10", "2a00:25:1::2", IPPROTO_ICMPV6);
	craft_icmp(&c, 2, 0, 0);
	craft_ip6(&c, "2a00:25:1::2", "2a00:25::10", IPPROTO_UDP);
	craft_udp(&c, 2000, 1000);
	craft_finish(&c);
	STAYS(&c);
}

TEST(addresses_that_no_router_forwards)
{
	static const char *const four[] = {
		"25.0.0.1", "25.0.1.1", "25.0.1.255", "224.0.0.5", "239.1.2.3", "255.255.255.255",
		"169.254.1.1", "127.0.0.1", "0.1.2.3", "240.0.0.1",
	};
	static const char *const six[] = {
		"2a00:25::1", "2a00:25:1::1", "ff02::5", "ff0e::5", "fe80::1", "::1", "::ffff:25.0.1.2",
	};
	struct craft c;

	usual();
	for (size_t i = 0; i < sizeof(four) / sizeof(four[0]); i++) {
		c = udp4(four[i]);
		STAYS(&c);
	}
	for (size_t i = 0; i < sizeof(six) / sizeof(six[0]); i++) {
		c = udp6(six[i]);
		STAYS(&c);
	}
}

/* a switch floods them, or the device listens to all */
TEST(frames_for_others)
{
	struct craft c = udp4("25.0.1.2");

	usual();
	memcpy(c.byte, far_mac, 6);
	STAYS(&c);
	memset(c.byte, 0xff, 6);
	STAYS(&c);
}

TEST(neighbour_is_not_known)
{
	struct craft c = udp4("25.0.1.9");

	usual();
	STAYS(&c);
	CHECK(run("ip neigh add 25.0.1.9 lladdr 02:00:00:00:19:02 dev lan nud stale"));
	GOES(&c, "lan", near_mac);
	CHECK(run("ip neigh change 25.0.1.9 dev lan nud failed"));
	STAYS(&c);
	CHECK(run("ip neigh del 25.0.1.2 dev lan"));
	c = udp4("25.0.2.9");
	STAYS(&c);
	CHECK(run("ip neigh add 25.0.1.2 lladdr 02:00:00:00:19:02 dev lan"));
	GOES(&c, "lan", near_mac);
}

TEST(devices)
{
	struct craft c = udp4("25.0.1.2");
	__u32 place = if_nametoindex("lan") % FORWARD_PLACES;
	struct forward_dev other = { .ifindex = if_nametoindex("lan") + FORWARD_PLACES,
				     .flags = FORWARD_TO };

	usual();
	allow("wan", FORWARD_TO);
	STAYS(&c);
	allow("wan", FORWARD_FROM);
	GOES(&c, "lan", near_mac);
	allow("lan", FORWARD_FROM);
	STAYS(&c);
	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_FORWARD), &place, &other, BPF_ANY));
	STAYS(&c);
	allow("lan", FORWARD_TO);
	GOES(&c, "lan", near_mac);
	CHECK(run("sysctl -qw net.ipv4.conf.wan.forwarding=0"));
	STAYS(&c);
	CHECK(run("sysctl -qw net.ipv4.conf.wan.forwarding=1"));
}

/* Rules lead to the table, by the ports too. */
TEST(rules)
{
	struct craft c = udp4("25.0.1.2");

	usual();
	CHECK(run("ip route add unreachable 25.0.1.2 table 7 && "
		  "ip rule add pref 100 iif wan ipproto 17 sport 1000 dport 2000 lookup 7"));
	STAYS(&c);
	CHECK(run("ip rule del pref 100 && ip rule add pref 100 iif wan ipproto 17 sport 2000 lookup 7"));
	GOES(&c, "lan", near_mac);
	CHECK(run("ip rule del pref 100 && ip rule add pref 100 dsfield 0x10 lookup 7"));
	STAYS(&c);
	CHECK(run("ip rule del pref 100"));
}

TEST(monitor_mode)
{
	struct craft c = udp4("25.0.1.2");

	usual();
	policy("mode monitor\n" BYPASS);
	STAYS(&c);
}

TEST(only_what_is_fast)
{
	struct craft c;

	usual();
	begin(&c, "wan", ETH_P_IP);
	craft_ip4(&c, "25.0.9.10", "25.0.1.3", IPPROTO_UDP);
	craft_udp(&c, 1000, 53);
	craft_finish(&c);
	STAYS(&c);
	/* one of the statements that speak of it is enough */
	policy("mode enforce\n" BYPASS "\nbypass { to 25.0.1.3 fast }");
	GOES(&c, "lan", near_mac);
	c = udp4("25.0.1.2");
	policy("mode enforce\nbypass { from 25.0.0.0/24 }");
	STAYS(&c);
	policy("mode enforce");
	check_stays(__LINE__, &c, REASON_NEW);
}

/* What is dropped is dropped all the same. */
TEST(lists_come_first)
{
	struct craft c = udp4("25.0.1.2");
	struct gateway_answer answer;

	usual();
	policy("mode enforce\nblocked { 25.0.0.10 }\n" BYPASS);
	CHECK(gateway_judge(&gateway, c.byte, c.size, &answer));
	CHECK(answer.reason == REASON_BLOCKED && answer.verdict == XDP_DROP);
	policy("mode enforce\ntrusted { 25.0.0.10 }\n" BYPASS);
	GOES(&c, "lan", near_mac);
}

int main(void)
{
	int failed;

	if (geteuid() || unshare(CLONE_NEWNET | CLONE_NEWNS)) {
		puts("skip forward: needs root");
		return 0;
	}
	if (system("mount --make-rprivate / && mount -t sysfs sysfs /sys") || !routes_made() ||
	    gateway_open(&gateway, &kind, 0, true)) {
		puts("not ok forward: can't set up");
		return 1;
	}
	gateway_at(&gateway, BEGIN);
	failed = test_main();
	gateway_close(&gateway);
	return failed;
}
