// SPDX-License-Identifier: GPL-2.0-only
/* window_refuses(): one row is a flow as conntrack's entry tells it, a packet, and the answer. */
#include "bpf/window.h"
#include "test.h"

/* 10.0.0.2 has sent up to 1000 and may send up to 9000; the other side has sent up to 5000 */
static struct tcp_flow established(void)
{
	return (struct tcp_flow){
		.sender = { .end = 1000, .max_end = 9000, .max_window = 8000, .max_ack = 5000,
			    .flags = TCP_SIDE_MAXACK_SET },
		.receiver = { .end = 5000, .max_end = 13000, .max_window = 8000, .max_ack = 1000,
			      .flags = TCP_SIDE_MAXACK_SET },
		.state = TCP_STATE_ESTABLISHED, .last = TCP_LAST_ACK, .last_end = 1000,
		.assured = true, .replied = true,
	};
}

static struct tcp_flow syn_sent(void)
{
	return (struct tcp_flow){
		.sender = { .end = 1001, .max_end = 1001, .max_window = 8000 },
		.state = TCP_STATE_SYN_SENT, .last = TCP_LAST_SYN, .last_end = 1001,
	};
}

static struct tcp_flow answered(struct tcp_flow flow)
{
	struct tcp_side side = flow.sender;

	flow.sender = flow.receiver;
	flow.receiver = side;
	flow.reply = !flow.reply;
	return flow;
}

static struct pkt packet(__u8 flags, __u32 seq, __u32 ack, __u16 payload)
{
	return (struct pkt){ .tcp_flags = flags, .tcp_seq = seq, .tcp_ack = ack, .payload = payload };
}

static bool refused(struct tcp_flow flow, struct pkt pkt)
{
	return window_refuses(&flow, &pkt, false, false);
}

TEST(inside_of_the_window)
{
	CHECK(!refused(established(), packet(TCP_ACK, 1000, 5000, 100)));
	CHECK(!refused(established(), packet(TCP_ACK, 9000, 5000, 0)));
	CHECK(!refused(established(), packet(TCP_ACK, 900, 5000, 100)));	/* sent again */
	CHECK(!refused(established(), packet(TCP_FIN | TCP_ACK, 1000, 5000, 0)));
	CHECK(!refused(established(), packet(TCP_RST, 1000, 0, 0)));
}

TEST(beyond_the_window)
{
	CHECK(refused(established(), packet(TCP_ACK, 20000, 5000, 1)));
	CHECK(refused(established(), packet(TCP_ACK, 1000, 5001, 0)));	/* never sent */
	CHECK(refused(established(), packet(TCP_RST, 999, 0, 0)));	/* RFC 5961 3.2 */
}

TEST(an_overshoot_of_less_than_a_window)
{
	CHECK(!refused(established(), packet(TCP_ACK, 9500, 5000, 100)));
	CHECK(refused(established(), packet(TCP_ACK, 9500, 5000, 8000)));
}

TEST(acknowledgements_that_are_too_old_only_matter_for_an_overshoot)
{
	struct tcp_flow flow = established();
	struct pkt late = packet(TCP_ACK, 9500, 5000 - 70000, 100);

	CHECK(!refused(flow, packet(TCP_ACK, 1000, 5000 - 70000, 0)));
	CHECK(refused(flow, late));
	late.flags = PKT_TCP_OPTIONS;
	CHECK(refused(flow, late));
	flow.receiver.flags |= TCP_SIDE_SACK_PERMITTED;		/* a SACK block may be newer */
	CHECK(!refused(flow, late));
}

TEST(liberal_settings)
{
	struct tcp_flow flow = established();
	struct pkt far = packet(TCP_ACK, 90000, 5000, 1), old = packet(TCP_RST, 999, 0, 0);

	CHECK(!window_refuses(&flow, &far, true, false));
	CHECK(window_refuses(&flow, &old, true, false));
	CHECK(!window_refuses(&flow, &old, true, true));
	flow.sender.flags |= TCP_SIDE_BE_LIBERAL;	/* picked up in its middle */
	CHECK(!window_refuses(&flow, &far, false, false));
	flow = established();
	flow.adjusted = true;				/* by a helper */
	CHECK(!window_refuses(&flow, &far, false, false));
}

TEST(flags_that_can_t_come_in_the_state)
{
	CHECK(refused(answered(established()), packet(TCP_SYN, 5000, 0, 0)));
	CHECK(refused(established(), packet(TCP_SYN | TCP_ACK, 999, 5000, 0)));
	CHECK(refused(syn_sent(), packet(TCP_FIN | TCP_ACK, 1001, 1, 0)));
	CHECK(refused(syn_sent(), packet(TCP_ACK, 1001, 1, 0)));
	CHECK(!refused(established(), packet(TCP_SYN, 70000, 0, 0)));
	CHECK(!refused(answered(established()), packet(TCP_SYN | TCP_ACK, 7, 7, 0)));
	CHECK(!refused(syn_sent(), packet(TCP_SYN, 1000, 0, 0)));
	CHECK(!refused(answered(syn_sent()), packet(TCP_SYN | TCP_ACK, 77, 1001, 0)));
	CHECK(!refused(answered(syn_sent()), packet(TCP_ACK, 77, 0, 0)));	/* a challenge */
}

TEST(what_a_syn_proxy_waits_for)
{
	CHECK(!refused(syn_sent(), packet(TCP_ACK, 1000, 1, 0)));
}

TEST(resets_of_half_open_flows)
{
	struct tcp_flow flow = syn_sent();

	CHECK(refused(flow, packet(TCP_RST, 90000, 0, 0)));
	CHECK(!refused(flow, packet(TCP_RST, 0, 0, 0)));
	CHECK(!refused(answered(flow), packet(TCP_RST | TCP_ACK, 0, 1001, 0)));
	/* the answer to a challenge that conntrack let through */
	flow.last = TCP_LAST_ACK;
	flow.last_reply = true;
	flow.last_ack = 90000;
	CHECK(!refused(flow, packet(TCP_RST, 90000, 0, 0)));
	CHECK(refused(flow, packet(TCP_RST, 90001, 0, 0)));
}

TEST(resets_of_flows_that_close_anyway)
{
	struct tcp_flow flow = established();

	for (int state = TCP_STATE_FIN_WAIT; state <= TCP_STATE_CLOSE; state++) {
		flow.state = state;
		CHECK(!refused(flow, packet(TCP_RST, 90000, 0, 0)));
	}
}

/* Dropped, these and the next would leave the entry another one than it would have been. */
TEST(invalid_ends_that_conntrack_keeps_in_mind)
{
	struct pkt fin = packet(TCP_FIN | TCP_ACK, 90000, 5000, 0), rst = packet(TCP_RST, 90000, 0, 0);
	struct tcp_flow flow = established();

	CHECK(!refused(flow, fin));
	CHECK(!refused(flow, rst));
	flow.last = TCP_LAST_RST;
	CHECK(!refused(flow, fin));
	CHECK(refused(flow, rst));		/* nothing new */
	flow.last_reply = true;
	CHECK(!refused(flow, rst));		/* one from each side: the flow is dead */
	flow = established();
	flow.assured = false;
	CHECK(refused(flow, fin));
	CHECK(refused(flow, rst));
}

TEST(invalid_ends_of_flows_that_close_anyway)
{
	struct pkt fin = packet(TCP_FIN | TCP_ACK, 90000, 5000, 0);
	struct tcp_flow flow = established();

	for (int state = TCP_STATE_FIN_WAIT; state <= TCP_STATE_CLOSE; state++) {
		flow.state = state;
		flow.last_reply = false;
		flow.last = TCP_LAST_ACK;
		CHECK(refused(flow, fin));
		flow.last = TCP_LAST_SYN;
		CHECK(!refused(flow, fin));
		flow.last = TCP_LAST_RST;	/* makes room for a SYN from this side */
		CHECK(!refused(flow, fin));
		flow.last_reply = true;
		CHECK(refused(flow, fin));
	}
}

TEST(numbers_that_conntrack_takes_from_invalid_packets)
{
	struct tcp_flow flow = answered(syn_sent());

	CHECK(!refused(flow, packet(TCP_SYN | TCP_ACK, 77, 4444, 0)));
	flow.sender = (struct tcp_side){ .end = 78, .max_end = 78, .max_window = 8000 };
	flow.state = TCP_STATE_SYN_RECV;
	CHECK(!refused(flow, packet(TCP_SYN | TCP_ACK, 7777, 4444, 0)));
	CHECK(refused(flow, packet(TCP_ACK, 7777, 4444, 10)));
}

TEST(an_entry_that_could_not_be_read)
{
	struct tcp_flow nothing = {};

	CHECK(!refused(nothing, packet(TCP_ACK, 1, 1, 1)));
	CHECK(!refused(nothing, packet(TCP_RST, 1, 1, 0)));
	CHECK(!refused(nothing, packet(TCP_SYN | TCP_ACK, 1, 1, 0)));
	CHECK(!refused(nothing, packet(TCP_FIN | TCP_ACK, 1, 1, 0)));
}

int main(void)
{
	return test_main();
}
