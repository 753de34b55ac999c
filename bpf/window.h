/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Would conntrack call this packet of a TCP flow INVALID? A pure function of the packet and of
 * what the entry says; see tcp_conntracks[], nf_conntrack_tcp_packet() and tcp_in_window() in
 * net/netfilter/nf_conntrack_proto_tcp.c.
 *
 * It knows less than the kernel (no SACK blocks, no NAT sequence offsets of helpers, no lock) and
 * kernels differ in what they forgive. So it refuses only what every kernel since 6.1 refuses,
 * and whatever it can't tell passes.
 */
#ifndef WEIR_WINDOW_H
#define WEIR_WINDOW_H

#include <stdbool.h>
#include <linux/types.h>
#include "pkt.h"

/* enum tcp_conntrack, include/uapi/linux/netfilter/nf_conntrack_tcp.h */
enum tcp_state {
	TCP_STATE_NONE, TCP_STATE_SYN_SENT, TCP_STATE_SYN_RECV, TCP_STATE_ESTABLISHED,
	TCP_STATE_FIN_WAIT, TCP_STATE_CLOSE_WAIT, TCP_STATE_LAST_ACK, TCP_STATE_TIME_WAIT,
	TCP_STATE_CLOSE, TCP_STATE_SYN_SENT2,
};

/* enum tcp_bit_set, include/net/netfilter/nf_conntrack_tuple.h: what the last packet was */
enum tcp_seen_last {
	TCP_LAST_SYN, TCP_LAST_SYNACK, TCP_LAST_FIN, TCP_LAST_ACK, TCP_LAST_RST, TCP_LAST_NONE,
};

/* IP_CT_TCP_FLAG_*, the same uapi header */
enum tcp_side_flag {
	TCP_SIDE_SACK_PERMITTED	= 0x02,
	TCP_SIDE_BE_LIBERAL	= 0x08,
	TCP_SIDE_MAXACK_SET	= 0x20,
};

struct tcp_side {
	__u32	end;		/* highest sequence number sent, plus one */
	__u32	max_end;	/* highest that the other side has room for */
	__u32	max_window;	/* largest window offered; 0: nothing seen of this side */
	__u32	max_ack;	/* highest acknowledgement sent */
	__u8	flags;		/* enum tcp_side_flag */
};

/* what the entry says, seen from the packet: it goes from sender to receiver */
struct tcp_flow {
	struct tcp_side	sender;
	struct tcp_side	receiver;
	__u32		last_end;	/* sequence number behind the last packet */
	__u32		last_ack;	/* what it acknowledged */
	__u8		state;		/* enum tcp_state */
	__u8		last;		/* enum tcp_seen_last */
	__u8		last_reply;	/* the last one went in the reply direction */
	__u8		reply;		/* the packet goes in the reply direction */
	__u8		assured;
	__u8		replied;
	__u8		adjusted;	/* a helper changes its sequence numbers */
};

/* What an entry says of the packet that found it. */
struct conntrack_seen {
	__u8	assured;	/* both sides have spoken, and more than once */
	__u8	reply;		/* the packet goes in the reply direction */
};

static __always_inline bool seq_before(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

/* One below what was sent, while half open: a keep-alive, which a SYN proxy waits for. */
static __always_inline bool proxy_kept_alive(const struct tcp_flow *flow, const struct pkt *pkt)
{
	return flow->state == TCP_STATE_SYN_SENT && pkt->tcp_seq == flow->sender.end - 1;
}

/* A flag that can't come in this state: the sIV of tcp_conntracks[], RST aside. */
static __always_inline bool state_refuses(const struct tcp_flow *flow, const struct pkt *pkt)
{
	bool half = flow->state == TCP_STATE_SYN_SENT || flow->state == TCP_STATE_SYN_SENT2;
	__u8 kind = pkt->tcp_flags & (TCP_SYN | TCP_ACK);

	/* from the side that did not open; in TIME_WAIT kernels differ */
	if (kind == TCP_SYN)
		return flow->reply && !half && flow->state != TCP_STATE_NONE &&
		       flow->state != TCP_STATE_TIME_WAIT;
	if (kind == (TCP_SYN | TCP_ACK))
		return !flow->reply && flow->state != TCP_STATE_NONE &&
		       flow->state != TCP_STATE_SYN_RECV && flow->state != TCP_STATE_SYN_SENT2;
	if (pkt->tcp_flags & TCP_FIN)
		return half;
	return half && !flow->reply && !proxy_kept_alive(flow, pkt);
}

/* Neither believed nor refused: the sIG of tcp_conntracks[]. */
static __always_inline bool state_ignores(const struct tcp_flow *flow, const struct pkt *pkt)
{
	bool half = flow->state == TCP_STATE_SYN_SENT || flow->state == TCP_STATE_SYN_SENT2;

	if ((pkt->tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK))
		return !half && (flow->reply || flow->state != TCP_STATE_SYN_RECV);
	if (pkt->tcp_flags & TCP_SYN)
		return !half;
	if (pkt->tcp_flags & TCP_FIN)
		return false;
	/* the last: a challenge ACK (RFC 5961 4) to a SYN that came into a closing flow */
	return (half && flow->reply) || (!flow->reply && proxy_kept_alive(flow, pkt)) ||
	       (flow->state == TCP_STATE_LAST_ACK && flow->last == TCP_LAST_SYN);
}

/* An RST that does not fit what the other side has acknowledged (RFC 5961 3.2). */
static __always_inline bool rst_refused(const struct tcp_flow *flow, const struct pkt *pkt)
{
	bool established = flow->state == TCP_STATE_ESTABLISHED && flow->assured;

	if (!(flow->receiver.flags & TCP_SIDE_MAXACK_SET) || flow->last == TCP_LAST_SYN)
		return false;
	if (pkt->tcp_seq == 0 && !established)
		return false;
	return seq_before(pkt->tcp_seq, flow->receiver.max_ack);
}

/*
 * The numbers of this side begin with this packet. conntrack takes them over before it judges the
 * packet, so even an INVALID one must reach it: else the entry would not be what it would have
 * been, and later packets would be refused that are good.
 */
static __always_inline bool side_begins(const struct tcp_flow *flow, const struct pkt *pkt,
					__u32 end)
{
	if (!flow->sender.max_window)
		return true;
	return pkt->tcp_flags & TCP_SYN && seq_before(flow->sender.end, end) &&
	       (flow->state == TCP_STATE_SYN_SENT || flow->state == TCP_STATE_SYN_RECV);
}

/* Then the highest SACK counts instead of the acknowledgement, and it is not known here. */
static __always_inline bool sack_possible(const struct tcp_flow *flow, const struct pkt *pkt)
{
	return pkt->flags & PKT_TCP_OPTIONS && flow->receiver.flags & TCP_SIDE_SACK_PERMITTED;
}

/*
 * conntrack keeps in mind an INVALID FIN or RST of an assured flow, and gets to see those that make a
 * difference: dropped, the entry would not be what it would have been. While established, the next RST
 * is believed or not by what came last, and a pair, one from each side, shortens the time for which a
 * dead flow is kept. Later it forgets over it a SYN that it let through, or that an RST has made room
 * for the next SYN. Of a flood from one side that is one for each good packet of the flow.
 */
static __always_inline bool is_remembered(const struct tcp_flow *flow, const struct pkt *pkt)
{
	__u8 kind = pkt->tcp_flags & TCP_RST ? TCP_LAST_RST : TCP_LAST_FIN;
	bool same_side = flow->last_reply == flow->reply;

	if (!(pkt->tcp_flags & (TCP_FIN | TCP_RST)) || !flow->assured)
		return false;
	if (flow->state == TCP_STATE_ESTABLISHED)
		return flow->last != kind || !same_side;
	return flow->last == TCP_LAST_SYN ||
	       (flow->last == TCP_LAST_RST && kind == TCP_LAST_FIN && same_side);
}

/* A sender that overshoots by less than a window is forgiven, if all else is right. */
static __always_inline bool overshoot_forgiven(const struct tcp_flow *flow, const struct pkt *pkt,
					       __u32 end, __u32 ack)
{
	const struct tcp_side *sender = &flow->sender, *receiver = &flow->receiver;
	__u32 ack_window = sender->max_window > 66000 ? sender->max_window : 66000;

	if (!sack_possible(flow, pkt) && !seq_before(receiver->end - ack_window - 1, ack))
		return false;
	return receiver->max_window && end - sender->max_end + 1 <= receiver->max_window &&
	       seq_before(sender->end - receiver->max_window - 1, end);
}

/* Beyond the window: data that the receiver has no room for, or an ACK of what was never sent. */
static __always_inline bool beyond_window(const struct tcp_flow *flow, const struct pkt *pkt)
{
	const struct tcp_side *sender = &flow->sender, *receiver = &flow->receiver;
	bool reset = pkt->tcp_flags & TCP_RST;
	__u32 seq = pkt->tcp_seq, ack = pkt->tcp_ack;
	__u32 end = seq + pkt->payload + !!(pkt->tcp_flags & TCP_SYN) + !!(pkt->tcp_flags & TCP_FIN);

	if (side_begins(flow, pkt, end) || is_remembered(flow, pkt))
		return false;
	if (reset && seq == 0 && flow->state == TCP_STATE_SYN_SENT)
		seq = end = sender->end;	/* the answer to a SYN */
	if (!(pkt->tcp_flags & TCP_ACK) || (reset && ack == 0))
		ack = receiver->end;
	if (!seq_before(ack, receiver->end + 1))
		return true;
	return !seq_before(seq, sender->max_end + 1) && !overshoot_forgiven(flow, pkt, end, ack);
}

/* The flow closes anyway: an RST is believed, whatever its numbers. */
static __always_inline bool closes(const struct tcp_flow *flow)
{
	return flow->state >= TCP_STATE_FIN_WAIT && flow->state <= TCP_STATE_CLOSE;
}

/* An RST may answer a SYN or an ACK that conntrack let through without believing it. */
static __always_inline bool rst_answers(const struct tcp_flow *flow, const struct pkt *pkt)
{
	if (flow->state == TCP_STATE_SYN_SENT && flow->last == TCP_LAST_ACK && flow->last_reply &&
	    pkt->tcp_seq == flow->last_ack)
		return true;
	return pkt->tcp_ack == flow->last_end &&
	       ((flow->replied && flow->last == TCP_LAST_SYN) ||
		(!flow->assured && flow->last == TCP_LAST_ACK));
}

/* liberal: nf_conntrack_tcp_be_liberal; forgive_rst: nf_conntrack_tcp_ignore_invalid_rst */
static __always_inline bool window_refuses(const struct tcp_flow *flow, const struct pkt *pkt,
					   bool liberal, bool forgive_rst)
{
	if (!(pkt->tcp_flags & TCP_RST)) {
		if (state_refuses(flow, pkt))
			return true;
		if (state_ignores(flow, pkt))
			return false;
	} else {
		if (flow->state == TCP_STATE_NONE || closes(flow))
			return false;
		if (rst_refused(flow, pkt) && !forgive_rst)
			return true;
		if (rst_answers(flow, pkt))
			return false;
	}
	if (liberal || flow->adjusted || flow->sender.flags & TCP_SIDE_BE_LIBERAL)
		return false;
	return beyond_window(flow, pkt);
}

#endif
