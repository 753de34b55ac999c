/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames for tests, header by header: each call appends one, finish() sets the lengths and
 * checksums that depend on what came after. Break a field after finish() to test its check;
 * craft_seal_ip4() makes the IPv4 header checksum right again.
 *
 *	struct craft c = {};
 *	craft_eth(&c, ETH_P_IP);
 *	craft_ip4(&c, "192.0.2.1", "198.51.100.2", IPPROTO_TCP);
 *	craft_tcp(&c, 1025, 443, 0x02);
 *	craft_finish(&c);
 *
 * An embedded packet (in an ICMP error) is crafted like the outer one; finish() cares for both.
 */
#ifndef WEIR_TESTS_FRAME_H
#define WEIR_TESTS_FRAME_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <linux/if_ether.h>

#define CRAFT_IP_MAX	2	/* outer and embedded */

struct craft_ip {
	unsigned	at;		/* offset of the IP header */
	unsigned	l4;		/* offset of the L4 header, 0: none */
	uint8_t		family;
	uint8_t		proto;		/* of the L4 header */
};

struct craft {
	unsigned	size;
	unsigned	pppoe;		/* offset of the PPPoE header, 0: none */
	unsigned	ips;
	struct craft_ip	ip[CRAFT_IP_MAX];
	bool		fragment;	/* of a longer packet: no L4 length and checksum */
	uint8_t		byte[4096];
};

static inline uint8_t *craft_add(struct craft *c, unsigned size)
{
	uint8_t *at = c->byte + c->size;

	c->size += size;
	return at;
}

static inline void craft_put16(uint8_t *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static inline void craft_put32(uint8_t *at, uint32_t value)
{
	craft_put16(at, value >> 16);
	craft_put16(at + 2, value);
}

/* RFC 1071, to be continued: sum of the words so far */
static inline uint32_t craft_sum(uint32_t sum, const uint8_t *at, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		sum += i % 2 ? at[i] : at[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline void craft_eth(struct craft *c, unsigned proto)
{
	uint8_t *at = craft_add(c, 14);

	memcpy(at, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
	craft_put16(at + 12, proto);
}

/* The tag's own type stands in the header before it: craft_eth(&c, ETH_P_8021Q) */
static inline void craft_vlan(struct craft *c, unsigned id, unsigned proto)
{
	uint8_t *at = craft_add(c, 4);

	craft_put16(at, id);
	craft_put16(at + 2, proto);
}

static inline void craft_pppoe(struct craft *c, unsigned proto)
{
	uint8_t *at;

	c->pppoe = c->size;
	at = craft_add(c, 8);
	at[0] = 0x11;
	craft_put16(at + 2, 7);
	craft_put16(at + 6, proto);
}

static inline struct craft_ip *craft_ip(struct craft *c, uint8_t family, uint8_t proto)
{
	struct craft_ip *ip = &c->ip[c->ips++];

	ip->at = c->size;
	ip->family = family;
	ip->proto = proto;
	return ip;
}

/* options: bytes, a multiple of 4, filled with "no operation" */
static inline uint8_t *craft_ip4_options(struct craft *c, const char *saddr, const char *daddr,
					 uint8_t proto, unsigned options)
{
	uint8_t *at;

	craft_ip(c, 4, proto);
	at = craft_add(c, 20 + options);
	at[0] = 0x45 + options / 4;
	at[1] = 0x10;
	at[8] = 64;
	at[9] = proto;
	inet_pton(AF_INET, saddr, at + 12);
	inet_pton(AF_INET, daddr, at + 16);
	memset(at + 20, 1, options);
	return at;
}

static inline uint8_t *craft_ip4(struct craft *c, const char *saddr, const char *daddr,
				 uint8_t proto)
{
	return craft_ip4_options(c, saddr, daddr, proto, 0);
}

/* offset in bytes, a multiple of 8 */
static inline void craft_ip4_fragment(struct craft *c, unsigned offset, bool more)
{
	craft_put16(c->byte + c->ip[c->ips - 1].at + 6, offset / 8 | (more ? 0x2000 : 0));
	c->fragment = offset || more;
}

static inline uint8_t *craft_ip6(struct craft *c, const char *saddr, const char *daddr,
				 uint8_t next)
{
	uint8_t *at;

	craft_ip(c, 6, next);
	at = craft_add(c, 40);
	at[0] = 0x61;
	at[1] = 0x20;
	at[6] = next;
	at[7] = 64;
	inet_pton(AF_INET6, saddr, at + 8);
	inet_pton(AF_INET6, daddr, at + 24);
	return at;
}

/* Hop-by-hop, destination or routing header; size: a multiple of 8 */
static inline uint8_t *craft_extension(struct craft *c, uint8_t next, unsigned size)
{
	uint8_t *at = craft_add(c, size);

	at[0] = next;
	at[1] = size / 8 - 1;
	c->ip[c->ips - 1].proto = next;
	return at;
}

static inline uint8_t *craft_ah(struct craft *c, uint8_t next, unsigned size)
{
	uint8_t *at = craft_add(c, size);

	at[0] = next;
	at[1] = size / 4 - 2;
	c->ip[c->ips - 1].proto = next;
	return at;
}

static inline uint8_t *craft_ip6_fragment(struct craft *c, uint8_t next, unsigned offset, bool more)
{
	uint8_t *at = craft_add(c, 8);

	at[0] = next;
	craft_put16(at + 2, offset | more);
	c->ip[c->ips - 1].proto = next;
	c->fragment = offset || more;
	return at;
}

static inline uint8_t *craft_l4(struct craft *c, unsigned size)
{
	c->ip[c->ips - 1].l4 = c->size;
	return craft_add(c, size);
}

/* options: bytes, a multiple of 4 */
static inline uint8_t *craft_tcp_options(struct craft *c, unsigned sport, unsigned dport,
					 uint8_t flags, unsigned options)
{
	uint8_t *at = craft_l4(c, 20 + options);

	craft_put16(at, sport);
	craft_put16(at + 2, dport);
	craft_put32(at + 4, 0x01020304);
	craft_put32(at + 8, 0x05060708);
	at[12] = (5 + options / 4) << 4;
	at[13] = flags;
	craft_put16(at + 14, 0x1234);
	memset(at + 20, 1, options);
	return at;
}

static inline uint8_t *craft_tcp(struct craft *c, unsigned sport, unsigned dport, uint8_t flags)
{
	return craft_tcp_options(c, sport, dport, flags, 0);
}

static inline uint8_t *craft_udp(struct craft *c, unsigned sport, unsigned dport)
{
	uint8_t *at = craft_l4(c, 8);

	craft_put16(at, sport);
	craft_put16(at + 2, dport);
	craft_put16(at + 4, 8);
	return at;
}

static inline uint8_t *craft_icmp(struct craft *c, uint8_t type, uint8_t code, unsigned id)
{
	uint8_t *at = craft_l4(c, 8);

	at[0] = type;
	at[1] = code;
	craft_put16(at + 4, id);
	return at;
}

static inline void craft_payload(struct craft *c, unsigned size)
{
	memset(craft_add(c, size), 'x', size);
}

static inline void craft_seal_ip4(struct craft *c, const struct craft_ip *ip)
{
	uint8_t *at = c->byte + ip->at;

	craft_put16(at + 10, 0);
	craft_put16(at + 10, ~craft_sum(0, at, (at[0] & 15) * 4));
}

static inline void craft_seal_l4(struct craft *c, const struct craft_ip *ip)
{
	uint8_t *at = c->byte + ip->at, *l4 = c->byte + ip->l4, *check;
	unsigned size = c->size - ip->l4;
	uint32_t sum = size + ip->proto;

	if (ip->proto == 6)
		check = l4 + 16;
	else if (ip->proto == 17 || ip->proto == 136)
		check = l4 + 6;
	else if (ip->proto == 1 || ip->proto == 58)
		check = l4 + 2;
	else
		return;
	if (ip->proto == 1)
		sum = 0;
	else
		sum = craft_sum(sum, at + (ip->family == 4 ? 12 : 8), ip->family == 4 ? 8 : 32);
	craft_put16(check, 0);
	sum = ~craft_sum(sum, l4, size) & 0xffff;
	craft_put16(check, sum || ip->proto != 17 ? sum : 0xffff);
}

static inline void craft_finish(struct craft *c)
{
	for (unsigned i = c->ips; i-- > 0; ) {		/* the embedded one first */
		const struct craft_ip *ip = &c->ip[i];

		if (ip->family == 4) {
			craft_put16(c->byte + ip->at + 2, c->size - ip->at);
			craft_seal_ip4(c, ip);
		} else {
			craft_put16(c->byte + ip->at + 4, c->size - ip->at - 40);
		}
		if (!ip->l4 || (c->fragment && !i))
			continue;
		if (ip->proto == 17)
			craft_put16(c->byte + ip->l4 + 4, c->size - ip->l4);
		craft_seal_l4(c, ip);
	}
	if (c->pppoe)
		craft_put16(c->byte + c->pppoe + 4, c->size - c->pppoe - 6);
}

#endif
