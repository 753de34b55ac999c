// SPDX-License-Identifier: GPL-2.0-only
/* Which frames sane() calls what; each drop reason and each boundary has a row. */
#include "frame.h"
#include "guard.h"
#include "test.h"
#include "bpf/parse.h"
#include "bpf/sane.h"

static enum reason judge_linear(const struct craft *c, unsigned linear)
{
	const uint8_t *data = guard_copy(c->byte, linear);
	struct pkt pkt;

	parse(data, data + linear, c->size, false, &pkt);
	return sane(&pkt);
}

static enum reason judge_frame(const struct craft *c)
{
	return judge_linear(c, c->size);
}

static struct craft eth4_from(const char *saddr, const char *daddr, uint8_t proto)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, saddr, daddr, proto);
	return c;
}

static struct craft eth4(uint8_t proto)
{
	return eth4_from("192.0.2.1", "198.51.100.2", proto);
}

static struct craft eth6_from(const char *saddr, const char *daddr, uint8_t next)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IPV6);
	craft_ip6(&c, saddr, daddr, next);
	return c;
}

static struct craft eth6(uint8_t next)
{
	return eth6_from("2001:db8::1", "2001:db8:1::2", next);
}

static struct craft tcp4(uint8_t flags)
{
	struct craft c = eth4(IPPROTO_TCP);

	craft_tcp(&c, 1025, 443, flags);
	craft_finish(&c);
	return c;
}

static struct craft udp4_from(const char *saddr, const char *daddr)
{
	struct craft c = eth4_from(saddr, daddr, IPPROTO_UDP);

	craft_udp(&c, 1025, 53);
	craft_finish(&c);
	return c;
}

static struct craft udp6_from(const char *saddr, const char *daddr)
{
	struct craft c = eth6_from(saddr, daddr, IPPROTO_UDP);

	craft_udp(&c, 1025, 53);
	craft_finish(&c);
	return c;
}

TEST(honest_packets_pass)
{
	struct craft c = tcp4(TCP_SYN);

	CHECK_EQ(judge_frame(&c), REASON_NONE);
	c = udp4_from("192.0.2.1", "198.51.100.2");
	CHECK_EQ(judge_frame(&c), REASON_NONE);
	c = udp6_from("2001:db8::1", "2001:db8:1::2");
	CHECK_EQ(judge_frame(&c), REASON_NONE);
}

TEST(not_ip)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_ARP);
	craft_payload(&c, 46);
	CHECK_EQ(judge_frame(&c), REASON_NOT_IP);
}

TEST(truncated)
{
	struct craft c = tcp4(TCP_SYN);

	for (c.size = 53; c.size > 0; c.size--)
		CHECK_EQ(judge_frame(&c), REASON_TRUNCATED);
	CHECK_EQ(judge_frame(&c), REASON_TRUNCATED);
}

TEST(too_deep)
{
	struct craft c = tcp4(TCP_SYN);

	CHECK_EQ(judge_linear(&c, 53), REASON_TOO_DEEP);
	CHECK_EQ(judge_linear(&c, 13), REASON_TOO_DEEP);
	c = (struct craft) {};
	craft_eth(&c, ETH_P_8021AD);
	craft_vlan(&c, 1, ETH_P_8021Q);
	craft_vlan(&c, 2, ETH_P_8021Q);
	craft_vlan(&c, 3, ETH_P_IP);
	craft_payload(&c, 46);
	CHECK_EQ(judge_frame(&c), REASON_TOO_DEEP);
}

TEST(ip_header)
{
	struct craft c = tcp4(TCP_SYN);

	c.byte[14] = 0x44;
	craft_seal_ip4(&c, &c.ip[0]);
	CHECK_EQ(judge_frame(&c), REASON_IP_HEADER);
	c.byte[14] = 0x65;
	craft_seal_ip4(&c, &c.ip[0]);
	CHECK_EQ(judge_frame(&c), REASON_IP_HEADER);
	c = udp6_from("2001:db8::1", "2001:db8:1::2");
	c.byte[14] = 0x41;
	CHECK_EQ(judge_frame(&c), REASON_IP_HEADER);
}

TEST(ip_checksum)
{
	struct craft c = tcp4(TCP_SYN);

	c.byte[14 + 8]--;
	CHECK_EQ(judge_frame(&c), REASON_IP_CHECKSUM);
	craft_seal_ip4(&c, &c.ip[0]);
	CHECK_EQ(judge_frame(&c), REASON_NONE);
}

TEST(l4_header)
{
	struct craft c = tcp4(TCP_SYN);

	c.byte[34 + 12] = 0x40;
	CHECK_EQ(judge_frame(&c), REASON_L4_HEADER);
	c.byte[34 + 12] = 0x60;		/* options beyond the packet */
	CHECK_EQ(judge_frame(&c), REASON_L4_HEADER);

	c = udp4_from("192.0.2.1", "198.51.100.2");
	c.byte[34 + 5] = 7;
	CHECK_EQ(judge_frame(&c), REASON_L4_HEADER);
	c.byte[34 + 5] = 9;
	CHECK_EQ(judge_frame(&c), REASON_L4_HEADER);
	c.byte[34 + 5] = 0;
	CHECK_EQ(judge_frame(&c), REASON_L4_HEADER);
}

TEST(no_next_header)
{
	struct craft c = eth6(59);

	craft_finish(&c);
	CHECK_EQ(judge_frame(&c), REASON_L4_HEADER);
	c = eth4(59);
	craft_finish(&c);
	CHECK_EQ(judge_frame(&c), REASON_NONE);
}

/* what conntrack takes, PSH, ECE and CWR aside, written down once more */
TEST(tcp_flags)
{
	static const uint8_t valid[] = {
		TCP_SYN, TCP_SYN | TCP_URG, TCP_SYN | TCP_ACK, TCP_RST, TCP_RST | TCP_ACK,
		TCP_FIN | TCP_ACK, TCP_FIN | TCP_ACK | TCP_URG, TCP_ACK, TCP_ACK | TCP_URG,
	};

	for (unsigned flags = 0; flags < 256; flags++) {
		uint8_t bare = flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK | TCP_URG);
		struct craft c = tcp4(flags);

		CHECK_SAID(judge_frame(&c) == (memchr(valid, bare, sizeof(valid)) ? REASON_NONE :
			   REASON_TCP_FLAGS), "flags %#x", flags);
	}
}

TEST(icmp_types4)
{
	static const uint8_t valid[] = { 0, 3, 4, 5, 8, 11, 12, 13, 14, 15, 16, 17, 18 };

	for (unsigned type = 0; type < 256; type++) {
		struct craft c = eth4(IPPROTO_ICMP);

		craft_icmp(&c, type, 0, 1);
		craft_ip4(&c, "198.51.100.2", "192.0.2.1", IPPROTO_UDP);
		craft_udp(&c, 53, 1025);
		craft_finish(&c);
		CHECK_SAID(judge_frame(&c) == (memchr(valid, type, sizeof(valid)) ? REASON_NONE :
			   REASON_ICMP_TYPE), "type %u", type);
	}
}

TEST(icmp_types6)
{
	static const uint8_t valid[] = {
		128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 139, 140, 143, 151, 152,
	};

	for (unsigned type = 0; type < 256; type++) {
		struct craft c = eth6(IPPROTO_ICMPV6);
		bool good = type < 128 || memchr(valid, type, sizeof(valid));

		craft_icmp(&c, type, 0, 1);
		craft_ip6(&c, "2001:db8:1::2", "2001:db8::1", IPPROTO_UDP);
		craft_udp(&c, 53, 1025);
		craft_finish(&c);
		CHECK_SAID(judge_frame(&c) == (good ? REASON_NONE : REASON_ICMP_TYPE), "type %u", type);
	}
}

TEST(icmp_of_the_other_family)
{
	struct craft c = eth4(IPPROTO_ICMPV6);

	craft_icmp(&c, 128, 0, 1);
	craft_finish(&c);
	CHECK_EQ(judge_frame(&c), REASON_ICMP_TYPE);
	c = eth6(IPPROTO_ICMP);
	craft_icmp(&c, 8, 0, 1);
	craft_finish(&c);
	CHECK_EQ(judge_frame(&c), REASON_ICMP_TYPE);
}

TEST(icmp_error_about_error)
{
	struct craft c = eth6(IPPROTO_ICMPV6);

	craft_icmp(&c, 1, 0, 0);
	craft_ip6(&c, "2001:db8:1::2", "2001:db8::1", IPPROTO_ICMPV6);
	craft_icmp(&c, 1, 0, 0);
	craft_finish(&c);
	CHECK_EQ(judge_frame(&c), REASON_ICMP_TYPE);
	c.byte[c.size - 8] = 128;
	CHECK_EQ(judge_frame(&c), REASON_NONE);
}

TEST(land)
{
	static const struct {
		const char *saddr, *daddr;
		enum reason reason;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", REASON_LAND },
		{ "192.0.2.1", "192.0.2.2", REASON_NONE },
		{ "127.0.0.1", "127.0.0.1", REASON_NONE },
		{ "128.0.0.1", "128.0.0.1", REASON_LAND },
		{ "2001:db8::1", "2001:db8::1", REASON_LAND },
		{ "2001:db8::1", "2001:db8:1::1", REASON_NONE },
		{ "2001:db8::1", "2001:db8::2", REASON_NONE },
		{ "2001:db8::1", "2001:db8::1:0:1", REASON_NONE },
		{ "::1", "::1", REASON_NONE },
		{ "::2", "::2", REASON_LAND },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct craft c = strchr(rows[i].saddr, ':') ?
			udp6_from(rows[i].saddr, rows[i].daddr) :
			udp4_from(rows[i].saddr, rows[i].daddr);

		CHECK_SAID(judge_frame(&c) == rows[i].reason, "%s", rows[i].saddr);
	}
}

static enum reason judge_fragment4(uint8_t proto, unsigned offset, bool more, unsigned size)
{
	struct craft c = eth4(proto);

	craft_ip4_fragment(&c, offset, more);
	craft_payload(&c, size);
	craft_finish(&c);
	if (proto == IPPROTO_TCP && size >= 14) {
		c.byte[34 + 12] = 0x50;
		c.byte[34 + 13] = TCP_ACK;
	}
	return judge_frame(&c);
}

TEST(fragments4)
{
	/* the first one needs its whole header */
	CHECK_EQ(judge_fragment4(IPPROTO_TCP, 0, true, 8), REASON_FRAGMENT_TINY);
	CHECK_EQ(judge_fragment4(IPPROTO_TCP, 0, true, 16), REASON_FRAGMENT_TINY);
	CHECK_EQ(judge_fragment4(IPPROTO_TCP, 0, true, 24), REASON_NONE);
	CHECK_EQ(judge_fragment4(IPPROTO_UDP, 0, true, 0), REASON_FRAGMENT_TINY);
	CHECK_EQ(judge_fragment4(IPPROTO_UDP, 0, true, 8), REASON_NONE);
	CHECK_EQ(judge_fragment4(IPPROTO_SCTP, 0, true, 8), REASON_FRAGMENT_TINY);
	CHECK_EQ(judge_fragment4(IPPROTO_ESP, 0, true, 8), REASON_NONE);
	/* the second one must not lie on it */
	CHECK_EQ(judge_fragment4(IPPROTO_TCP, 8, true, 8), REASON_FRAGMENT_TINY);
	CHECK_EQ(judge_fragment4(IPPROTO_TCP, 8, false, 8), REASON_FRAGMENT_TINY);
	CHECK_EQ(judge_fragment4(IPPROTO_TCP, 16, false, 8), REASON_FRAGMENT);
	CHECK_EQ(judge_fragment4(IPPROTO_TCP, 2048, false, 8), REASON_FRAGMENT);
	CHECK_EQ(judge_fragment4(IPPROTO_UDP, 8, false, 8), REASON_FRAGMENT);
	/* ping of death */
	CHECK_EQ(judge_fragment4(IPPROTO_ICMP, 65528, false, 7), REASON_FRAGMENT);
	CHECK_EQ(judge_fragment4(IPPROTO_ICMP, 65528, false, 8), REASON_IP_HEADER);
}

TEST(fragments6)
{
	struct craft c = eth6(IPPROTO_FRAGMENT);

	craft_ip6_fragment(&c, IPPROTO_DSTOPTS, 0, true);	/* RFC 7112: the chain is cut */
	craft_extension(&c, IPPROTO_TCP, 8);
	craft_finish(&c);
	CHECK_EQ(judge_frame(&c), REASON_FRAGMENT_TINY);

	c = eth6(IPPROTO_FRAGMENT);
	craft_ip6_fragment(&c, IPPROTO_TCP, 8, false);
	craft_payload(&c, 8);
	craft_finish(&c);
	CHECK_EQ(judge_frame(&c), REASON_FRAGMENT_TINY);
	craft_put16(c.byte + 14 + 40 + 2, 16);
	CHECK_EQ(judge_frame(&c), REASON_FRAGMENT);
}

TEST(a_fragment_can_be_land)
{
	struct craft c = eth4_from("192.0.2.1", "192.0.2.1", IPPROTO_UDP);

	craft_ip4_fragment(&c, 800, false);
	craft_payload(&c, 8);
	craft_finish(&c);
	CHECK_EQ(judge_frame(&c), REASON_LAND);
}

int main(void)
{
	return test_main();
}
