/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a packet that conntrack calls INVALID was passed. */
#ifndef WEIR_CAUSE_H
#define WEIR_CAUSE_H

#include <stdbool.h>
#include "bpf/scratch.h"
#include "gateway.h"

/* X(identifier, text): all but the last can't be known in front of conntrack, or must not be used */
#define CAUSES(X) \
	X(ICMP, "ICMP query or its answer: the kernel can't be asked about them from BPF") \
	X(FRAGMENT, "fragment: needs reassembly") \
	X(PROTOCOL, "SCTP, DCCP, GRE ...: the kernel can't be asked, and what they carry is not read") \
	X(BEGINS, "conntrack takes the first numbers of a side from it, INVALID or not: dropped, the " \
		  "entry would become another one") \
	X(REMEMBERED, "FIN or RST that conntrack keeps in mind, INVALID or not: dropped, it would judge later " \
		      "ones differently") \
	X(SACK, "it may carry SACK blocks, which are not read") \
	X(PROXY, "ACK that may keep a SYN proxy's half of a flow alive: whether there is one is not read") \
	X(CHALLENGE, "ACK in LAST_ACK that may be a challenge ACK: what tells them apart is not read") \
	X(MISSED, "not explained")

enum cause {
#define X(identifier, text) CAUSE_##identifier,
	CAUSES(X)
#undef X
	CAUSE_COUNT,
};
extern const char *const cause_text[CAUSE_COUNT];

/* seen: what weir wrote down about the packet */
enum cause cause_of(const struct opinion *opinion, const struct scratch *seen);

#endif
