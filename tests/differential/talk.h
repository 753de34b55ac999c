/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generated conversations: hosts inside and servers outside that talk TCP, UDP and ICMP through
 * a NAT gateway, and now and then do what they should not. The same seed tells the same story.
 */
#ifndef WEIR_TALK_H
#define WEIR_TALK_H

#include "frame.h"

/* X(identifier, name): what kind of packet it is; the causes of the report */
#define KINDS(X) \
	X(HANDSHAKE, "handshake") X(DATA, "data") X(CLOSE, "close") X(RESENT, "resent") \
	X(SEQ_ABOVE, "seq above window") X(SEQ_BELOW, "seq below window") \
	X(ACK_ABOVE, "ack of the unsent") X(ACK_BELOW, "old ack") \
	X(RST_EXACT, "rst") X(RST_WILD, "rst with wild seq") X(FIN_EARLY, "fin out of place") \
	X(FIN_WILD, "fin with wild seq") \
	X(SYN_AGAIN, "syn in a known flow") X(SYN_REPLY, "syn from the server") \
	X(SYNACK_AGAIN, "syn-ack out of place") X(SIMULTANEOUS, "simultaneous open") \
	X(PICK_UP, "mid-stream pick-up") X(STRAY_ACK, "stray ack") X(STRAY_RST, "stray rst") \
	X(STRAY_FIN, "stray fin") X(STRAY_SYNACK, "stray syn-ack") \
	X(FLAGS, "impossible flags") X(BROKEN, "broken header") X(CHECKSUM, "wrong checksum") \
	X(MUTATED, "mutated byte") X(MUTATED_SUMMED, "mutated byte, right checksum") \
	X(UDP, "udp") X(UDP_FRAGMENT, "udp in fragments") X(ECHO, "echo") \
	X(ECHO_REPLY_STRAY, "stray icmp reply") X(ICMP_ERROR, "icmp error of a flow") \
	X(ICMP_ERROR_STRAY, "icmp error of nothing") X(ICMP_ERROR_ASTRAY, "icmp error to another") \
	X(ICMP_OTHER, "other icmp type") X(NEIGHBOUR, "neighbour or listener discovery") \
	X(OTHER, "sctp, gre, esp") X(CAPTURED, "captured")

enum kind {
#define X(identifier, name) KIND_##identifier,
	KINDS(X)
#undef X
	KINDS_COUNT,
};
extern const char *const kind_name[KINDS_COUNT];

#define BURST_MAX 2

/* What is sent at once: one packet, in one frame or in fragments. */
struct burst {
	enum kind	kind;
	unsigned int	frames;
	struct frame	frame[BURST_MAX];
};

void talk_begin(uint64_t seed);
void talk_next(struct burst *burst);

#endif
