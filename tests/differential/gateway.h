/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two NAT gateways in network namespaces without a name (they go when the program goes) that get
 * the same frames: one has conntrack alone and tells what it makes of each; the other has weir in
 * front of it.
 *
 * conntrack's opinion comes from nftables rules in prerouting that count and log each state
 * (nfnetlink_log). Both gateways drop INVALID afterwards, as operators do.
 */
#ifndef WEIR_GATEWAY_H
#define WEIR_GATEWAY_H

#include <stdbool.h>
#include "frame.h"

enum ct_state { CT_NONE, CT_NEW, CT_ESTABLISHED, CT_RELATED, CT_INVALID, CT_UNTRACKED, CT_STATES };
extern const char *const ct_state_name[CT_STATES];

struct setting {
	bool	loose;		/* nf_conntrack_tcp_loose */
	bool	liberal;	/* nf_conntrack_tcp_be_liberal */
};

struct opinion {
	enum ct_state	alone;		/* conntrack's, without weir */
	enum ct_state	behind;		/* conntrack's, behind weir; CT_NONE if weir dropped it */
	int		reason;		/* weir's */
};

/* Prints why and exits when the lab can't be built. */
void gateways_open(const struct setting *setting);
void gateways_close(void);

/* The same frame to both. */
struct opinion gateways_send(const struct frame *frame);

/*
 * How many entries of their connection tables differ: in state or in time; prints them. To be asked
 * in the end. total: of the gateway without weir.
 */
unsigned long gateways_differ(unsigned long *total);

/* What the rules of the gateway without weir counted in that state. */
unsigned long long gateways_counted(enum ct_state state);

#endif
