/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The number that a stranger has to send back, with nothing to remember.
 *
 * A SYN-ACK whose acknowledgment number is not the one that the client waits for is answered by
 * <SEQ=SEG.ACK><CTL=RST>, and the client goes on waiting (RFC 9293 3.10.7.3). So the number that
 * we acknowledge is the cookie. Linux (since 5.6; tried: 6.18) then sends its SYN again some timer
 * ticks later, a stack that only does what the RFC asks when its retransmission is due. What other
 * stacks do is told in docs/challenge.md.
 *
 * Only the low 16 bits are the cookie; the upper ones are those of the client's own number, or one
 * less, so that ours lies at most 65535 below it. A firewall or NAT on the client's side that looks
 * at windows, as Linux conntrack does, takes it for an old acknowledgment and lets it through,
 * where any number from all 2^32 would be INVALID to it. The price: one guess in 2^15 is right
 * (two periods are valid).
 */
#ifndef WEIR_COOKIE_H
#define WEIR_COOKIE_H

#include <stdbool.h>
#include "pkt.h"
#include "sip.h"

#define COOKIE_PERIOD_SHIFT	33	/* 8.6 s: how long one is given; it is valid twice as long */
#define COOKIE_BITS		16
#define COOKIE_MASK		((1U << COOKIE_BITS) - 1)

/* Keyed by the flow, as the client's packets have it, and the period. */
static __always_inline __u64 cookie_hash(const struct pkt *pkt, __u32 period,
					 const volatile __u64 key[4])
{
	struct sip sip = sip_begin(key[0], key[3]);

	sip_word(&sip, (__u64)pkt->saddr[0] << 32 | pkt->daddr[0]);
	sip_word(&sip, (__u64)pkt->sport << 48 | (__u64)pkt->dport << 32 | period);
	if (pkt->family != 6)
		return sip_end(&sip, 2);
	sip_word(&sip, (__u64)pkt->saddr[1] << 32 | pkt->daddr[1]);
	sip_word(&sip, (__u64)pkt->saddr[2] << 32 | pkt->daddr[2]);
	sip_word(&sip, (__u64)pkt->saddr[3] << 32 | pkt->daddr[3]);
	return sip_end(&sip, 5);
}

/* What the SYN-ACK to a SYN says, in host order. */
struct cookie {
	__u32	seq;		/* nobody looks at it */
	__u32	ack;
};

static __always_inline struct cookie cookie_make(const struct pkt *syn, __u64 now_ns,
						 const volatile __u64 key[4])
{
	__u64 hash = cookie_hash(syn, now_ns >> COOKIE_PERIOD_SHIFT, key);
	__u32 below = (syn->tcp_seq - (__u32)hash) & COOKIE_MASK;

	return (struct cookie){ .seq = hash >> 32, .ack = syn->tcp_seq - below };
}

/* Does the RST carry the cookie of its flow? */
static __always_inline bool cookie_is_right(const struct pkt *rst, __u64 now_ns,
					    const volatile __u64 key[4])
{
	__u32 period = now_ns >> COOKIE_PERIOD_SHIFT;

	return !((rst->tcp_seq ^ (__u32)cookie_hash(rst, period, key)) & COOKIE_MASK) ||
	       !((rst->tcp_seq ^ (__u32)cookie_hash(rst, period - 1, key)) & COOKIE_MASK);
}

#endif
