/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a stage may know about a packet: scalars only, no pointer into it. parse.h fills it.
 *
 * Addresses are in network order; an IPv4 address stands in word 0, the other words are 0.
 * Ports are in network order; 0 where the protocol has none or a fragment hides them. For an ICMP
 * or ICMPv6 echo the identifier stands in sport, so that an echo is a flow like any other; for GRE
 * of PPTP the call does.
 */
#ifndef WEIR_PKT_H
#define WEIR_PKT_H

#include <stdbool.h>
#include <linux/types.h>

enum pkt_flag {
	PKT_FRAGMENT_FIRST	= 1 << 0,	/* more follow: L4 header is here, payload is not whole */
	PKT_FRAGMENT_LATER	= 1 << 1,	/* no L4 header in this one */
	PKT_INNER		= 1 << 2,	/* ICMP error: the inner_* fields are filled */
	PKT_BAD_IP_CHECKSUM	= 1 << 3,
	PKT_BAD_IP_HEADER	= 1 << 4,	/* version, ihl or total length impossible */
	PKT_BAD_L4_HEADER	= 1 << 5,	/* data offset, UDP length ... impossible */
	PKT_TRUNCATED		= 1 << 6,	/* fewer bytes than the headers promise */
	PKT_TOO_DEEP		= 1 << 7,	/* extension headers or tags beyond what is read */
	PKT_NOT_IP		= 1 << 8,
	PKT_HAS_L4		= 1 << 9,	/* sport.. icmp_code are filled as l4_proto says */
	PKT_TCP_OPTIONS		= 1 << 10,
	PKT_ICMP_ERROR		= 1 << 11,	/* quotes another packet; PKT_INNER: legibly */
};

/* TCP flags as they stand in byte 13 of the header (RFC 9293) */
enum tcp_flag {
	TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08,
	TCP_ACK = 0x10, TCP_URG = 0x20, TCP_ECE = 0x40, TCP_CWR = 0x80,
};

struct pkt {
	__be32	saddr[4];
	__be32	daddr[4];
	__be16	sport;
	__be16	dport;
	__u16	flags;		/* enum pkt_flag */
	__u8	family;		/* 4, 6 or 0 */
	__u8	l4_proto;	/* IPPROTO_*: the last one after extension headers */
	__u32	bytes;		/* whole frame */
	__u32	tcp_seq;	/* host order */
	__u32	tcp_ack;	/* host order */
	__u16	tcp_window;	/* host order, unscaled */
	__u16	payload;	/* bytes after the L4 header, as the IP length tells */
	__u16	l3_offset;	/* bytes before the IP header */
	__u16	l4_offset;	/* bytes before the L4 header */
	__u8	tcp_flags;	/* enum tcp_flag */
	__u8	icmp_type;
	__u8	icmp_code;
	__u8	fragment_offset;	/* in units of 8 bytes, 255 for 255 and above */
	__u8	ttl;
	__u8	tos;
	__u8	inner_proto;
	__u8	vlan_tags;
	__be32	inner_saddr[4];	/* the packet that an ICMP error speaks of, as it stands there */
	__be32	inner_daddr[4];
	__be16	inner_sport;
	__be16	inner_dport;
	__u16	l4_bytes;	/* L4 header and payload, as the IP length tells */
};

/* Of a plain packet (parse_plain.h), what tells its flow and its kind. */
struct plain {
	__be32	saddr;
	__be32	daddr;
	__be16	sport;
	__be16	dport;
	__u8	l4_proto;	/* IPPROTO_TCP or IPPROTO_UDP */
	__u8	tcp_flags;	/* enum tcp_flag */
};

/* Of an ICMP error with PKT_INNER: it goes to whoever sent the packet that it speaks of, or it is no
 * answer at all. */
static inline bool icmp_error_answers(const struct pkt *pkt)
{
	return pkt->daddr[0] == pkt->inner_saddr[0] && pkt->daddr[1] == pkt->inner_saddr[1] &&
	       pkt->daddr[2] == pkt->inner_saddr[2] && pkt->daddr[3] == pkt->inner_saddr[3];
}

#endif
