// SPDX-License-Identifier: GPL-2.0-only
#include "martian.h"

/*
 * Link-local IPv6 sources (NDP) are lawful on every link, and not in the list. What a host says
 * that has no address yet, from 0.0.0.0 or ::, is told from the rest by the packet: bpf/spoof.h.
 */
const struct martian martians[] = {
	{ "0.0.0.0/8", MARTIAN_ANYWHERE, "RFC 791: this network" },
	{ "10.0.0.0/8", MARTIAN_OUTSIDE, "RFC 1918: private" },
	{ "100.64.0.0/10", MARTIAN_OUTSIDE, "RFC 6598: shared behind a provider's NAT" },
	{ "127.0.0.0/8", MARTIAN_ANYWHERE, "RFC 1122: loopback" },
	{ "169.254.0.0/16", MARTIAN_OUTSIDE, "RFC 3927: link local" },
	{ "172.16.0.0/12", MARTIAN_OUTSIDE, "RFC 1918: private" },
	{ "192.0.0.0/24", MARTIAN_OUTSIDE, "RFC 6890: protocol assignments" },
	{ "192.0.0.9/32", MARTIAN_NOWHERE, "RFC 7723: PCP anycast" },
	{ "192.0.0.10/32", MARTIAN_NOWHERE, "RFC 8155: TURN anycast" },
	{ "192.0.0.170/31", MARTIAN_ANYWHERE, "RFC 7050: NAT64 discovery, never a source" },
	{ "192.0.2.0/24", MARTIAN_OUTSIDE, "RFC 5737: documentation" },
	{ "192.168.0.0/16", MARTIAN_OUTSIDE, "RFC 1918: private" },
	{ "198.18.0.0/15", MARTIAN_OUTSIDE, "RFC 2544: benchmarks" },
	{ "198.51.100.0/24", MARTIAN_OUTSIDE, "RFC 5737: documentation" },
	{ "203.0.113.0/24", MARTIAN_OUTSIDE, "RFC 5737: documentation" },
	{ "224.0.0.0/4", MARTIAN_ANYWHERE, "RFC 1112: multicast" },
	{ "240.0.0.0/4", MARTIAN_ANYWHERE, "RFC 1112: reserved; RFC 919: limited broadcast" },
	{ "::/96", MARTIAN_ANYWHERE, "RFC 4291: IPv4-compatible (deprecated), loopback" },
	{ "::ffff:0.0.0.0/96", MARTIAN_ANYWHERE, "RFC 4291: IPv4-mapped" },
	{ "64:ff9b:1::/48", MARTIAN_OUTSIDE, "RFC 8215: local translation" },
	{ "100::/64", MARTIAN_OUTSIDE, "RFC 6666: discard only" },
	{ "100:0:0:1::/64", MARTIAN_OUTSIDE, "RFC 9780: dummy" },
	{ "2001:2::/48", MARTIAN_OUTSIDE, "RFC 5180: benchmarks" },
	{ "2001:db8::/32", MARTIAN_OUTSIDE, "RFC 3849: documentation" },
	{ "3fff::/20", MARTIAN_OUTSIDE, "RFC 9637: documentation" },
	{ "5f00::/16", MARTIAN_OUTSIDE, "RFC 9602: segment routing" },
	{ "fc00::/7", MARTIAN_OUTSIDE, "RFC 4193: unique local" },
	{ "fec0::/10", MARTIAN_OUTSIDE, "RFC 3879: site local (deprecated)" },
	{ "ff00::/8", MARTIAN_ANYWHERE, "RFC 4291: multicast" },
	{ 0 },
};
