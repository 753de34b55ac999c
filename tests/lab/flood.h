/* SPDX-License-Identifier: GPL-2.0-only */
/* What the flood's two halves share: the plan that flood.c makes and flood.bpf.c carries out. */
#ifndef LAB_FLOOD_H
#define LAB_FLOOD_H

#include <linux/types.h>

#define FLOOD_KINDS(X) X(SYN, "syn") X(UDP, "udp") X(ACK, "ack") X(RST, "rst") \
	X(SYNACK, "synack") X(FIN, "fin") X(ICMP, "icmp")

enum flood_kind {
#define X(identifier, name) FLOOD_##identifier,
	FLOOD_KINDS(X)
#undef X
	FLOOD_KIND_COUNT,
};

#define FLOOD_LIST	16	/* prefixes or kinds that can be named; a power of two */

/* addresses are four words in host order; IPv4 uses the first */
struct flood_prefix {
	__u32	word[4];
	__u32	random[4];	/* bits that each packet chooses anew */
};

#define FLOOD_BURST	16	/* packets in a row */
#define FLOOD_LAG_NS	2000000

struct flood_plan {
	__u64			burst_ns;	/* between two bursts; 0: no pause */
	__u64			count;		/* 0: no bound */
	__u64			seed;
	__u32			ipv6;
	__u32			payload;	/* zero bytes after the UDP or ICMP header */
	__u32			sources;	/* 0: any public address */
	__u32			destinations;
	__u32			kinds;
	__u16			sport[2];	/* first, last */
	__u16			dport[2];
	__u8			kind[FLOOD_LIST];	/* enum flood_kind, chosen evenly */
	__u8			ethernet[12];	/* destination, source */
	struct flood_prefix	source[FLOOD_LIST];
	struct flood_prefix	destination[FLOOD_LIST];
};

#endif
