/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the drops were: one of AUDIT_SHARE on each CPU, the first of them at once, is looked up in
 * the kernel's own table, also when it is only counted and passed. An operator sees from it that a
 * limit or a list hits flows that work, before anybody calls.
 *
 * Some reasons speak of packets of known flows (window, l4-checksum, tcp-flags): a spoofed packet
 * with the addresses of an established flow counts here, too.
 */
#ifndef WEIR_AUDIT_H
#define WEIR_AUDIT_H

#include "conntrack.h"
#include "state.h"

#define AUDIT_SHARE	256	/* a power of two */

/* nth: how many packets this CPU has counted with that reason */
static __always_inline bool audit_due(enum reason reason, __u64 nth)
{
	return reason >= REASON_DROP_FIRST && (nth & (AUDIT_SHARE - 1)) == 1;
}

__noinline int weir_audit(judged_ctx *ctx, const struct pkt *pkt, __u32 index)
{
	struct conntrack_key key;
	struct tcp_flow flow = {};
	enum conntrack_found found;
	struct audit *audited;

	if (!pkt || !(pkt->flags & PKT_HAS_L4))
		return 0;
	key = (struct conntrack_key){
		.saddr = pkt->saddr, .daddr = pkt->daddr, .sport = pkt->sport, .dport = pkt->dport,
		.family = pkt->family, .l4_proto = pkt->l4_proto,
	};
	found = conntrack_look(ctx, &key, NULL, &flow);
	audited = audit_of(index);
	if (found == CONNTRACK_UNSURE || !audited)
		return 0;
	audited->asked++;
	audited->established += found == CONNTRACK_FOUND && (flow.replied || flow.reply);
	return 0;
}

#endif
