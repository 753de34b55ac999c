/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strangers prove that they are there, before one of their SYNs may open a flow.
 *
 * Only a SYN from outside is challenged, of a source that is neither trusted nor proven, and only
 * while challenges are engaged (engage.h). Whoever lives inside is not asked: an address that is
 * none of ours does not come from there (spoofing has checks of its own). Nothing but a SYN can be
 * challenged: no other packet is one that its sender must repeat or reset.
 *
 * Two ways, as the policy says:
 *  - retransmit: the SYN is dropped, and its retransmission is admitted.
 *  - cookie: the SYN is answered by a SYN-ACK whose acknowledgment number is wrong; the RST that a
 *    stack must send for it (RFC 9293 3.10.7.3) carries that number back and proves the source.
 *    The client stays in SYN-SENT, and its own retransmission is admitted. A SYN that can't be
 *    answered (a fragment, IP options, no way to send from here) is challenged the first way.
 */
#ifndef WEIR_CHALLENGE_H
#define WEIR_CHALLENGE_H

#include <linux/in.h>
#include "cookie.h"
#include "engage.h"
#include "proven.h"
#include "reply.h"
#include "retransmit.h"
#include "scene.h"

static __always_inline struct proven_key proven_key_of(const struct pkt *pkt)
{
	return proven_key(pkt, source_length6, challenge_mask, hash_key);
}

/* Its seat in the table of sources is kept, too (seat.h). */
static __always_inline void prove_seat(const struct pkt *pkt, __u64 now_ns)
{
	const struct dev *dev = dev_of(dev_slot);
	struct source_line *line;
	struct source source;

	if (!dev)
		return;
	source = source_of(pkt, dev->role & 1, source_length6, hash_key);
	line = source_line(hash_line(source_hash(&source, hash_key), source_mask));
	if (line)
		seat_prove(line, source.key, source.who, now_ns);
}

/*
 * Notes that the source of the packet is there. For packets whose source can't be spoofed only:
 * of a flow that both sides have spoken in, or whose handshake this packet completes. It writes
 * only when the proof that is there gets old, so it may be called often, but it costs a cache line.
 */
static __always_inline void prove(const struct pkt *pkt, enum proof proof, __u64 now_ns)
{
	struct proven_key key = proven_key_of(pkt);
	struct challenge_line *line = challenge_line(key.line);

	if (line && proven_put(line, key.mark, proof, now_ns) == PROVEN_ANEW && proof == PROOF_TWO_WAY)
		prove_seat(pkt, now_ns);
}

/* Has the source of the packet lately proved that it is there? */
static __always_inline bool is_proven(const struct pkt *pkt, __u64 now_ns)
{
	struct proven_key key = proven_key_of(pkt);
	const struct challenge_line *line = challenge_line(key.line);

	return line && proven_in(line, key.mark, now_ns);
}

/* Is it challenged by a cookie? The program then sends reply.h's answer instead of nothing. */
static __always_inline bool challenge_answers(const struct pkt *pkt, const struct scene *scene)
{
	return scene->answers && scene->knobs->flags & KNOB_COOKIE && reply_fits(pkt);
}

static __always_inline enum reason challenge_syn(const struct pkt *pkt, const struct scene *scene)
{
	struct proven_key key = proven_key_of(pkt);
	struct challenge_line *line = challenge_line(key.line);
	struct challenge_use *use = challenge_use_now();

	if (!line || !use || proven_in(line, key.mark, scene->now_ns) ||
	    !engage(pkt, scene->knobs, scene->arena.first, scene->now_ns))
		return REASON_NONE;
	if (challenge_answers(pkt, scene) ||
	    !retransmit_came(line, pending_mark(pkt, hash_key), scene->now_ns))
		return REASON_CHALLENGED;
	proven_put(line, key.mark, PROOF_RETRANSMISSION, scene->now_ns);
	use->retransmitted++;
	return REASON_NONE;
}

/*
 * What the answer to a cookie looks like, of which the connection table knows nothing. It is taken
 * for one as long as the policy has cookies, whether strangers are challenged just now or not: it
 * may come a round trip after that has ended, and the proof must be there when it begins again. A
 * flood of RSTs with guessed numbers thus costs two SipHashes a packet (some 50 ns) beside what a
 * stray costs, and a line of memory for one in 2^15 of them. It gains little: to keep one spoofed
 * address proven takes 2^15 RSTs in its name each PROOF_ANSWER, its sender can't see when it has
 * worked, and its SYNs are then held by the limits.
 */
static __always_inline bool challenge_expects(const struct pkt *pkt, const struct scene *scene)
{
	return scene->knobs->flags & KNOB_COOKIE && pkt->l4_proto == IPPROTO_TCP &&
	       (pkt->tcp_flags & (TCP_SYN | TCP_RST | TCP_FIN)) == TCP_RST;
}

/* ANSWERED, or no opinion. For what challenge_expects(). */
static __always_inline enum reason challenge_rst(const struct pkt *pkt, __u64 now_ns)
{
	struct challenge_use *use = challenge_use_now();

	if (!use || !cookie_is_right(pkt, now_ns, hash_key))
		return REASON_NONE;
	prove(pkt, PROOF_ANSWER, now_ns);
	use->answered++;
	return REASON_ANSWERED;
}

/* Does the policy have a challenge? */
static __always_inline bool challenge_asked(const struct scene *scene)
{
	return scene->knobs->flags & (KNOB_RETRANSMIT | KNOB_COOKIE);
}

/* A SYN from outside. */
static __always_inline bool challenge_concerns(const struct pkt *pkt, __u8 role)
{
	return role == ROLE_OUTSIDE && pkt->l4_proto == IPPROTO_TCP &&
	       (pkt->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

/*
 * As admit_foresee(), with the line that it waits in. By a store, which the CPU does not wait for as
 * it does for a load whose value has to go somewhere; the SYN writes to that line anyway.
 */
static __always_inline void challenge_foresee(const struct pkt *pkt)
{
	struct challenge_line *line = challenge_line(proven_key_of(pkt).line);

	if (line)
		*(volatile __u16 *)&line->touched = 0;
}

/* For what challenge_concerns(). */
static __always_inline enum reason challenge(const struct pkt *pkt, const struct scene *scene)
{
	if (!challenge_asked(scene) || !engage_may(scene->knobs, scene->now_ns))
		return REASON_NONE;
	return challenge_syn(pkt, scene);
}

#endif
