/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * THE list of outcomes. Every packet that weir judges ends with exactly one of them.
 *
 * The class is the number: 0 is "no opinion yet" (only between stages), 1-31 pass, 32-95 drop.
 * Numbers are append-only: counters, events and captures of different versions are compared.
 * Everything else that knows reasons (CLI names, help, JSON keys, counter slots, the tables in
 * README and man page, the list that the tests must hit) is generated from REASONS().
 */
#ifndef WEIR_REASON_H
#define WEIR_REASON_H

/* X(number, identifier, name, help) */
#define REASONS(X) \
	X(1, CLEAN, "clean", "has nothing to do with flows") \
	X(2, KNOWN, "known", "belongs to a flow that conntrack has") \
	X(3, RELATED, "related", "ICMP error about a flow that conntrack has") \
	X(4, NEW, "new", "opens a flow and was admitted") \
	X(5, TRUSTED, "trusted", "source is on the trust list") \
	X(6, BYPASS, "bypass", "skips connection tracking") \
	X(7, FRAGMENT, "fragment", "later fragment: carries no ports to judge") \
	X(8, NOT_IP, "not-ip", "neither IPv4 nor IPv6") \
	X(9, TOO_DEEP, "too-deep", "headers nest deeper than weir reads: each packet pays for a flow") \
	X(10, FAIL_OPEN, "fail-open", "weir had no policy or no memory to judge it: passed") \
	X(11, UNJUDGED, "unjudged", "weir can't tell whether conntrack has its flow: passed") \
	X(12, GRACE, "grace", "stray that passes while `weir grace` lasts") \
	X(13, FORWARDED, "forwarded", "skips connection tracking and the rest of the stack: forwarded by XDP") \
	X(32, TRUNCATED, "truncated", "ends inside a header, or is shorter than its header says") \
	X(33, IP_HEADER, "ip-header", "impossible IP version, header length or total length") \
	X(34, IP_CHECKSUM, "ip-checksum", "IPv4 header checksum is wrong") \
	X(35, L4_HEADER, "l4-header", "impossible TCP, UDP, SCTP or ICMP header length") \
	X(36, L4_CHECKSUM, "l4-checksum", "transport checksum is wrong") \
	X(37, TCP_FLAGS, "tcp-flags", "TCP flags that no stack sends together") \
	X(38, ICMP_TYPE, "icmp-type", "ICMP type that conntrack calls invalid") \
	X(39, FRAGMENT_TINY, "fragment-tiny", "first fragment too short for its ports, or second one on top of them") \
	X(40, LAND, "land", "source and destination address are the same") \
	X(48, BLOCKED, "blocked", "source is on the block list") \
	X(49, BLACKHOLE, "blackhole", "source has a blackhole route") \
	X(50, MARTIAN, "martian", "source address that can't come from this side") \
	X(51, WRONG_SIDE, "wrong-side", "source belongs to the other side of the gateway") \
	X(52, URPF, "urpf", "no route back to the source") \
	X(56, STRAY, "stray", "belongs to no flow and can't open one") \
	X(57, WINDOW, "window", "TCP sequence or state outside of its flow") \
	X(60, CHALLENGED, "challenged", "unproven source was asked to prove itself") \
	X(61, ANSWERED, "answered", "answer to a challenge: proves its source, and goes no further") \
	X(64, RATE_SOURCE, "rate-source", "source opens flows faster than its limit") \
	X(65, RATE_PREFIX, "rate-prefix", "prefix opens flows faster than its limit") \
	X(66, RATE_DESTINATION, "rate-destination", "destination gets flows faster than its limit") \
	X(67, RATE_TOTAL, "rate-total", "gateway opens flows faster than its limit") \
	X(68, RESERVE, "reserve", "last share of the table is kept for others") \
	X(69, PRESSURE, "pressure", "table is nearly full and the source is not proven")

enum reason {
	REASON_NONE = 0,
#define X(number, identifier, name, help) REASON_##identifier = number,
	REASONS(X)
#undef X
	REASON_DROP_FIRST = 32,
	REASON_COUNT = 96,	/* size of a table indexed by reason */
};

#endif
