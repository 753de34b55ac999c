// SPDX-License-Identifier: GPL-2.0-only
/* Sources that can't be there, as their class and the packet tell: one row a promise. */
#include <arpa/inet.h>
#include <stdbool.h>
#include "bpf/spoof.h"
#include "test.h"

#define BOTH (CLASS_MARTIAN | CLASS_MARTIAN_INSIDE)

static struct pkt packet(int l4_proto, const char *from, const char *to)
{
	struct pkt pkt = { .family = strchr(from, ':') ? 6 : 4, .l4_proto = l4_proto };

	if (inet_pton(pkt.family == 6 ? AF_INET6 : AF_INET, from, pkt.saddr) != 1 ||
	    inet_pton(pkt.family == 6 ? AF_INET6 : AF_INET, to, pkt.daddr) != 1)
		abort();
	return pkt;
}

static struct pkt udp(const char *from, int sport, const char *to, int dport)
{
	struct pkt pkt = packet(IPPROTO_UDP, from, to);

	pkt.sport = htons(sport);
	pkt.dport = htons(dport);
	return pkt;
}

static struct pkt icmp6(const char *from, int type)
{
	struct pkt pkt = packet(IPPROTO_ICMPV6, from, "ff02::1");

	pkt.icmp_type = type;
	return pkt;
}

static enum reason outside(struct pkt pkt, __u32 class_flags)
{
	return spoof(&pkt, class_flags, ROLE_OUTSIDE, 0);
}

static enum reason inside(struct pkt pkt, __u32 class_flags, __u32 dev_flags)
{
	return spoof(&pkt, class_flags, ROLE_INSIDE, dev_flags);
}

TEST(martian_by_role)
{
	struct pkt pkt = udp("192.168.1.1", 1000, "192.0.2.1", 53);

	CHECK_EQ(outside(pkt, 0), REASON_NONE);
	CHECK_EQ(outside(pkt, CLASS_MARTIAN), REASON_MARTIAN);
	CHECK_EQ(inside(pkt, CLASS_MARTIAN, 0), REASON_NONE);
	CHECK_EQ(inside(pkt, BOTH, 0), REASON_MARTIAN);
	CHECK_EQ(outside(pkt, CLASS_MARTIAN_INSIDE), REASON_NONE);
	CHECK_EQ(outside(pkt, CLASS_MARTIAN | CLASS_INSIDE), REASON_MARTIAN);
}

TEST(hosts_without_an_address)
{
	CHECK_EQ(outside(udp("0.0.0.0", 68, "255.255.255.255", 67), BOTH), REASON_NONE);
	CHECK_EQ(inside(udp("0.0.0.0", 68, "255.255.255.255", 67), BOTH, DEV_SOURCES), REASON_NONE);
	CHECK_EQ(outside(udp("0.0.0.0", 68, "192.0.2.1", 67), BOTH), REASON_MARTIAN);
	CHECK_EQ(outside(udp("0.0.0.0", 67, "255.255.255.255", 68), BOTH), REASON_MARTIAN);
	CHECK_EQ(outside(udp("0.0.0.0", 68, "255.255.255.255", 68), BOTH), REASON_MARTIAN);
	CHECK_EQ(outside(udp("0.0.0.1", 68, "255.255.255.255", 67), BOTH), REASON_MARTIAN);
	CHECK_EQ(inside(packet(IPPROTO_IGMP, "0.0.0.0", "224.0.0.22"), BOTH, 0), REASON_NONE);
	CHECK_EQ(inside(packet(IPPROTO_TCP, "0.0.0.0", "192.0.2.1"), BOTH, 0), REASON_MARTIAN);
	CHECK_EQ(inside(icmp6("::", 133), BOTH, DEV_SOURCES), REASON_NONE);
	CHECK_EQ(inside(icmp6("::", 135), BOTH, DEV_SOURCES), REASON_NONE);
	CHECK_EQ(inside(icmp6("::", 143), BOTH, DEV_SOURCES), REASON_NONE);
	CHECK_EQ(outside(icmp6("::", 128), BOTH), REASON_MARTIAN);
	CHECK_EQ(outside(icmp6("::1", 135), BOTH), REASON_MARTIAN);
	CHECK_EQ(outside(udp("::", 546, "ff02::1:2", 547), BOTH), REASON_MARTIAN);
}

TEST(wrong_side)
{
	struct pkt pkt = udp("10.1.2.3", 1000, "192.0.2.1", 53);

	CHECK_EQ(outside(pkt, CLASS_INSIDE), REASON_WRONG_SIDE);
	CHECK_EQ(inside(pkt, CLASS_INSIDE, DEV_SOURCES), REASON_NONE);
	CHECK_EQ(inside(pkt, 0, DEV_SOURCES), REASON_WRONG_SIDE);
	CHECK_EQ(inside(pkt, 0, 0), REASON_NONE);
}

TEST(link_local_is_lawful_inside)
{
	CHECK_EQ(inside(icmp6("fe80::1", 135), 0, DEV_SOURCES), REASON_NONE);
	CHECK_EQ(inside(udp("febf::1", 546, "ff02::1:2", 547), 0, DEV_SOURCES), REASON_NONE);
	CHECK_EQ(inside(icmp6("fec0::1", 128), 0, DEV_SOURCES), REASON_WRONG_SIDE);
	CHECK_EQ(inside(udp("169.254.1.1", 1, "169.254.1.2", 2), 0, DEV_SOURCES), REASON_NONE);
	CHECK_EQ(inside(udp("169.255.1.1", 1, "169.254.1.2", 2), 0, DEV_SOURCES),
		 REASON_WRONG_SIDE);
	CHECK_EQ(outside(icmp6("fe80::1", 134), 0), REASON_NONE);
}

int main(void)
{
	return test_main();
}
