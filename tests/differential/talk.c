// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/pkt.h"
#include "talk.h"

const char *const kind_name[KINDS_COUNT] = {
#define X(identifier, name) [KIND_##identifier] = name,
	KINDS(X)
#undef X
};

/* ---- chance ---------------------------------------------------------------------------------- */

static uint64_t chance_state;

/* splitmix64, Steele et al. 2014 */
static uint64_t chance(void)
{
	uint64_t z = chance_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static unsigned int pick(unsigned int count)
{
	return chance() % count;
}

static bool percent(unsigned int share)
{
	return pick(100) < share;
}

/* ---- who talks to whom ----------------------------------------------------------------------- */

enum stage { FRESH, SYN_SENT, CROSSED, CROSSED_ANSWERED, SYN_RECEIVED, TALKING, HALF_CLOSED, CLOSING, LOST, DONE };

struct peer {
	uint32_t	next;		/* its next sequence number */
	uint32_t	heard;		/* what it acknowledges */
	uint16_t	window;
	uint8_t		scale;
};

struct flow {
	int		family, protocol;
	bool		translated;	/* masqueraded: outside it is the gateway's address */
	bool		scaled;
	struct address	host[SIDES];
	uint16_t	port[SIDES];
	enum side	opener, closer;
	enum stage	stage;
	struct peer	peer[SIDES];
	unsigned int	left;		/* packets until it closes */
	struct frame	last;		/* for retransmission */
	bool		has_last;
};

#define FLOWS 48
static struct flow flows[FLOWS];
static uint16_t next_port;

static struct address address(const char *text)
{
	struct address out = {};

	inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, out.bytes);
	return out;
}

static void flow_place(struct flow *flow)
{
	flow->host[INSIDE] = address(flow->family == 6 ? "2001:db8:1::2" : "10.0.0.2");
	flow->host[OUTSIDE] = address(flow->family == 6 ? "2001:db8:2::2" : "192.0.2.2");
	flow->host[INSIDE].bytes[flow->family == 6 ? 15 : 3] += pick(8);
	flow->host[OUTSIDE].bytes[flow->family == 6 ? 15 : 3] += pick(8);
	/* each flow its own port: masquerading then keeps it, and both gateways agree */
	flow->port[INSIDE] = 1024 + next_port++ % 60000;
	flow->port[OUTSIDE] = 80 + pick(4);
}

static void flow_fresh(struct flow *flow)
{
	static const uint16_t windows[] = { 0, 1, 512, 8192, 29200, 65535 };
	unsigned int kind = pick(100);

	memset(flow, 0, sizeof(*flow));
	flow->family = percent(25) ? 6 : 4;
	flow->protocol = kind < 72 ? IPPROTO_TCP : kind < 88 ? IPPROTO_UDP :
			 flow->family == 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	flow_place(flow);
	flow->opener = flow->protocol != IPPROTO_ICMP && percent(15) ? OUTSIDE : INSIDE;
	flow->translated = flow->family == 4 && flow->opener == INSIDE;
	flow->scaled = percent(60);
	flow->left = 2 + pick(24);
	for (int side = 0; side < SIDES; side++) {
		flow->peer[side].next = percent(20) ? 0xffffff00 + pick(512) : chance();
		flow->peer[side].window = windows[pick(6)];
		if (!percent(10) && flow->peer[side].window < 512)
			flow->peer[side].window = 29200;
		flow->peer[side].scale = pick(15);
	}
}

/* What `from` writes on a packet, as it is where it arrives at the gateway. */
static struct letter letter(const struct flow *flow, enum side from)
{
	struct letter out = {
		.family = flow->family, .protocol = flow->protocol,
		.from = flow->host[from], .to = flow->host[!from],
		.sport = flow->port[from], .dport = flow->port[!from],
	};

	if (from == OUTSIDE && flow->translated)
		out.to = address("198.51.100.1");
	return out;
}

static void say(struct flow *flow, struct frame *frame, enum side from, const struct tcp_part *tcp)
{
	struct letter to = letter(flow, from);

	frame->side = from;
	frame_tcp(frame, &to, tcp);
}

/* ---- a TCP flow as it should be -------------------------------------------------------------- */

static void say_syn(struct flow *flow, struct frame *frame, enum side from, uint8_t flags)
{
	struct peer *peer = &flow->peer[from];
	uint8_t options[12] = { 2, 4, 5, 0xb4, 4, 2, 1, 1, 3, 3, peer->scale, 1 };
	struct tcp_part tcp = {
		.flags = flags, .seq = peer->next, .ack = flags & TCP_ACK ? peer->heard : 0,
		.window = peer->window, .options = options, .options_length = flow->scaled ? 12 : 8,
	};

	say(flow, frame, from, &tcp);
	peer->next++;
	flow->peer[!from].heard = peer->next;
}

static void say_more(struct flow *flow, struct frame *frame, enum side from, uint8_t flags,
		     unsigned int payload)
{
	struct peer *peer = &flow->peer[from];
	struct tcp_part tcp = {
		.flags = flags | TCP_ACK, .seq = peer->next, .ack = peer->heard,
		.window = peer->window, .payload = payload,
	};

	say(flow, frame, from, &tcp);
	peer->next += payload + !!(flags & TCP_FIN);
	if (!percent(5))			/* else it gets lost behind the gateway */
		flow->peer[!from].heard = peer->next;
}

static uint32_t far(void)
{
	static const uint32_t distance[] = { 1, 100, 5000, 70000, 1 << 20, 1 << 30, 0x7ffffff0 };

	return distance[pick(7)] + pick(64);
}

static void say_wrong(struct flow *flow, struct frame *frame, enum side from, uint8_t flags,
		      uint32_t seq, uint32_t ack, unsigned int payload)
{
	struct tcp_part tcp = {
		.flags = flags, .seq = flow->peer[from].next + seq,
		.ack = flags & TCP_ACK ? flow->peer[from].heard + ack : 0,
		.window = flow->peer[from].window, .payload = payload,
	};

	say(flow, frame, from, &tcp);
}

static enum kind tcp_step(struct flow *flow, struct frame *frame)
{
	enum side opener = flow->opener, from = pick(2) ? INSIDE : OUTSIDE;

	switch (flow->stage) {
	case FRESH:
		if (percent(6)) {		/* the gateway has missed its beginning */
			flow->stage = TALKING;
			say_more(flow, frame, from, 0, pick(100));
			return KIND_PICK_UP;
		}
		say_syn(flow, frame, opener, TCP_SYN | (percent(10) ? TCP_ECE | TCP_CWR : 0));
		flow->stage = SYN_SENT;
		return KIND_HANDSHAKE;
	case SYN_SENT:
		if (percent(4)) {
			say_syn(flow, frame, !opener, TCP_SYN);
			flow->stage = CROSSED;
			return KIND_SIMULTANEOUS;
		}
		say_syn(flow, frame, !opener, TCP_SYN | TCP_ACK);
		flow->stage = SYN_RECEIVED;
		return KIND_HANDSHAKE;
	case CROSSED:			/* both have sent a SYN: both answer it (RFC 9293 3.5) */
	case CROSSED_ANSWERED:
		from = flow->stage == CROSSED ? opener : !opener;
		flow->peer[from].next--;
		say_syn(flow, frame, from, TCP_SYN | TCP_ACK);
		flow->stage = flow->stage == CROSSED ? CROSSED_ANSWERED : TALKING;
		return KIND_SIMULTANEOUS;
	case SYN_RECEIVED:
		say_more(flow, frame, opener, 0, 0);
		flow->stage = TALKING;
		return KIND_HANDSHAKE;
	case TALKING:
		if (flow->left) {
			flow->left--;
			say_more(flow, frame, from, percent(30) ? TCP_PSH : 0,
				 percent(30) ? 0 : 1 + pick(1400));
			return KIND_DATA;
		}
		say_more(flow, frame, from, TCP_FIN, pick(2) * 10);
		flow->stage = HALF_CLOSED;
		flow->closer = from;
		return KIND_CLOSE;
	case HALF_CLOSED:
		say_more(flow, frame, !flow->closer, percent(50) ? TCP_FIN : 0, 0);
		if (frame->bytes[frame->l4 + 13] & TCP_FIN)
			flow->stage = CLOSING;
		return KIND_CLOSE;
	case CLOSING:
		say_more(flow, frame, flow->closer, 0, 0);
		flow->stage = DONE;
		return KIND_CLOSE;
	case LOST:			/* the other side gives up as well */
		say_wrong(flow, frame, !flow->closer, TCP_FIN | TCP_ACK, far(), 0, 0);
		flow->stage = DONE;
		return KIND_FIN_WILD;
	default:
		flow_fresh(flow);
		return tcp_step(flow, frame);
	}
}

/* ---- and as it should not be ----------------------------------------------------------------- */

static enum kind tcp_misstep(struct flow *flow, struct frame *frame)
{
	enum side from = pick(2) ? INSIDE : OUTSIDE;
	unsigned int payload = pick(2) * (1 + pick(900));
	uint16_t port = flow->port[INSIDE];

	switch (pick(14)) {
	case 0:
		say_wrong(flow, frame, from, TCP_ACK, far(), 0, payload + 1);
		return KIND_SEQ_ABOVE;
	case 1:
		say_wrong(flow, frame, from, TCP_ACK, 0 - far(), 0, payload + 1);
		return KIND_SEQ_BELOW;
	case 2:
		say_wrong(flow, frame, from, TCP_ACK, 0, far(), payload);
		return KIND_ACK_ABOVE;
	case 3:
		say_wrong(flow, frame, from, TCP_ACK, 0, 0 - far(), payload);
		return KIND_ACK_BELOW;
	case 4:
		say_wrong(flow, frame, from, TCP_RST | (percent(50) ? TCP_ACK : 0), 0, 0, 0);
		return KIND_RST_EXACT;
	case 5:
		say_wrong(flow, frame, from, TCP_RST | (percent(50) ? TCP_ACK : 0),
			  percent(50) ? far() : 0 - far(), 0, 0);
		return KIND_RST_WILD;
	case 6:
		if (flow->stage == TALKING && percent(40)) {
			say_wrong(flow, frame, from, TCP_FIN | TCP_ACK, far(), 0, 0);
			flow->stage = LOST;
			flow->closer = from;
			return KIND_FIN_WILD;
		}
		say_wrong(flow, frame, from, TCP_FIN | TCP_ACK, 0, 0, 0);
		return KIND_FIN_EARLY;
	case 7:
		say_wrong(flow, frame, flow->opener, TCP_SYN, percent(50) ? far() : -1U, 0, 0);
		return KIND_SYN_AGAIN;
	case 8:
		say_wrong(flow, frame, !flow->opener, TCP_SYN, percent(50) ? far() : 0, 0, 0);
		return KIND_SYN_REPLY;
	case 9:
		say_wrong(flow, frame, from, TCP_SYN | TCP_ACK, -1U, 0, 0);
		return KIND_SYNACK_AGAIN;
	default:
		/* nobody's flow: another port */
		flow->port[INSIDE] = 61024 + pick(4000);
		say_wrong(flow, frame, from, (uint8_t[]){ TCP_ACK, TCP_RST, TCP_FIN | TCP_ACK,
				TCP_SYN | TCP_ACK }[payload & 3], far(), 0, payload);
		flow->port[INSIDE] = port;
		return KIND_STRAY_ACK + (payload & 3);
	}
}

/* ---- UDP, ICMP, others ----------------------------------------------------------------------- */

static enum kind udp_step(struct flow *flow, struct burst *burst)
{
	enum side from = flow->stage == FRESH ? flow->opener : pick(2) ? INSIDE : OUTSIDE;
	struct letter to = letter(flow, from);
	struct frame whole;

	flow->stage = flow->left-- ? TALKING : DONE;
	burst->frame[0].side = from;
	if (flow->family == 4 && percent(15)) {
		whole.side = from;
		frame_udp(&whole, &to, 200 + pick(1000));
		frame_split(&whole, 8 * (1 + pick(20)), burst->frame);
		burst->frames = 2;
		return KIND_UDP_FRAGMENT;
	}
	frame_udp(&burst->frame[0], &to, pick(1200));
	return KIND_UDP;
}

static enum kind icmp_step(struct flow *flow, struct frame *frame)
{
	bool six = flow->family == 6;
	enum side from = flow->stage == FRESH ? INSIDE : pick(2) ? INSIDE : OUTSIDE;
	struct letter to = letter(flow, from);

	flow->stage = flow->left-- ? TALKING : DONE;
	frame->side = from;
	frame_icmp(frame, &to, six ? 128 + from : from ? 0 : 8, 0,
		   (uint32_t)flow->port[INSIDE] << 16 | pick(99), "ping", 4);
	return KIND_ECHO;
}

/* A router on the way, or the host itself, complains about a packet that `sender` sent. */
static enum kind icmp_error(struct flow *flow, struct frame *frame)
{
	static const uint8_t types4[] = { 3, 11, 12, 4, 5 }, types6[] = { 1, 2, 3, 4 };
	enum side sender = pick(2) ? INSIDE : OUTSIDE;
	struct letter of = letter(flow, sender), error;
	struct flow other = *flow;
	enum kind kind = KIND_ICMP_ERROR;
	struct frame quoted = { .side = sender };
	struct tcp_part tcp = { .flags = TCP_ACK, .seq = chance() };

	if (percent(30)) {
		other.port[INSIDE] = 61024 + pick(4000);
		of = letter(&other, sender);
		kind = KIND_ICMP_ERROR_STRAY;
	}
	/* the quotation is as the complainer saw it: translated on the other side of the gateway */
	if (sender == INSIDE && flow->translated)
		of.from = address("198.51.100.1");
	if (sender == OUTSIDE && flow->translated)
		of.to = flow->host[INSIDE];
	if (of.protocol == IPPROTO_TCP)
		frame_tcp(&quoted, &of, &tcp);
	else if (of.protocol == IPPROTO_UDP)
		frame_udp(&quoted, &of, 12);
	else
		frame_icmp(&quoted, &of, flow->family == 6 ? 128 : 8, 0,
			   (uint32_t)other.port[INSIDE] << 16, "ping", 4);
	error = of;
	error.protocol = flow->family == 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	error.to = of.from;
	error.from = percent(50) ? of.to : address(flow->family == 6 ? "2001:db8:9::9" : "203.0.113.9");
	if (percent(10)) {
		error.to.bytes[flow->family == 6 ? 15 : 3] ^= 0x40;
		kind = KIND_ICMP_ERROR_ASTRAY;
	}
	frame->side = !sender;
	frame_icmp(frame, &error, flow->family == 6 ? types6[pick(4)] : types4[pick(5)], pick(4), 0,
		   quoted.bytes + quoted.l3, quoted.length - quoted.l3 < 28 || percent(50) ?
		   quoted.length - quoted.l3 : flow->family == 6 ? 48 : 28);
	return kind;
}

static enum kind icmp_odd(struct flow *flow, struct frame *frame)
{
	static const uint8_t replies4[] = { 0, 14, 16, 18 }, replies6[] = { 129, 140 };
	static const uint8_t odd4[] = { 1, 2, 6, 7, 9, 10, 19, 40, 255, 13, 15, 17 };
	static const uint8_t odd6[] = { 138, 141, 144, 150, 200, 255, 139, 100, 127 };
	static const uint8_t discovery[] = { 130, 131, 132, 133, 134, 135, 136, 143 };
	enum side from = pick(2) ? INSIDE : OUTSIDE;
	bool six = flow->family == 6;
	struct letter to = letter(flow, from);
	unsigned int kind = pick(3);
	uint8_t type;

	to.protocol = six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	frame->side = from;
	if (kind == 0 && six) {
		frame_icmp(frame, &to, discovery[pick(8)], 0, chance(), "0123456789abcdef", 16);
		return KIND_NEIGHBOUR;
	}
	type = kind == 1 ? (six ? replies6[pick(2)] : replies4[pick(4)]) :
	       six ? odd6[pick(sizeof(odd6))] : odd4[pick(sizeof(odd4))];
	frame_icmp(frame, &to, type, pick(2), (61024U + pick(4000)) << 16, "0123456789ab", 12);
	return kind == 1 ? KIND_ECHO_REPLY_STRAY : KIND_ICMP_OTHER;
}

static enum kind other_protocol(struct flow *flow, struct frame *frame)
{
	static const int protocols[] = { 50, 4, 94, 132 };
	struct letter to = letter(flow, INSIDE);

	to.protocol = protocols[pick(4)];
	frame->side = INSIDE;
	frame_other(frame, &to, 16 + pick(40));
	return KIND_OTHER;
}

/* ---- breakage -------------------------------------------------------------------------------- */

/* Breaks a good frame; the conversation goes on as if it was lost on the way. */
static enum kind break_frame(struct frame *frame)
{
	uint8_t *l4 = frame->bytes + frame->l4;
	bool tcp = frame->bytes[frame->l3 + (frame->bytes[12] == 0x86 ? 6 : 9)] == IPPROTO_TCP;
	unsigned int at;

	switch (pick(5)) {
	case 0:
		frame->bytes[frame->length - 1] ^= 1 << pick(8);
		return KIND_CHECKSUM;
	case 1:
		if (!tcp)
			break;
		l4[13] = (uint8_t[]){ 0, 3, 6, 7, 1, 0x29, 0x3f, 0xff, 5, 0x20 }[pick(10)];
		frame_checksum(frame);
		return KIND_FLAGS;
	case 2:
		if (!tcp)
			break;
		l4[12] = (percent(50) ? pick(5) : 15) << 4;
		if (l4[12] == 0xf0 && frame->length >= frame->l4 + 60)
			l4[12] = 0;
		frame_checksum(frame);
		return KIND_BROKEN;
	case 3:
		at = frame->l3 + pick(frame->length - frame->l3 > 60 ? 60 : frame->length - frame->l3);
		frame->bytes[at] ^= 1 << pick(8);
		return KIND_MUTATED;
	}
	at = frame->l4 + pick(frame->length - frame->l4 > 40 ? 40 : frame->length - frame->l4);
	frame->bytes[at] ^= 1 << pick(8);
	frame_checksum(frame);
	return KIND_MUTATED_SUMMED;
}

void talk_begin(uint64_t seed)
{
	chance_state = seed;
	next_port = 0;
	for (int i = 0; i < FLOWS; i++)
		flow_fresh(&flows[i]);
}

static enum kind step(struct flow *flow, struct burst *burst)
{
	if (flow->stage == DONE && percent(40))
		flow_fresh(flow);
	if (flow->stage == DONE) {		/* the same tuple once more */
		flow->stage = FRESH;
		flow->left = 2 + pick(24);
	}
	if (flow->protocol == IPPROTO_TCP)
		return tcp_step(flow, &burst->frame[0]);
	if (flow->protocol == IPPROTO_UDP)
		return udp_step(flow, burst);
	return icmp_step(flow, &burst->frame[0]);
}

void talk_next(struct burst *burst)
{
	struct flow *flow = &flows[pick(FLOWS)], before = *flow;
	unsigned int what = pick(100);

	burst->frames = 1;
	if (what < 5 && flow->has_last) {
		burst->frame[0] = flow->last;
		burst->kind = KIND_RESENT;
	} else if (what < 20 && flow->protocol == IPPROTO_TCP && flow->stage != FRESH) {
		burst->kind = tcp_misstep(flow, &burst->frame[0]);
	} else if (what < 25) {
		burst->kind = icmp_error(flow, &burst->frame[0]);
	} else if (what < 27) {
		burst->kind = icmp_odd(flow, &burst->frame[0]);
	} else if (what < 28) {
		burst->kind = other_protocol(flow, &burst->frame[0]);
	} else {
		burst->kind = step(flow, burst);
		flow->last = burst->frame[0];
		flow->has_last = burst->frames == 1;
		if (burst->frames == 1 && percent(9)) {
			*flow = before;
			burst->kind = break_frame(&burst->frame[0]);
		}
	}
}
