// SPDX-License-Identifier: GPL-2.0-only
#include <linux/in.h>
#include <linux/in6.h>
#include "cause.h"
#include "headers/reason.h"

const char *const cause_text[CAUSE_COUNT] = {
#define X(identifier, text) [CAUSE_##identifier] = text,
	CAUSES(X)
#undef X
};

static enum cause cause_of_tcp(const struct pkt *pkt, const struct tcp_flow *flow)
{
	__u32 end = pkt->tcp_seq + pkt->payload + !!(pkt->tcp_flags & TCP_SYN) +
		    !!(pkt->tcp_flags & TCP_FIN);

	if (side_begins(flow, pkt, end))
		return CAUSE_BEGINS;
	if (is_remembered(flow, pkt))
		return CAUSE_REMEMBERED;
	if (sack_possible(flow, pkt))
		return CAUSE_SACK;
	if (proxy_kept_alive(flow, pkt))
		return CAUSE_PROXY;
	if (flow->state == TCP_STATE_LAST_ACK && flow->last == TCP_LAST_SYN)
		return CAUSE_CHALLENGE;
	return CAUSE_MISSED;
}

enum cause cause_of(const struct opinion *opinion, const struct scratch *seen)
{
	const struct pkt *pkt = &seen->pkt;

	if (pkt->flags & (PKT_FRAGMENT_FIRST | PKT_FRAGMENT_LATER))
		return CAUSE_FRAGMENT;
	if (opinion->reason == REASON_UNJUDGED &&
	    (pkt->l4_proto == IPPROTO_ICMP || pkt->l4_proto == IPPROTO_ICMPV6))
		return CAUSE_ICMP;
	if (pkt->l4_proto == IPPROTO_TCP && opinion->reason == REASON_KNOWN)
		return cause_of_tcp(pkt, &seen->flow);
	if (pkt->l4_proto != IPPROTO_TCP && pkt->l4_proto != IPPROTO_UDP &&
	    pkt->l4_proto != IPPROTO_ICMP && pkt->l4_proto != IPPROTO_ICMPV6)
		return CAUSE_PROTOCOL;
	return CAUSE_MISSED;
}
