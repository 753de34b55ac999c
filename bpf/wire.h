/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stands where in a packet: the headers that parse.h reads, and what their numbers mean.
 * IPv4, IPv6 and Ethernet headers are those of <linux/>.
 */
#ifndef WEIR_WIRE_H
#define WEIR_WIRE_H

#include <stdbool.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

struct vlan_tag {
	__be16	tci;
	__be16	proto;
};

struct pppoe_session {		/* RFC 2516, with the PPP protocol number */
	__u8	version_type;
	__u8	code;
	__be16	session;
	__be16	length;
	__be16	proto;
};

struct ipv6_extension {		/* RFC 8200 4; AH counts in other units: RFC 4302 */
	__u8	next;
	__u8	length;
	__be16	fragment;	/* only in the fragment header, where length is reserved */
	__be32	rest;
};

struct ports_header {		/* TCP, UDP, UDP-Lite, SCTP and DCCP agree on 4 bytes */
	__be16	sport;
	__be16	dport;
	__be16	udp_length;
	__be16	udp_checksum;
};

struct tcp_header {		/* RFC 9293 3.1 */
	__be16	sport;
	__be16	dport;
	__be32	seq;
	__be32	ack;
	__u8	data_offset;	/* upper nibble, in words */
	__u8	flags;
	__be16	window;
	__be16	checksum;
	__be16	urgent;
};

struct gre_header {		/* RFC 2784, RFC 2637 */
	__be16	flags;		/* the version is the lowest 3 bits */
	__be16	proto;
	__be16	length;
	__be16	call;
};

struct icmp_header {		/* ICMP (RFC 792) and ICMPv6 (RFC 4443) */
	__u8	type;
	__u8	code;
	__be16	checksum;
	__be16	id;		/* of queries */
	__be16	sequence;
};

/* ICMP messages that quote the packet they complain about (icmp_is_err() in the kernel) */
static __always_inline bool icmp_is_error(__u8 family, __u8 type)
{
	if (family == 6)
		return type < 128;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* ICMP messages with an identifier that ties question and answer: conntrack's invmap[] */
static __always_inline bool icmp_is_query(__u8 family, __u8 type)
{
	if (family == 6)
		return type == 128 || type == 129 || type == 139 || type == 140;
	return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

static __always_inline bool has_ports(__u8 l4_proto)
{
	return l4_proto == IPPROTO_TCP || l4_proto == IPPROTO_UDP || l4_proto == IPPROTO_SCTP ||
	       l4_proto == IPPROTO_DCCP || l4_proto == IPPROTO_UDPLITE;
}

/* Is it an extension header, one that can be stepped over? */
static __always_inline bool is_extension(__u8 proto)
{
	const __u64 extensions = 1ULL << IPPROTO_HOPOPTS | 1ULL << IPPROTO_ROUTING |
				 1ULL << IPPROTO_FRAGMENT | 1ULL << IPPROTO_AH |
				 1ULL << IPPROTO_DSTOPTS;

	return proto < 64 && extensions >> proto & 1;
}

static __always_inline __u32 extension_size(__u8 proto, __u8 length)
{
	if (proto == IPPROTO_FRAGMENT)
		return 8;		/* the byte is reserved and may hold anything */
	if (proto == IPPROTO_AH)
		return (length + 2) * 4;
	return (length + 1) * 8;
}

#endif
