// SPDX-License-Identifier: GPL-2.0-only
/* What parse() makes of a frame, field by field; each frame ends at a guard page. */
#include "frame.h"
#include "guard.h"
#include "test.h"
#include "bpf/parse.h"
#include "bpf/parse_plain.h"

static struct pkt pkt;
static unsigned plain_ones;

/* What is plain is read as parse() does. */
static void read_plain(const uint8_t *data, size_t linear, size_t bytes)
{
	struct plain looked;
	struct pkt plain;

	memset(&plain, 0x5a, sizeof(plain));
	if (!plain_look(data, data + linear, bytes, &looked))
		return;
	CHECK(plain_fill(data, data + linear, bytes, &plain));
	CHECK(!memcmp(&plain, &pkt, sizeof(pkt)));
	plain_ones++;
}

static void read_as(const struct craft *c, bool l3)
{
	const uint8_t *data = guard_copy(c->byte, c->size);

	memset(&pkt, 0xa5, sizeof(pkt));
	parse(data, data + c->size, c->size, l3, &pkt);
	if (!l3)
		read_plain(data, c->size, c->size);
}

static void read_frame(const struct craft *c)
{
	read_as(c, false);
}

static void check_addresses4(const char *saddr, const char *daddr)
{
	CHECK_EQ(pkt.family, 4);
	CHECK_EQ(pkt.saddr[0], inet_addr(saddr));
	CHECK_EQ(pkt.daddr[0], inet_addr(daddr));
	CHECK_EQ(pkt.saddr[1] | pkt.saddr[2] | pkt.saddr[3], 0);
	CHECK_EQ(pkt.daddr[1] | pkt.daddr[2] | pkt.daddr[3], 0);
}

static bool is_address6(const __be32 *got, const char *wanted)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, wanted, &address) == 1 && !memcmp(got, &address, 16);
}

static void check_ports(unsigned sport, unsigned dport)
{
	CHECK_EQ(ntohs(pkt.sport), sport);
	CHECK_EQ(ntohs(pkt.dport), dport);
}

static struct craft eth4(uint8_t proto)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, "192.0.2.1", "198.51.100.2", proto);
	return c;
}

static struct craft eth6(uint8_t next)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IPV6);
	craft_ip6(&c, "2001:db8::1", "2001:db8:1::2", next);
	return c;
}

TEST(tcp4)
{
	struct craft c = eth4(IPPROTO_TCP);

	craft_tcp(&c, 1025, 443, TCP_SYN | TCP_ECE);
	craft_payload(&c, 5);
	craft_finish(&c);
	read_frame(&c);
	check_addresses4("192.0.2.1", "198.51.100.2");
	check_ports(1025, 443);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	CHECK_EQ(pkt.l4_proto, IPPROTO_TCP);
	CHECK_EQ(pkt.bytes, 14 + 20 + 20 + 5);
	CHECK_EQ(pkt.tcp_seq, 0x01020304);
	CHECK_EQ(pkt.tcp_ack, 0x05060708);
	CHECK_EQ(pkt.tcp_window, 0x1234);
	CHECK_EQ(pkt.tcp_flags, TCP_SYN | TCP_ECE);
	CHECK_EQ(pkt.payload, 5);
	CHECK_EQ(pkt.l3_offset, 14);
	CHECK_EQ(pkt.l4_offset, 34);
	CHECK_EQ(pkt.ttl, 64);
	CHECK_EQ(pkt.tos, 0x10);
	CHECK_EQ(pkt.vlan_tags, 0);
	CHECK_EQ(pkt.fragment_offset, 0);
}

TEST(tcp6)
{
	struct craft c = eth6(IPPROTO_TCP);

	craft_tcp_options(&c, 1025, 443, TCP_ACK, 12);
	craft_payload(&c, 7);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.family, 6);
	CHECK(is_address6(pkt.saddr, "2001:db8::1"));
	CHECK(is_address6(pkt.daddr, "2001:db8:1::2"));
	check_ports(1025, 443);
	CHECK_EQ(pkt.flags, PKT_HAS_L4 | PKT_TCP_OPTIONS);
	CHECK_EQ(pkt.tos, 0x12);
	CHECK_EQ(pkt.ttl, 64);
	CHECK_EQ(pkt.payload, 7);
	CHECK_EQ(pkt.l4_offset, 54);
}

TEST(ethernet_padding_is_no_payload)
{
	struct craft c = eth4(IPPROTO_UDP);

	craft_udp(&c, 53, 4000);
	craft_finish(&c);
	craft_payload(&c, 18);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	CHECK_EQ(pkt.payload, 0);
	CHECK_EQ(pkt.bytes, 60);
}

TEST(tags)
{
	for (unsigned tags = 0; tags <= 3; tags++) {
		struct craft c = {};

		craft_eth(&c, tags > 1 ? ETH_P_8021AD : tags ? ETH_P_8021Q : ETH_P_IP);
		for (unsigned i = tags; i-- > 0; )
			craft_vlan(&c, 100 + i, i ? ETH_P_8021Q : ETH_P_IP);
		craft_ip4(&c, "192.0.2.1", "198.51.100.2", IPPROTO_UDP);
		craft_udp(&c, 1, 2);
		craft_finish(&c);
		read_frame(&c);
		CHECK_EQ(pkt.vlan_tags, tags < 3 ? tags : 2);
		CHECK_EQ(pkt.flags, tags < 3 ? PKT_HAS_L4 : PKT_TOO_DEEP);
		CHECK_EQ(pkt.family, tags < 3 ? 4 : 0);
		CHECK_EQ(pkt.l3_offset, tags < 3 ? 14 + 4 * tags : 0);
	}
}

TEST(pppoe)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_8021Q);
	craft_vlan(&c, 7, ETH_P_PPP_SES);
	craft_pppoe(&c, 0x0057);
	craft_ip6(&c, "2001:db8::1", "2001:db8:1::2", IPPROTO_UDP);
	craft_udp(&c, 1, 2);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	CHECK_EQ(pkt.l3_offset, 26);
	check_ports(1, 2);

	craft_put16(c.byte + c.pppoe + 4, 2 + 47);	/* one less than IPv6 says */
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_TRUNCATED);
	craft_put16(c.byte + c.pppoe + 4, 2 + 49);	/* one more than there is */
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_TRUNCATED);
	craft_put16(c.byte + c.pppoe + 4, 2 + 48);
	craft_put16(c.byte + c.pppoe + 6, 0xc021);	/* LCP */
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_NOT_IP);
}

TEST(not_ip)
{
	static const unsigned types[] = { ETH_P_ARP, ETH_P_PPP_DISC, ETH_P_LLDP, 100, 0, 0xffff };

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct craft c = {};

		craft_eth(&c, types[i]);
		craft_payload(&c, 46);
		read_frame(&c);
		CHECK_EQ(pkt.flags, PKT_NOT_IP);
		CHECK_EQ(pkt.family, 0);
	}
}

TEST(no_ethernet_header)
{
	struct craft c = {};

	craft_ip4(&c, "192.0.2.1", "198.51.100.2", IPPROTO_UDP);
	craft_udp(&c, 1, 2);
	craft_finish(&c);
	read_as(&c, true);
	check_addresses4("192.0.2.1", "198.51.100.2");
	check_ports(1, 2);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	CHECK_EQ(pkt.l3_offset, 0);
	c.byte[0] = 0x55;
	read_as(&c, true);
	CHECK_EQ(pkt.flags, PKT_NOT_IP);

	c = (struct craft) {};
	craft_ip6(&c, "2001:db8::1", "2001:db8:1::2", IPPROTO_UDP);
	craft_udp(&c, 3, 4);
	craft_finish(&c);
	read_as(&c, true);
	CHECK_EQ(pkt.family, 6);
	check_ports(3, 4);
}

TEST(ip4_options)
{
	for (unsigned options = 0; options <= 40; options += 4) {
		struct craft c = {};

		craft_eth(&c, ETH_P_IP);
		craft_ip4_options(&c, "192.0.2.1", "198.51.100.2", IPPROTO_UDP, options);
		craft_udp(&c, 1, 2);
		craft_finish(&c);
		read_frame(&c);
		CHECK_EQ(pkt.flags, PKT_HAS_L4);
		CHECK_EQ(pkt.l4_offset, 34 + options);
		check_ports(1, 2);
		if (!options)
			continue;
		c.byte[34 + options - 1] ^= 0x10;	/* the last byte is summed too */
		read_frame(&c);
		CHECK(pkt.flags & PKT_BAD_IP_CHECKSUM);
	}
}

TEST(ip4_checksum_of_each_byte)
{
	struct craft c = eth4(IPPROTO_UDP);

	craft_udp(&c, 1, 2);
	craft_finish(&c);
	for (unsigned i = 8; i < 20; i++) {	/* before: fields with a check of their own */
		c.byte[14 + i] ^= 1;
		read_frame(&c);
		CHECK(pkt.flags & PKT_BAD_IP_CHECKSUM);
		c.byte[14 + i] ^= 1;
	}
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
}

TEST(ip4_lengths)
{
	struct craft c = eth4(IPPROTO_UDP);

	craft_udp(&c, 1, 2);
	craft_finish(&c);
	c.byte[14] = 0x44;
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_BAD_IP_HEADER);
	check_addresses4("192.0.2.1", "198.51.100.2");
	c.byte[14] = 0x55;
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_BAD_IP_HEADER);
	c.byte[14] = 0x45;
	for (unsigned total = 0; total <= 30; total++) {
		craft_put16(c.byte + 16, total);
		craft_seal_ip4(&c, &c.ip[0]);
		read_frame(&c);
		if (total < 20)
			CHECK_EQ(pkt.flags, PKT_BAD_IP_HEADER);
		else if (total != 28)
			CHECK_EQ(pkt.flags, PKT_TRUNCATED);
		else
			CHECK_EQ(pkt.flags, PKT_HAS_L4);
	}
}

/* GRO may merge more than the 16 bits of the length fields can tell */
TEST(merged_beyond_64k)
{
	struct craft c = eth4(IPPROTO_TCP);
	const uint8_t *data;

	craft_tcp(&c, 1, 2, TCP_ACK);
	craft_finish(&c);
	craft_put16(c.byte + 16, 0);
	craft_seal_ip4(&c, &c.ip[0]);
	data = guard_copy(c.byte, c.size);
	parse(data, data + c.size, 100000, false, &pkt);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	CHECK_EQ(pkt.payload, 65535);

	c = eth6(IPPROTO_HOPOPTS);
	craft_extension(&c, IPPROTO_TCP, 8);
	craft_tcp(&c, 1, 2, TCP_ACK);
	craft_finish(&c);
	craft_put16(c.byte + 18, 0);
	data = guard_copy(c.byte, c.size);
	parse(data, data + c.size, 100000, false, &pkt);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	check_ports(1, 2);

	/* newer kernels leave the jumbo option out */
	c = eth6(IPPROTO_TCP);
	craft_tcp(&c, 1, 2, TCP_ACK);
	craft_finish(&c);
	craft_put16(c.byte + 18, 0);
	data = guard_copy(c.byte, c.size);
	parse(data, data + c.size, 100000, false, &pkt);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	check_ports(1, 2);
}

TEST(multi_buffer_frame)
{
	struct craft c = eth4(IPPROTO_TCP);
	const uint8_t *data;

	craft_tcp(&c, 1, 2, TCP_ACK);
	craft_payload(&c, 1000);
	craft_finish(&c);
	data = guard_copy(c.byte, 54);		/* all headers, no payload */
	parse(data, data + 54, c.size, false, &pkt);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	CHECK_EQ(pkt.payload, 1000);
	data = guard_copy(c.byte, 53);		/* a header in the second buffer */
	parse(data, data + 53, c.size, false, &pkt);
	CHECK_EQ(pkt.flags, PKT_TOO_DEEP);
}

TEST(ip4_fragments)
{
	struct craft c = eth4(IPPROTO_TCP);

	craft_ip4_fragment(&c, 0, true);
	craft_tcp(&c, 1025, 443, TCP_SYN);
	craft_payload(&c, 4);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_FRAGMENT_FIRST | PKT_HAS_L4);
	check_ports(1025, 443);

	for (unsigned offset = 8; offset < 65000; offset += 8) {
		for (unsigned more = 0; more <= 1; more++) {
			craft_ip4_fragment(&c, offset, more);
			craft_seal_ip4(&c, &c.ip[0]);
			read_frame(&c);
			CHECK_EQ(pkt.flags, PKT_FRAGMENT_LATER);
			CHECK_EQ(pkt.l4_proto, IPPROTO_TCP);
			CHECK_EQ(pkt.fragment_offset, offset / 8 > 255 ? 255 : offset / 8);
			check_ports(0, 0);
			CHECK_EQ(pkt.tcp_flags, 0);
		}
	}
	craft_ip4_fragment(&c, 65512, false);		/* 24 bytes: 65536 in all */
	craft_seal_ip4(&c, &c.ip[0]);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_FRAGMENT_LATER | PKT_BAD_IP_HEADER);
}

TEST(ip6_fragments)
{
	for (unsigned reserved = 0; reserved < 256; reserved += 51) {
		for (unsigned offset = 0; offset <= 16; offset += 8) {
			for (unsigned more = 0; more <= 1; more++) {
				struct craft c = eth6(IPPROTO_FRAGMENT);
				uint8_t *at = craft_ip6_fragment(&c, IPPROTO_UDP, offset, more);

				at[1] = reserved;
				at[3] |= 6;		/* reserved, too */
				craft_udp(&c, 7, 8);
				craft_finish(&c);
				read_frame(&c);
				CHECK_EQ(pkt.l4_proto, IPPROTO_UDP);
				CHECK_EQ(pkt.fragment_offset, offset / 8);
				if (offset)
					CHECK_EQ(pkt.flags, PKT_FRAGMENT_LATER);
				else if (more)
					CHECK_EQ(pkt.flags, PKT_FRAGMENT_FIRST | PKT_HAS_L4);
				check_ports(offset ? 0 : 7, offset ? 0 : 8);
			}
		}
	}
}

TEST(ip6_atomic_fragment_is_whole)
{
	struct craft c = eth6(IPPROTO_FRAGMENT);

	craft_ip6_fragment(&c, IPPROTO_UDP, 0, false);
	craft_udp(&c, 7, 8);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	check_ports(7, 8);
}

/* whichever of two fragment headers is the real one, an atomic one does not hide it */
TEST(ip6_fragment_in_fragment)
{
	for (unsigned first = 0; first <= 1; first++) {
		struct craft c = eth6(IPPROTO_FRAGMENT);

		craft_ip6_fragment(&c, IPPROTO_FRAGMENT, 0, first);
		craft_ip6_fragment(&c, IPPROTO_UDP, 0, !first);
		craft_udp(&c, 7, 8);
		craft_finish(&c);
		read_frame(&c);
		CHECK_EQ(pkt.flags, PKT_FRAGMENT_FIRST | PKT_HAS_L4);
	}
}

TEST(ip6_fragment_lengths)
{
	struct craft c = eth6(IPPROTO_FRAGMENT);

	craft_ip6_fragment(&c, IPPROTO_UDP, 0, true);
	craft_udp(&c, 7, 8);
	for (unsigned i = 0; i < 9; i++) {	/* a multiple of 8 while more is to come */
		craft_finish(&c);
		read_frame(&c);
		CHECK_EQ(!!(pkt.flags & PKT_BAD_IP_HEADER), i % 8 != 0);
		craft_payload(&c, 1);
	}
	c.size -= 8;
	craft_finish(&c);
	craft_put16(c.byte + 14 + 40 + 2, 65528);	/* 9 bytes at 65528: beyond 64 KiB */
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_FRAGMENT_LATER | PKT_BAD_IP_HEADER);
	craft_put16(c.byte + 14 + 40 + 2, 65520);	/* the last one may have any length */
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_FRAGMENT_LATER);
}

TEST(ip6_extensions)
{
	struct craft c = eth6(IPPROTO_HOPOPTS);

	craft_extension(&c, IPPROTO_DSTOPTS, 8);
	craft_extension(&c, IPPROTO_ROUTING, 16);
	craft_extension(&c, IPPROTO_FRAGMENT, 24);
	craft_ip6_fragment(&c, IPPROTO_AH, 0, false);
	craft_ah(&c, IPPROTO_DSTOPTS, 24);
	craft_extension(&c, IPPROTO_UDP, 8);
	craft_udp(&c, 7, 8);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	CHECK_EQ(pkt.l4_proto, IPPROTO_UDP);
	CHECK_EQ(pkt.l4_offset, 14 + 40 + 8 + 16 + 24 + 8 + 24 + 8);
	check_ports(7, 8);
}

TEST(ip6_too_many_extensions)
{
	for (unsigned depth = 0; depth <= PARSE_EXTENSIONS + 2; depth++) {
		struct craft c = eth6(depth ? IPPROTO_DSTOPTS : IPPROTO_UDP);

		for (unsigned i = 1; i <= depth; i++)
			craft_extension(&c, i == depth ? IPPROTO_UDP : IPPROTO_DSTOPTS, 8);
		craft_udp(&c, 7, 8);
		craft_finish(&c);
		read_frame(&c);
		CHECK_EQ(pkt.flags, depth <= PARSE_EXTENSIONS ? PKT_HAS_L4 : PKT_TOO_DEEP);
	}
}

TEST(ip6_extension_beyond_the_window)
{
	struct craft c = eth6(IPPROTO_DSTOPTS);

	craft_extension(&c, IPPROTO_UDP, 2048);
	craft_udp(&c, 7, 8);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_TOO_DEEP);
	CHECK(is_address6(pkt.saddr, "2001:db8::1"));
}

TEST(udp_lengths)
{
	struct craft c = eth4(IPPROTO_UDP);

	craft_udp(&c, 1, 2);
	craft_payload(&c, 4);
	craft_finish(&c);
	for (unsigned length = 0; length <= 20; length++) {
		craft_put16(c.byte + 14 + 20 + 4, length);
		read_frame(&c);
		CHECK_EQ(pkt.flags, length >= 8 && length <= 12 ? PKT_HAS_L4 :
			 PKT_HAS_L4 | PKT_BAD_L4_HEADER);
		check_ports(1, 2);
		CHECK_EQ(pkt.payload, 4);
	}
}

TEST(tcp_data_offset)
{
	struct craft c = eth6(IPPROTO_TCP);

	craft_tcp_options(&c, 1, 2, TCP_ACK, 8);
	craft_finish(&c);
	for (unsigned words = 0; words < 16; words++) {
		bool good = words >= 5 && words <= 7;

		c.byte[14 + 40 + 12] = words << 4;
		read_frame(&c);
		CHECK_EQ(!(pkt.flags & PKT_BAD_L4_HEADER), good);
		CHECK_EQ(!!(pkt.flags & PKT_TCP_OPTIONS), words > 5);
		if (good)
			CHECK_EQ(pkt.payload, 28 - words * 4);
	}
}

/* options of a first fragment may stand in the second one */
TEST(tcp_options_beyond_a_first_fragment)
{
	struct craft c = eth4(IPPROTO_TCP);

	craft_ip4_fragment(&c, 0, true);
	craft_tcp(&c, 1, 2, TCP_ACK)[12] = 0xf0;
	craft_payload(&c, 4);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_FRAGMENT_FIRST | PKT_HAS_L4 | PKT_TCP_OPTIONS);
	CHECK_EQ(pkt.payload, 0);
}

TEST(other_protocols)
{
	static const struct {
		uint8_t proto;
		unsigned header;
		bool ports;
	} rows[] = {
		{ IPPROTO_SCTP, 12, true }, { IPPROTO_DCCP, 12, true }, { IPPROTO_UDPLITE, 8, true },
		{ IPPROTO_GRE, 0, false }, { IPPROTO_ESP, 0, false }, { IPPROTO_IGMP, 0, false },
		{ 253, 0, false }, { 0, 0, false },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct craft c = eth4(rows[i].proto);
		uint8_t *at = craft_l4(&c, 16);

		craft_put16(at, 0x1100);
		craft_put16(at + 2, 0x2200);
		craft_finish(&c);
		read_frame(&c);
		CHECK_EQ(pkt.flags, PKT_HAS_L4);
		CHECK_EQ(pkt.payload, 16 - rows[i].header);
		check_ports(rows[i].ports ? 0x1100 : 0, rows[i].ports ? 0x2200 : 0);
	}
}

TEST(gre_version_1)
{
	struct craft c = eth4(IPPROTO_GRE);
	uint8_t *at = craft_l4(&c, 8);

	craft_put32(at, 0x3001880b);
	craft_put16(at + 6, 4711);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	CHECK_EQ(ntohs(pkt.sport), 4711);
	craft_put32(at, 0x30010800);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4 | PKT_BAD_L4_HEADER);
	craft_put32(at, 0x30000800);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4);
	CHECK_EQ(pkt.sport, 0);
}

TEST(icmp_queries)
{
	static const uint8_t queries4[] = { 0, 8, 13, 14, 15, 16, 17, 18 };
	static const uint8_t queries6[] = { 128, 129, 139, 140 };

	for (unsigned type = 0; type < 256; type++) {
		struct craft c = eth4(IPPROTO_ICMP);

		craft_icmp(&c, type, 3, 0x4321);
		craft_ip4(&c, "198.51.100.2", "192.0.2.1", 253);
		craft_finish(&c);
		read_frame(&c);
		CHECK_EQ(pkt.icmp_type, type);
		CHECK_EQ(pkt.icmp_code, 3);
		check_ports(memchr(queries4, type, sizeof(queries4)) ? 0x4321 : 0, 0);

		c = eth6(IPPROTO_ICMPV6);
		craft_icmp(&c, type, 3, 0x4321);
		craft_ip6(&c, "2001:db8:1::2", "2001:db8::1", 253);
		craft_finish(&c);
		read_frame(&c);
		CHECK_EQ(pkt.icmp_type, type);
		check_ports(memchr(queries6, type, sizeof(queries6)) ? 0x4321 : 0, 0);
		CHECK_EQ(!!(pkt.flags & PKT_ICMP_ERROR), type < 128);
		CHECK_EQ(!!(pkt.flags & PKT_INNER), type < 128);
	}
}

TEST(icmp_error4)
{
	static const uint8_t errors[] = { 3, 4, 5, 11, 12 };

	for (unsigned options = 0; options <= 40; options += 20) {
		for (unsigned i = 0; i < sizeof(errors); i++) {
			struct craft c = eth4(IPPROTO_ICMP);

			craft_icmp(&c, errors[i], 0, 0);
			craft_ip4_options(&c, "198.51.100.2", "203.0.113.9", IPPROTO_TCP, options);
			craft_tcp(&c, 443, 1025, TCP_ACK);
			craft_finish(&c);
			c.size -= 12;			/* 8 bytes are all that is promised */
			craft_put16(c.byte + 16, c.size - 14);
			craft_seal_ip4(&c, &c.ip[0]);
			read_frame(&c);
			CHECK_EQ(pkt.flags, PKT_HAS_L4 | PKT_INNER | PKT_ICMP_ERROR);
			CHECK_EQ(pkt.inner_saddr[0], inet_addr("198.51.100.2"));
			CHECK_EQ(pkt.inner_daddr[0], inet_addr("203.0.113.9"));
			CHECK_EQ(pkt.inner_proto, IPPROTO_TCP);
			CHECK_EQ(ntohs(pkt.inner_sport), 443);
			CHECK_EQ(ntohs(pkt.inner_dport), 1025);
			check_ports(0, 0);
		}
	}
}

TEST(icmp_error_about_echo)
{
	struct craft c = eth4(IPPROTO_ICMP);

	craft_icmp(&c, 3, 1, 0);
	craft_ip4(&c, "198.51.100.2", "203.0.113.9", IPPROTO_ICMP);
	craft_icmp(&c, 8, 0, 77);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4 | PKT_INNER | PKT_ICMP_ERROR);
	CHECK_EQ(ntohs(pkt.inner_sport), 77);
	c.byte[14 + 20 + 8 + 20] = 11;		/* an error about an error */
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4 | PKT_ICMP_ERROR);
}

TEST(icmp_error_about_later_fragment)
{
	struct craft c = eth4(IPPROTO_ICMP);

	craft_icmp(&c, 3, 1, 0);
	craft_ip4(&c, "198.51.100.2", "203.0.113.9", IPPROTO_UDP);
	craft_ip4_fragment(&c, 8, false);
	craft_udp(&c, 1, 2);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4 | PKT_ICMP_ERROR);
	CHECK_EQ(pkt.inner_sport | pkt.inner_dport, 0);

	c = eth6(IPPROTO_ICMPV6);
	craft_icmp(&c, 1, 0, 0);
	craft_ip6(&c, "2001:db8:1::2", "2001:db8::9", IPPROTO_FRAGMENT);
	craft_ip6_fragment(&c, IPPROTO_UDP, 8, false);
	craft_udp(&c, 1, 2);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(pkt.flags, PKT_HAS_L4 | PKT_ICMP_ERROR);
	CHECK_EQ(pkt.inner_sport | pkt.inner_dport, 0);
}

TEST(icmp_error6)
{
	for (unsigned depth = 0; depth <= PARSE_INNER_EXTENSIONS + 1; depth++) {
		struct craft c = eth6(IPPROTO_ICMPV6);

		craft_icmp(&c, 2, 0, 0);
		craft_ip6(&c, "2001:db8:1::2", "2001:db8::9", depth ? IPPROTO_DSTOPTS : IPPROTO_UDP);
		for (unsigned i = 1; i <= depth; i++)
			craft_extension(&c, i == depth ? IPPROTO_UDP : IPPROTO_DSTOPTS, 8);
		craft_udp(&c, 53, 1025);
		craft_finish(&c);
		read_frame(&c);
		CHECK(is_address6(pkt.inner_saddr, "2001:db8:1::2"));
		CHECK(is_address6(pkt.inner_daddr, "2001:db8::9"));
		if (depth > PARSE_INNER_EXTENSIONS) {
			CHECK_EQ(pkt.flags, PKT_HAS_L4 | PKT_ICMP_ERROR | PKT_TOO_DEEP);
			continue;
		}
		CHECK_EQ(pkt.flags, PKT_HAS_L4 | PKT_INNER | PKT_ICMP_ERROR);
		CHECK_EQ(pkt.inner_proto, IPPROTO_UDP);
		CHECK_EQ(ntohs(pkt.inner_sport), 53);
		CHECK_EQ(ntohs(pkt.inner_dport), 1025);
	}
}

/*
 * Each frame cut at each byte: nothing behind the guard is read, and nothing that is not whole is
 * called good. A length that tells the truth about the cut does not help a header that is cut.
 */
static void sweep(const struct craft *whole)
{
	struct craft c = *whole;

	for (c.size = 0; c.size < whole->size; c.size++) {
		read_frame(&c);
		CHECK_SAID(pkt.flags & PKT_TRUNCATED, "cut at %u of %u, flags %#x", c.size,
			   whole->size, pkt.flags);
	}
	read_frame(whole);
	CHECK(!(pkt.flags & PKT_TRUNCATED));
}

TEST(truncation)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_8021AD);
	craft_vlan(&c, 1, ETH_P_8021Q);
	craft_vlan(&c, 2, ETH_P_PPP_SES);
	craft_pppoe(&c, 0x0021);
	craft_ip4_options(&c, "192.0.2.1", "198.51.100.2", IPPROTO_TCP, 40);
	craft_tcp_options(&c, 1, 2, TCP_ACK, 40);
	craft_finish(&c);
	sweep(&c);

	c = eth6(IPPROTO_HOPOPTS);
	craft_extension(&c, IPPROTO_FRAGMENT, 16);
	craft_ip6_fragment(&c, IPPROTO_ICMPV6, 0, false);
	craft_icmp(&c, 1, 0, 0);
	craft_ip6(&c, "2001:db8:1::2", "2001:db8::9", IPPROTO_DSTOPTS);
	craft_extension(&c, IPPROTO_UDP, 8);
	craft_udp(&c, 1, 2);
	craft_finish(&c);
	sweep(&c);
}

TEST(truncation_with_honest_lengths)
{
	static const struct {
		uint8_t proto;
		unsigned header;
	} rows[] = {
		{ IPPROTO_TCP, 20 }, { IPPROTO_UDP, 8 }, { IPPROTO_SCTP, 12 }, { IPPROTO_DCCP, 12 },
		{ IPPROTO_UDPLITE, 8 }, { IPPROTO_ICMPV6, 8 },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned size = 0; size <= rows[i].header; size++) {
			struct craft c = eth6(rows[i].proto);
			uint8_t *at = craft_add(&c, size);

			memset(at, 0x80, size);
			craft_finish(&c);
			read_frame(&c);
			CHECK_EQ(!(pkt.flags & PKT_TRUNCATED), size == rows[i].header);
			CHECK_EQ(!!(pkt.flags & PKT_HAS_L4), size == rows[i].header);
		}
	}
}

/* Nearly all packets are plain, and whatever is not sound is not. */
TEST(plain_is_what_most_packets_are)
{
	struct craft c = eth4(IPPROTO_TCP);
	__u8 *frag, *version;

	craft_tcp(&c, 1, 2, TCP_ACK);
	craft_finish(&c);
	plain_ones = 0;
	read_frame(&c);
	CHECK_EQ(plain_ones, 1);
	frag = c.byte + 20, version = c.byte + 14;
	for (int bit = 0; bit < 16; bit++) {	/* a flipped bit makes the checksum wrong, too */
		frag[bit / 8] ^= 1 << bit % 8;
		read_frame(&c);
		frag[bit / 8] ^= 1 << bit % 8;
	}
	*version ^= 3;
	read_frame(&c);
	CHECK_EQ(plain_ones, 1);
	c = eth4(IPPROTO_UDP);
	craft_udp(&c, 1, 2);
	craft_finish(&c);
	read_frame(&c);
	CHECK_EQ(plain_ones, 2);
}

/* Makes the checksum of the IPv4 header right again. */
static void sum_again(struct craft *c)
{
	craft_put16(c->byte + 24, 0);
	craft_put16(c->byte + 24, ~craft_sum(0, c->byte + 14, 20));
}

/* Frames of all lengths with each byte damaged, its checksum made right again or not. */
TEST(plain_reads_as_the_whole_parser_does)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP };
	struct craft c, damaged;

	plain_ones = 0;
	for (size_t i = 0; i < 3 * 2; i++) {
		c = eth4(protos[i / 2]);
		if (i / 2 == 0)
			craft_tcp(&c, 1000, 80, TCP_SYN);
		else
			craft_udp(&c, 1000, 53);
		c.size += 16;	/* padding, or payload: the lengths tell */
		craft_finish(&c);
		for (size_t at = 12; at < c.size; at++)
			for (int bit = 0; bit < 8; bit++) {
				damaged = c;
				damaged.byte[at] ^= 1 << bit;
				if (i % 2)
					sum_again(&damaged);
				read_frame(&damaged);
			}
		for (damaged = c; damaged.size; damaged.size--)
			read_frame(&damaged);
	}
	CHECK(plain_ones > 500);
}

int main(void)
{
	return test_main();
}
