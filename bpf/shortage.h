/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * New flows while conntrack's table fills up: who is paced, by what, and who is not.
 *
 * What the policy reserves the last share for is never paced. A source that has lately proved that
 * it is there has a budget of its own; all others share another one, which is small and shrinks as
 * the table fills. So a flood of random addresses takes nothing from those who are already here.
 *
 * Whoever watches conntrack publishes the paces. When that beat is late, nothing is paced.
 *
 * The includer provides, before:
 *	bool is_proven(const struct pkt *pkt, __u64 now_ns);
 */
#ifndef WEIR_SHORTAGE_H
#define WEIR_SHORTAGE_H

#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include "gcra.h"
#include "pkt.h"
#include "pressed.h"

/* How far ahead of the clock the budgets may run: flows do not come evenly. */
#define PRESSURE_BURST_NS 100000000ULL

/* Is the flow one that the last share is kept for? own: class.reserve of its source. */
static __always_inline bool pressure_spares(const struct policy_reserve *reserve, __u16 own,
					    const struct pkt *pkt)
{
	__u64 port = bpf_ntohs(pkt->dport), fits = 0;

	for (int i = 0; i < RESERVE_SERVICES; i++) {
		__u64 protocol = reserve->protocol[i];
		__u64 other = bit_any(protocol) & bit_any(protocol ^ pkt->l4_proto);
		__u64 outside = bit_less(port, reserve->first[i]) | bit_less(reserve->last[i], port);

		fits |= ((other | outside) ^ 1) << i;
	}
	return fits & own;
}

enum pressed {
	PRESSED_SPARED, PRESSED_PROVEN, PRESSED_STRANGER,
};

/*
 * What kind of flow it is; enum pressed. A function of its own, which the verifier takes once, and
 * with it each argument that is handed over: one that nobody read, since is_proven() of the includer
 * does not ask for the time, the compiler would leave out, and the verifier then refuse the call.
 */
__attribute__((noinline)) int pressed_as(const struct pkt *pkt,
					 const struct policy_reserve *reserve, __u32 own,
					 __u64 now_ns)
{
	asm volatile("" : : "r"(now_ns));
	if (!pkt || !reserve || (own && pressure_spares(reserve, own, pkt)))
		return PRESSED_SPARED;
	return is_proven(pkt, now_ns) ? PRESSED_PROVEN : PRESSED_STRANGER;
}

/* What a flow is paced by; slot 0: nothing. proven: 1 or 0. */
static __always_inline struct pace pressure_pace(const struct pressure_now *pressure, __u64 proven)
{
	__u64 cost_ns = only_if(proven, pressure->proven_cost_ns) +
			only_if(proven ^ 1, pressure->admit_cost_ns);

	return (struct pace){
		.cost_ns = cost_ns,
		.burst_ns = PRESSURE_BURST_NS + cost_ns,
		.slot = only_if(bit_any(cost_ns), BUDGET_UNPROVEN + proven),
	};
}

#endif
