// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole program, one row a packet: under this policy it ends with that reason, counted once,
 * with all of its bytes, and dropped only in enforce mode. Each reason has a row, or stands in
 * returned_by_nobody, which the code must agree with.
 */
#include <glob.h>
#include <net/if.h>	/* before those of linux/, which then leave out what it has */
#include <linux/icmp.h>
#include <linux/pkt_cls.h>
#include <sched.h>
#include "attach.h"
#include "frame.h"
#include "gateway.h"
#include "test.h"
#include "bpf/cookie.h"
#include "bpf/pkt.h"
#include "tc.skel.h"
#include "xdp.skel.h"

#define SECOND_NS	1000000000ULL
#define HOUR_NS		(3600 * SECOND_NS)
#define STRANGER	"203.0.113.5"
#define SERVER		"192.0.2.1"

static const struct gateway_kind kinds[] = {
	{ "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes },
	{ "xdp generic", "weir_generic", XDP_PASS, XDP_DROP, xdp__elf_bytes },
	{ "xdp in a chain", "weir_chain", XDP_PASS, XDP_DROP, xdp__elf_bytes },
	{ "tc", "weir_tc", TC_ACT_UNSPEC, TC_ACT_SHOT, tc__elf_bytes },
	{ "tc, L3", "weir_tc", TC_ACT_UNSPEC, TC_ACT_SHOT, tc__elf_bytes },
};

/* A reason leaves this list with the stage that returns it, and gets a row. */
static const enum reason returned_by_nobody[] = {
	REASON_NONE,
};

/* What no stage returns: the program for XDP makes it of a bypass, and tests/forward.c has its rows. */
static const enum reason returned_by_xdp = REASON_FORWARDED;

/* ---- frames; n: how many of them came before ---- */

static void ip4(struct craft *c, const char *from, const char *to, uint8_t proto)
{
	craft_eth(c, ETH_P_IP);
	craft_ip4(c, from, to, proto);
}

static void tcp(struct craft *c, const char *from, unsigned sport, const char *to, unsigned dport,
		uint8_t flags)
{
	ip4(c, from, to, IPPROTO_TCP);
	craft_tcp(c, sport, dport, flags);
	craft_finish(c);
}

static void syn(struct craft *c, unsigned n)
{
	tcp(c, STRANGER, 1000 + n, SERVER, 80, TCP_SYN);
}

/* never the same twice, or it would be a retransmission */
static void syn_afresh(struct craft *c, unsigned n)
{
	static unsigned port = 1000;

	(void)n;
	tcp(c, STRANGER, ++port, SERVER, 80, TCP_SYN);
}

/* What a stack sends that was answered by a cookie. */
static void rst_of_cookie(struct craft *c, unsigned n)
{
	struct pkt flow = { .family = 4, .sport = htons(900 + n), .dport = htons(80) };

	inet_pton(AF_INET, STRANGER, flow.saddr);
	inet_pton(AF_INET, SERVER, flow.daddr);
	tcp(c, STRANGER, 900 + n, SERVER, 80, TCP_RST);
	craft_put32(c->byte + c->ip[0].l4 + 4, cookie_make(&flow, gateway_now_ns, gateway_key).ack);
}

static void syn_of_neighbours(struct craft *c, unsigned n)
{
	char from[INET_ADDRSTRLEN];

	snprintf(from, sizeof(from), "203.0.113.%u", 10 + n);
	tcp(c, from, 1000, SERVER, 80, TCP_SYN);
}

static void syn_six(struct craft *c, unsigned n)
{
	craft_eth(c, ETH_P_IPV6);
	craft_ip6(c, "2001:db8::5", "2001:db8:1::1", IPPROTO_TCP);
	craft_tcp(c, 1000 + n, 80, TCP_SYN);
	craft_finish(c);
}

static void udp(struct craft *c, unsigned n)
{
	ip4(c, STRANGER, SERVER, IPPROTO_UDP);
	craft_udp(c, 1000 + n, 53);
	craft_finish(c);
}

/* of the flow that masquerade() makes */
static void ack_inside(struct craft *c, unsigned n __attribute__((unused)))
{
	tcp(c, "10.0.0.2", 1000, SERVER, 80, TCP_ACK);
}

static void ack_outside(struct craft *c, unsigned n __attribute__((unused)))
{
	tcp(c, SERVER, 80, "198.51.100.1", 2000, TCP_ACK);
}

static void syn_outside(struct craft *c, unsigned n __attribute__((unused)))
{
	tcp(c, SERVER, 80, "198.51.100.1", 2000, TCP_SYN);
}

/* two flows, and the first of them once more */
static void syn_again(struct craft *c, unsigned n)
{
	syn(c, n % 2);
}

/* one packet of the flow through NAT, which proves its source, then SYNs of that source */
static void syn_after_ack(struct craft *c, unsigned n)
{
	if (n)
		tcp(c, SERVER, 1000 + n, "198.51.100.1", 443, TCP_SYN);
	else
		ack_outside(c, n);
}

static void error_outside(struct craft *c, unsigned n __attribute__((unused)))
{
	ip4(c, "192.0.2.254", "198.51.100.1", IPPROTO_ICMP);
	craft_icmp(c, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 0);
	craft_ip4(c, "198.51.100.1", SERVER, IPPROTO_TCP);
	craft_tcp(c, 2000, 80, TCP_ACK);
	craft_finish(c);
}

/* as above, but whoever gets it did not send what it speaks of */
static void error_to_another(struct craft *c, unsigned n __attribute__((unused)))
{
	ip4(c, "192.0.2.254", "198.51.100.77", IPPROTO_ICMP);
	craft_icmp(c, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 0);
	craft_ip4(c, "198.51.100.1", SERVER, IPPROTO_TCP);
	craft_tcp(c, 2000, 80, TCP_ACK);
	craft_finish(c);
}

static void ack_of_nobody(struct craft *c, unsigned n)
{
	tcp(c, STRANGER, 3000 + n, SERVER, 80, TCP_ACK);
}

static void neighbour(struct craft *c, unsigned n __attribute__((unused)))
{
	craft_eth(c, ETH_P_IPV6);
	craft_ip6(c, "fe80::1", "ff02::1:ff00:1", IPPROTO_ICMPV6);
	craft_icmp(c, 135, 0, 0);
	craft_payload(c, 16);
	craft_finish(c);
}

static void echo_reply(struct craft *c, unsigned n __attribute__((unused)))
{
	ip4(c, STRANGER, SERVER, IPPROTO_ICMP);
	craft_icmp(c, ICMP_ECHOREPLY, 0, 7);
	craft_finish(c);
}

/* one entry each: conntrack's tuple has the code in it */
static void echo_of_code(struct craft *c, unsigned n)
{
	ip4(c, STRANGER, SERVER, IPPROTO_ICMP);
	craft_icmp(c, ICMP_ECHO, n, 7);
	craft_finish(c);
}

/* and the call of PPTP */
static void pptp_call(struct craft *c, unsigned n)
{
	uint8_t *gre;

	ip4(c, STRANGER, SERVER, IPPROTO_GRE);
	gre = craft_l4(c, 12);
	craft_put16(gre, 0x3001);
	craft_put16(gre + 2, 0x880b);
	craft_put16(gre + 6, n);
	craft_finish(c);
}

static void redirect_of_nothing(struct craft *c, unsigned n __attribute__((unused)))
{
	ip4(c, STRANGER, SERVER, IPPROTO_ICMP);
	craft_icmp(c, 42, 0, 0);
	craft_finish(c);
}

static void arp(struct craft *c, unsigned n __attribute__((unused)))
{
	craft_eth(c, ETH_P_ARP);
	craft_payload(c, 28);
}

static void three_tags(struct craft *c, unsigned n __attribute__((unused)))
{
	craft_eth(c, ETH_P_8021AD);
	craft_vlan(c, 1, ETH_P_8021Q);
	craft_vlan(c, 2, ETH_P_8021Q);
	craft_vlan(c, 3, ETH_P_IP);
	craft_ip4(c, STRANGER, SERVER, IPPROTO_UDP);
	craft_udp(c, 1000, 53);
	craft_finish(c);
}

/* more extension headers than are read, which the kernel steps over */
static void seven_extensions(struct craft *c, unsigned n)
{
	craft_eth(c, ETH_P_IPV6);
	craft_ip6(c, "2001:db8::5", "2001:db8:1::1", IPPROTO_DSTOPTS);
	for (int i = 1; i <= 7; i++)
		craft_extension(c, i < 7 ? IPPROTO_DSTOPTS : IPPROTO_UDP, 8);
	craft_udp(c, 1000 + n, 53);
	craft_finish(c);
}

/* an error opens nothing, so it pays nothing */
static void error_about_extensions(struct craft *c, unsigned n __attribute__((unused)))
{
	craft_eth(c, ETH_P_IPV6);
	craft_ip6(c, "2001:db8::5", "2001:db8:1::1", IPPROTO_ICMPV6);
	craft_icmp(c, 1, 4, 0);
	craft_ip6(c, "2001:db8:1::1", "2001:db8::5", IPPROTO_DSTOPTS);
	for (int i = 1; i <= 7; i++)
		craft_extension(c, i < 7 ? IPPROTO_DSTOPTS : IPPROTO_UDP, 8);
	craft_udp(c, 1000, 53);
	craft_finish(c);
}

static void fragment(struct craft *c, uint8_t proto, unsigned offset, unsigned size)
{
	ip4(c, STRANGER, SERVER, proto);
	craft_ip4_fragment(c, offset, true);
	craft_payload(c, size);
	craft_finish(c);
}

static void fragment_later(struct craft *c, unsigned n __attribute__((unused)))
{
	fragment(c, IPPROTO_UDP, 1480, 64);
}

static void fragment_on_flags(struct craft *c, unsigned n __attribute__((unused)))
{
	fragment(c, IPPROTO_TCP, 8, 64);
}

static void syn_of_loopback(struct craft *c, unsigned n)
{
	tcp(c, "127.0.0.1", 1000 + n, SERVER, 80, TCP_SYN);
}

static void fragment_of_loopback(struct craft *c, unsigned n __attribute__((unused)))
{
	ip4(c, "127.0.0.1", SERVER, IPPROTO_UDP);
	craft_ip4_fragment(c, 1480, true);
	craft_payload(c, 64);
	craft_finish(c);
}

static void dhcp_discover(struct craft *c, unsigned n __attribute__((unused)))
{
	ip4(c, "0.0.0.0", "255.255.255.255", IPPROTO_UDP);
	craft_udp(c, 68, 67);
	craft_finish(c);
}

static void syn_of_blackhole(struct craft *c, unsigned n)
{
	tcp(c, "203.0.113.66", 1000 + n, SERVER, 80, TCP_SYN);
}

static void udp_of_blackhole(struct craft *c, unsigned n)
{
	ip4(c, "203.0.113.66", SERVER, IPPROTO_UDP);
	craft_udp(c, 1000 + n, 53);
	craft_finish(c);
}

static void cut(struct craft *c, unsigned n)
{
	syn(c, n);
	c->size -= 8;
}

static void version_seven(struct craft *c, unsigned n)
{
	syn(c, n);
	c->byte[14] = 0x75;
}

static void bad_sum(struct craft *c, unsigned n)
{
	syn(c, n);
	c->byte[24] ^= 1;
}

static void bad_tcp_sum(struct craft *c, unsigned n)
{
	syn(c, n);
	c->byte[c->ip[0].l4 + 16] ^= 1;
}

static void bad_udp_sum(struct craft *c, unsigned n)
{
	udp(c, n);
	c->byte[c->ip[0].l4 + 7] ^= 0x80;
}

/* a payload of an odd number of bytes, more than are summed at once */
static void long_udp(struct craft *c, unsigned n)
{
	ip4(c, STRANGER, SERVER, IPPROTO_UDP);
	craft_udp(c, 1000 + n, 53);
	craft_payload(c, 1201);
	craft_finish(c);
}

static void bad_long_udp(struct craft *c, unsigned n)
{
	long_udp(c, n);
	c->byte[c->size - 1] ^= 1;
}

static void udp_without_sum(struct craft *c, unsigned n)
{
	udp(c, n);
	craft_put16(c->byte + c->ip[0].l4 + 6, 0);
}

static void short_udp(struct craft *c, unsigned n)
{
	udp(c, n);
	craft_put16(c->byte + c->ip[0].l4 + 4, 7);
}

static void syn_fin(struct craft *c, unsigned n)
{
	tcp(c, STRANGER, 1000 + n, SERVER, 80, TCP_SYN | TCP_FIN);
}

static void land(struct craft *c, unsigned n)
{
	tcp(c, SERVER, 1000 + n, SERVER, 80, TCP_SYN);
}

/* ---- rows ---- */

struct row {
	enum reason	reason;
	const char	*what;
	void		(*frame)(struct craft *c, unsigned n);
	unsigned	before;		/* so many frames are admitted before the one that counts */
	bool		grace;
	const char	*policy;	/* without its mode; NULL: no policy is in force */
};

#define CHECKSUM	"check { l4-checksum drop }"
#define LIMIT(what) "limit new-flows { " what " }"

static const struct row rows[] = {
	{ REASON_CLEAN, "neighbour solicitation", neighbour, 0, false, "" },
	{ REASON_CLEAN, "a check that is off", syn_fin, 0, false, "check { malformed off }" },
	{ REASON_KNOWN, "from inside", ack_inside, 0, false, LIMIT("per source 1/minute burst 1") },
	{ REASON_KNOWN, "through NAT", ack_outside, 0, false, LIMIT("per source 1/minute burst 1") },
	{ REASON_KNOWN, "within the window", ack_outside, 0, false, "check { window drop }" },
	{ REASON_RELATED, "fragmentation needed", error_outside, 0, false, "" },
	{ REASON_NEW, "SYN", syn, 0, false, "" },
	{ REASON_NEW, "IPv6 SYN", syn_six, 1, false, LIMIT("per source 1/minute burst 2") },
	{ REASON_NEW, "UDP", udp, 1, false, LIMIT("per source 1/minute burst 2") },
	{ REASON_TRUSTED, "trusted and blocked", syn, 0, false,
	  "trusted { 203.0.113.5 }\nblocked { 203.0.113.0/24 }" },
	{ REASON_BYPASS, "to the service", udp, 0, false, "bypass { udp port 53 to 192.0.2.1 }" },
	{ REASON_BYPASS, "of the service", ack_outside, 0, false, "bypass { tcp port 80 to 192.0.2.1 }" },
	{ REASON_BYPASS, "error about it", error_outside, 0, false,
	  "bypass { tcp port 80 from 198.51.100.0/24 }" },
	{ REASON_STRAY, "error about it to another", error_to_another, 0, false,
	  "check { stray drop }\nbypass { tcp port 80 from 198.51.100.0/24 }" },
	{ REASON_BYPASS, "malformed, of the service", syn_fin, 0, false,
	  "check { malformed off }\nbypass { from 203.0.113.0/24 }" },
	{ REASON_BLOCKED, "malformed, which is off", syn_fin, 0, false,
	  "check { malformed off }\nblocked { 203.0.113.5 }" },
	{ REASON_BYPASS, "trusted", syn, 0, false,
	  "trusted { 203.0.113.5 }\nbypass { from 203.0.113.0/24 }" },
	{ REASON_BYPASS, "IPv6", syn_six, 0, false, "bypass { port 70-90 to 2001:db8:1::/48 }" },
	{ REASON_BLOCKED, "before bypass", syn, 0, false,
	  "blocked { 203.0.113.5 }\nbypass { from 203.0.113.0/24 }" },
	{ REASON_NEW, "another port", udp, 0, false, "bypass { udp port 54 to 192.0.2.1 }" },
	{ REASON_NEW, "another protocol", udp, 0, false, "bypass { tcp port 53 to 192.0.2.1 }" },
	{ REASON_NEW, "another address", udp, 0, false, "bypass { udp port 53 to 192.0.2.2 }" },
	{ REASON_NEW, "the other way", udp, 0, false, "bypass { udp port 53 to 203.0.113.5 }" },
	{ REASON_FRAGMENT, "later fragment", fragment_later, 0, false, "" },
	{ REASON_NOT_IP, "ARP", arp, 0, false, "" },
	{ REASON_TOO_DEEP, "three tags", three_tags, 0, false, "" },
	{ REASON_TOO_DEEP, "seven extensions", seven_extensions, 0, false,
	  LIMIT("per source 1/minute burst 1") },
	{ REASON_RATE_SOURCE, "seven extensions, twice", seven_extensions, 1, false,
	  LIMIT("per source 1/minute burst 1") },
	{ REASON_TOO_DEEP, "error about seven extensions", error_about_extensions, 1, false,
	  LIMIT("per source 1/minute burst 1") },
	{ REASON_BLOCKED, "seven extensions", seven_extensions, 0, false,
	  "blocked { 2001:db8::/64 }" },
	{ REASON_MARTIAN, "seven extensions", seven_extensions, 0, false, "check { martians drop }" },
	{ REASON_FAIL_OPEN, "no policy", syn, 0, false, NULL },
	{ REASON_UNJUDGED, "echo reply", echo_reply, 0, false, "" },
	{ REASON_GRACE, "stray, graced", ack_of_nobody, 0, true, "check { stray drop }" },
	{ REASON_TRUNCATED, "shorter than it says", cut, 0, false, "" },
	{ REASON_IP_HEADER, "version 7", version_seven, 0, false, "" },
	{ REASON_IP_CHECKSUM, "one bit", bad_sum, 0, false, "" },
	{ REASON_L4_HEADER, "UDP of 7 bytes", short_udp, 0, false, "" },
	{ REASON_L4_CHECKSUM, "TCP", bad_tcp_sum, 0, false, CHECKSUM },
	{ REASON_L4_CHECKSUM, "UDP", bad_udp_sum, 0, false, CHECKSUM },
	{ REASON_L4_CHECKSUM, "last byte", bad_long_udp, 0, false, CHECKSUM },
	{ REASON_NEW, "checksum off", bad_tcp_sum, 0, false, "" },
	{ REASON_NEW, "TCP checksum", syn, 0, false, CHECKSUM },
	{ REASON_NEW, "UDP checksum", long_udp, 0, false, CHECKSUM },
	{ REASON_NEW, "IPv6 checksum", syn_six, 0, false, CHECKSUM },
	{ REASON_NEW, "no UDP checksum", udp_without_sum, 0, false, CHECKSUM },
	{ REASON_TCP_FLAGS, "SYN and FIN", syn_fin, 0, false, "" },
	{ REASON_ICMP_TYPE, "type 42", redirect_of_nothing, 0, false, "" },
	{ REASON_FRAGMENT_TINY, "over the flags", fragment_on_flags, 0, false, "" },
	{ REASON_LAND, "to itself", land, 0, false, "" },
	{ REASON_BLOCKED, "listed", syn, 0, false, "blocked { 203.0.113.0/24 }" },
	{ REASON_BLOCKED, "listed in IPv6", syn_six, 0, false, "blocked { 2001:db8::/64 timeout 1m }" },
	{ REASON_BLOCKED, "later fragment", fragment_later, 0, false, "blocked { 203.0.113.0/24 }" },
	{ REASON_BLACKHOLE, "route", syn_of_blackhole, 0, false, "check { blackhole table 666 }" },
	{ REASON_NEW, "no such route", syn, 0, false, "check { blackhole table 666 }" },
	{ REASON_BLACKHOLE, "known flow", ack_outside, 0, false, "check { blackhole table 667 }" },
	{ REASON_MARTIAN, "loopback", syn_of_loopback, 0, false, "" },
	{ REASON_MARTIAN, "later fragment", fragment_of_loopback, 0, false, "" },
	{ REASON_NEW, "martians off", syn_of_loopback, 0, false, "check { martians off }" },
	{ REASON_NEW, "DHCP", dhcp_discover, 0, false, "check { martians drop; urpf loose }" },
	{ REASON_WRONG_SIDE, "of inside", syn, 0, false,
	  "interface lan0 { role inside; sources { 203.0.113.0/24 } }" },
	{ REASON_WRONG_SIDE, "of inside, and trusted there", syn, 0, false,
	  "trusted { 203.0.113.5 }\ninterface lan0 { role inside; sources { 203.0.113.0/24 } }" },
	{ REASON_TRUSTED, "a martian", syn_of_loopback, 0, false, "trusted { 127.0.0.0/8 }" },
	{ REASON_TRUSTED, "of inside, and taken back", syn, 0, false,
	  "trusted { 203.0.113.5 }\ninterface lan0 { role inside; sources { 203.0.113.0/24 } }\n"
	  "interface wan9 { role outside; sources { 203.0.113.5 } }" },
	{ REASON_URPF, "no route", syn, 0, false, "check { urpf loose }" },
	{ REASON_URPF, "UDP, no route", udp, 0, false, "check { urpf loose }" },
	{ REASON_NEW, "UDP, a route", udp_of_blackhole, 0, false, "check { urpf loose }" },
	{ REASON_BLACKHOLE, "UDP", udp_of_blackhole, 0, false, "check { blackhole table 666 }" },
	{ REASON_NEW, "a route", syn_of_blackhole, 0, false, "check { urpf loose }" },
	{ REASON_KNOWN, "known, no route", ack_outside, 0, false, "check { urpf loose }" },
	{ REASON_STRAY, "ACK of no flow", ack_of_nobody, 0, false, "check { stray drop }" },
	{ REASON_WINDOW, "SYN from who was called", syn_outside, 0, false, "check { window drop }" },
	{ REASON_KNOWN, "SYN sent again, over the limit", syn_again, 2, false,
	  LIMIT("per source 1/minute burst 2; total 1/minute burst 2") },
	{ REASON_KNOWN, "SYN sent again, and window", syn_again, 2, false,
	  "check { window drop }\n" LIMIT("per source 1/minute burst 2") },
	{ REASON_RATE_SOURCE, "fourth flow", syn, 3, false, LIMIT("per source 1/minute burst 3") },
	{ REASON_RATE_SOURCE, "IPv6", syn_six, 1, false, LIMIT("per source 1/minute burst 1") },
	{ REASON_RATE_SOURCE, "echo, another code", echo_of_code, 1, false,
	  LIMIT("per source 1/minute burst 1") },
	{ REASON_RATE_SOURCE, "another PPTP call", pptp_call, 1, false,
	  LIMIT("per source 1/minute burst 1") },
	{ REASON_RATE_PREFIX, "prefix", syn_of_neighbours, 2, false,
	  LIMIT("prefix 203.0.113.0/24 total 1/minute burst 2") },
	{ REASON_RATE_PREFIX, "aggregate", syn_of_neighbours, 2, false,
	  LIMIT("prefix 0.0.0.0/0 per aggregate 1/minute burst 2") },
	{ REASON_RATE_DESTINATION, "third flow", syn_of_neighbours, 2, false,
	  LIMIT("per destination 1/minute burst 2") },
	{ REASON_CHALLENGED, "stranger in a flood", syn_afresh, 1, false,
	  "challenge { syn retransmit; engage above 1/minute unproven }" },
	{ REASON_ANSWERED, "RST with the cookie", rst_of_cookie, 0, false, "challenge { syn cookie }" },
	{ REASON_STRAY, "RST with the cookie, nobody asked", rst_of_cookie, 0, false, "" },
	{ REASON_RATE_TOTAL, "third flow", syn_of_neighbours, 2, false, LIMIT("total 1/minute burst 2") },
	{ REASON_PRESSURE, "second stranger", syn_of_neighbours, 1, false, "pressure { tight above 70% }" },
	{ REASON_NEW, "proven", syn_after_ack, 4, false, "pressure { tight above 70% }" },
	{ REASON_RESERVE, "other port", syn, 0, false, "pressure { reserve 5% for tcp port 22 }" },
	{ REASON_RESERVE, "other source", syn, 0, false,
	  "pressure { reserve 5% for tcp port 80 from 198.51.100.0/24 }" },
	{ REASON_NEW, "reserved", syn_of_neighbours, 4, false,
	  "pressure { reserve 5% for tcp port 22, tcp port 80 from 203.0.113.0/24 }" },
	{ REASON_NEW, "reserved for IPv6", syn_six, 4, false,
	  "pressure { reserve 5% for from ::/0 }" },
};
#define ROWS	(sizeof(rows) / sizeof(rows[0]))

static const char *name_of(enum reason reason)
{
	switch (reason) {
#define X(number, identifier, name, help) case number: return name;
	REASONS(X)
#undef X
	default: return "nothing, or more than one";
	}
}

static const char *identifier_of(enum reason reason)
{
	switch (reason) {
#define X(number, identifier, name, help) case number: return "REASON_" #identifier;
	REASONS(X)
#undef X
	default: return "";
	}
}

static int open_kind(struct gateway *gateway, const struct gateway_kind *kind)
{
	gateway_bare = strstr(kind->name, "L3") ? ETH_HLEN : 0;
	return gateway_open(gateway, kind, attach_probe(), true);
}

static void set_run(const struct gateway *gateway, bool grace)
{
	struct run run = {
		.grace_until_ns = grace ? ~0ULL : 0,
		.conntrack = CONNTRACK_SETTINGS_KNOWN | CONNTRACK_TCP_LOOSE | CONNTRACK_CHECKSUM,
	};
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(gateway_map(gateway, MAP_RUN), &zero, &run, BPF_ANY));
}

/* The device as the policy's check of the way back would have it. */
static void set_dev(const struct gateway *gateway, const struct row *row)
{
	bool loose = row->policy && strstr(row->policy, "urpf loose");
	struct dev dev = { .ifindex = if_nametoindex("wan0"), .urpf = loose ? URPF_LOOSE : URPF_OFF };
	__u32 zero = 0;

	CHECK(dev.ifindex);
	CHECK(!bpf_map_update_elem(gateway_map(gateway, MAP_DEV), &zero, &dev, BPF_ANY));
}

/* A table that the policy calls full, or that has only the reserve left. */
static void set_pressure(const struct gateway *gateway, const struct row *row)
{
	struct pressure_now pressure = {
		.beat_ns = gateway->now_ns,
		.level = row->policy && strstr(row->policy, "pressure") ? PRESSURE_FULL : PRESSURE_CALM,
		.reserved_only = row->policy && strstr(row->policy, "reserve"),
		.admit_cost_ns = 60 * SECOND_NS, .proven_cost_ns = SECOND_NS / 100,
	};
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(gateway_map(gateway, MAP_PRESSURE), &zero, &pressure, BPF_ANY));
}

static void expect(const struct gateway *gateway, const struct row *row, bool enforced,
		   const struct craft *c, enum reason wanted)
{
	const unsigned size = c->size - gateway_bare;
	bool drops = wanted >= REASON_DROP_FIRST;
	struct gateway_answer answer;

	CHECK_SAID(gateway_judge(gateway, c->byte, c->size, &answer), "%s: not run", row->what);
	CHECK_SAID(answer.reason == wanted, "%s: %s, %s: %s instead of %s", gateway->kind->name, row->what,
		   enforced ? "enforced" : "monitored", name_of(answer.reason), name_of(wanted));
	CHECK_SAID(answer.bytes == size, "%s: %llu bytes of %u", row->what, answer.bytes, size);
	CHECK_SAID(answer.would == (drops && !enforced), "%s: would", row->what);
	CHECK_SAID(answer.verdict == (drops && enforced ? gateway->kind->drop : gateway->kind->pass),
		   "%s: verdict %d", row->what, answer.verdict);
}

/* What becomes of the frames before the one that counts. */
static enum reason before(const struct row *row, unsigned n)
{
	if (row->frame == seven_extensions || row->frame == error_about_extensions)
		return REASON_TOO_DEEP;
	return !n && row->frame == syn_after_ack ? REASON_KNOWN : REASON_NEW;
}

/* An hour after the last row: budgets are full again, and no flow is remembered. */
static void judge_row(struct gateway *gateway, const struct row *row, bool enforced)
{
	struct fail fail = {};
	char policy[512];

	gateway_at(gateway, gateway->now_ns + HOUR_NS);
	set_run(gateway, row->grace);
	set_dev(gateway, row);
	set_pressure(gateway, row);
	snprintf(policy, sizeof(policy), "mode %s\n%s", enforced ? "enforce" : "monitor",
		 row->policy ? row->policy : "");
	CHECK_SAID(!gateway_policy(gateway, row->policy ? policy : NULL, &fail), "%s: %s", row->what,
		   fail.what);
	for (unsigned n = 0; n <= row->before; n++) {
		struct craft c = {};

		row->frame(&c, n);
		expect(gateway, row, enforced, &c, n == row->before ? row->reason : before(row, n));
	}
}

/*
 * Has the row anything to say about this program? tc does not look at transport checksums; without
 * an Ethernet header there are no tags and no other protocols, and the version is what it says.
 */
static bool has_sense(const struct row *row, const struct gateway_kind *kind)
{
	if (row->reason == REASON_L4_CHECKSUM)
		return kind->pass == XDP_PASS;
	return !gateway_bare || (row->frame != arp && row->frame != three_tags && row->frame != version_seven);
}

/* A masqueraded flow and a few routes, and nothing else, in a network namespace of our own. */
static bool masquerade(void)
{
	return !unshare(CLONE_NEWNET) && !system("ip link set lo up") &&
	       !system("sysctl -qw net.ipv4.ip_forward=1 && ip link add wan0 type veth peer name far0 && "
		       "ip link set wan0 up && ip link set far0 up && ip route add 203.0.113.66 dev wan0 && "
		       "ip route add blackhole 203.0.113.66 table 666 && "
		       "ip route add blackhole " SERVER " table 667") &&
	       !system("conntrack -I -p tcp -s 10.0.0.2 -d " SERVER " -r " SERVER " -q 198.51.100.1 "
		       "--sport 1000 --dport 80 --reply-port-src 80 --reply-port-dst 2000 "
		       "--state ESTABLISHED -u SEEN_REPLY,ASSURED -t 1000 >/dev/null 2>&1");
}

TEST(every_row)
{
	struct gateway gateway;

	if (geteuid())
		SKIP("needs root");
	CHECK_SAID(masquerade(), "%s", "no conntrack entry to be had");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int error = open_kind(&gateway, &kinds[i]);

		CHECK_SAID(!error, "%s: %s", kinds[i].name, strerror(error));
		if (error)
			continue;
		gateway_at(&gateway, HOUR_NS);
		for (size_t row = 0; row < ROWS; row++) {
			if (!has_sense(&rows[row], gateway.kind))
				continue;
			judge_row(&gateway, &rows[row], true);
			judge_row(&gateway, &rows[row], false);
		}
		gateway_close(&gateway);
	}
}

/* A check that only counts lets nothing through for free: what conntrack sees has to be paid for. */
static void pays(struct gateway *gateway, const char *policy, void (*frame)(struct craft *, unsigned),
		 enum reason counted)
{
	const struct row row = { .policy = policy };
	struct gateway_answer answer;
	struct fail fail = {};

	gateway_at(gateway, gateway->now_ns + HOUR_NS);
	set_pressure(gateway, &row);
	CHECK_SAID(!gateway_policy(gateway, policy, &fail), "%s", fail.what);
	for (unsigned n = 0; n < 2; n++) {
		struct craft c = {};

		frame(&c, n);
		CHECK(gateway_judge(gateway, c.byte, c.size, &answer));
		CHECK_SAID(answer.reason == (n ? REASON_RATE_SOURCE : counted), "%s: %s", policy,
			   name_of(answer.reason));
		CHECK_SAID(answer.would == !n, "%s: would", policy);
		CHECK(answer.verdict == (n ? gateway->kind->drop : gateway->kind->pass));
	}
}

/* In enforce mode: a check that only counts is not the end for what another one drops. */
static void ends(struct gateway *gateway, const char *policy, void (*frame)(struct craft *, unsigned),
		 enum reason wanted)
{
	const struct row row = { .policy = policy };
	struct gateway_answer answer;
	struct fail fail = {};
	struct craft c = {};

	gateway_at(gateway, gateway->now_ns + HOUR_NS);
	set_pressure(gateway, &row);
	CHECK_SAID(!gateway_policy(gateway, policy, &fail), "%s", fail.what);
	frame(&c, 0);
	CHECK(gateway_judge(gateway, c.byte, c.size, &answer));
	CHECK_SAID(answer.reason == wanted && !answer.would, "%s, %s: %s", gateway->kind->name, policy,
		   name_of(answer.reason));
	CHECK(answer.verdict == gateway->kind->drop);
}

/* A gateway of each kind, with the settings of conntrack that checks ask for. */
static void of_each_kind(void (*judge)(struct gateway *gateway))
{
	struct gateway gateway;

	if (geteuid())
		SKIP("needs root");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int error = open_kind(&gateway, &kinds[i]);

		CHECK_SAID(!error, "%s: %s", kinds[i].name, strerror(error));
		if (error)
			continue;
		gateway_at(&gateway, HOUR_NS);
		set_run(&gateway, false);
		judge(&gateway);
		gateway_close(&gateway);
	}
}

static void hides_nothing(struct gateway *gateway)
{
	ends(gateway, "mode enforce\ncheck { malformed monitor }\nblocked { " STRANGER " }", syn_fin,
	     REASON_BLOCKED);
	if (gateway->kind->pass != XDP_PASS)
		return;
	ends(gateway, "mode enforce\ncheck { l4-checksum monitor }\nblocked { " STRANGER " }", bad_tcp_sum,
	     REASON_BLOCKED);
	pays(gateway, "mode enforce\ncheck { l4-checksum monitor }\n" LIMIT("per source 1/minute burst 1"),
	     bad_tcp_sum, REASON_L4_CHECKSUM);
}

TEST(what_is_only_counted_does_not_hide_what_is_dropped) { of_each_kind(hides_nothing); }

static void counted_pays(struct gateway *gateway)
{
	pays(gateway, "mode enforce\ncheck { martians monitor }\n" LIMIT("per source 1/minute burst 1"),
	     syn_of_loopback, REASON_MARTIAN);
	pays(gateway, "mode enforce\npressure { tight above 70% }\ncheck { stray monitor }\n"
	     LIMIT("per source 1/minute burst 1"), ack_of_nobody, REASON_STRAY);
}

TEST(what_is_only_counted_pays) { of_each_kind(counted_pays); }

/*
 * Where conntrack can't be asked, too, a flow that was admitted outlives the way back to its source,
 * and a blackhole cuts it.
 */
TEST(known_without_conntrack)
{
	const struct row row = { .policy = "check { urpf loose }", .what = "without conntrack" };
	const __u32 features = attach_probe() & ~(FEATURE_CT_XDP | FEATURE_CT_SKB);
	struct gateway gateway;
	struct fail fail = {};
	struct craft c = {};

	if (geteuid())
		SKIP("needs root");
	CHECK_SAID(masquerade(), "%s", "no conntrack entry to be had");
	udp_of_blackhole(&c, 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		gateway_bare = strstr(kinds[i].name, "L3") ? ETH_HLEN : 0;
		CHECK(!gateway_open(&gateway, &kinds[i], features, true));
		gateway_at(&gateway, HOUR_NS);
		set_dev(&gateway, &row);
		CHECK(!gateway_policy(&gateway, "mode enforce\ncheck { urpf loose }", &fail));
		CHECK(!system("ip route replace 203.0.113.66 dev wan0"));
		expect(&gateway, &row, true, &c, REASON_NEW);
		CHECK(!system("ip route del 203.0.113.66 dev wan0"));
		expect(&gateway, &row, true, &c, REASON_KNOWN);
		CHECK(!gateway_policy(&gateway, "mode enforce\ncheck { blackhole table 666 }", &fail));
		gateway_at(&gateway, HOUR_NS + 3 * SECOND_NS);
		expect(&gateway, &row, true, &c, REASON_BLACKHOLE);
		CHECK(!gateway_policy(&gateway, "mode enforce\ncheck { urpf loose }", &fail));
		gateway_at(&gateway, 2 * HOUR_NS);
		expect(&gateway, &row, true, &c, REASON_URPF);
		gateway_close(&gateway);
	}
}

/* Does any stage name it? */
static bool in_the_code(enum reason reason)
{
	const char *identifier = identifier_of(reason), *at;
	size_t length = strlen(identifier);
	bool found = false;
	glob_t files;

	if (glob("bpf/*.h", 0, NULL, &files))
		return false;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		FILE *file = fopen(files.gl_pathv[i], "r");
		char line[512];

		while (file && fgets(line, sizeof(line), file)) {
			at = strstr(line, identifier);
			found |= at && !strchr("_ABCDEFGHIJKLMNOPQRSTUVWXYZ", at[length] ? at[length] : 'A');
		}
		if (file)
			fclose(file);
	}
	globfree(&files);
	return found;
}

TEST(every_reason)
{
	static const enum reason all[] = {
#define X(number, identifier, name, help) REASON_##identifier,
		REASONS(X)
#undef X
	};

	CHECK(in_the_code(REASON_NEW));
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		bool has_row = false, nobody = false;

		for (size_t row = 0; row < ROWS; row++)
			has_row |= rows[row].reason == all[i];
		for (size_t k = 0; k < sizeof(returned_by_nobody) / sizeof(all[0]); k++)
			nobody |= returned_by_nobody[k] == all[i];
		if (all[i] == returned_by_xdp) {
			CHECK(!has_row && !in_the_code(all[i]));
			continue;
		}
		CHECK_SAID(has_row || nobody, "%s: no row here", name_of(all[i]));
		CHECK_SAID(!has_row || !nobody, "%s: has a row, so somebody returns it",
			   name_of(all[i]));
		CHECK_SAID(!nobody || !in_the_code(all[i]), "%s: somebody returns it; it needs a row",
			   name_of(all[i]));
	}
}

int main(void)
{
	return test_main();
}
