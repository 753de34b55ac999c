// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole way of a packet, but admission is what the kernel has for it: a hash map of sources
 * that evicts by LRU, with one limit per source, and no other.
 */
#include <stdbool.h>
#include <stddef.h>
#include "bpf/conntrack_xdp.h"
#include "bpf/state.h"
#include "bpf/challenge.h"
#include "bpf/track.h"
#include "bpf/spent.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lru SEC(".maps");

static __always_inline enum reason admit_by_lru(const struct pkt *pkt,
						const struct admit_input *in)
{
	const struct rule *rule = rule_of(in->arena, in->head->rule, 1);
	__u32 source = pkt->saddr[0];
	__u64 *tat_ns, fresh_ns;
	struct pace pace;

	if (!rule)
		return REASON_FAIL_OPEN;
	pace = pace_of(rule);
	tat_ns = bpf_map_lookup_elem(&lru, &source);
	if (!tat_ns) {
		fresh_ns = in->now_ns + pace.cost_ns;
		bpf_map_update_elem(&lru, &source, &fresh_ns, BPF_ANY);
		return REASON_RATE_TOTAL;
	}
	if (gcra_closed(*tat_ns, in->now_ns, &pace))
		return REASON_RATE_SOURCE;
	*tat_ns = most_of(*tat_ns, in->now_ns) + pace.cost_ns;
	return REASON_RATE_TOTAL;
}

#define admit(pkt, in, admission)	admit_by_lru(pkt, in)
#define spent_asked(scratch)	((void)(scratch), false)
#define admit_foresee(pkt, role, admission)	((void)(role), (void)(admission))

#include "bpf/xdp.bpf.c"
