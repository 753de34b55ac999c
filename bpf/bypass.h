/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flows that skip connection tracking, in both directions, and the ICMP errors that speak of them.
 * abi.h tells how the groups of bypass statements are laid out, user/bypass.h what they mean.
 *
 * Most packets have no port near one that is asked for: they are told apart by one word of their
 * source's class, which every packet reads. Later fragments carry no ports: the kernel gives a packet
 * that it puts together the mark of its first fragment.
 */
#ifndef WEIR_BYPASS_BPF_H
#define WEIR_BYPASS_BPF_H

#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include "scene.h"

/* what a rule is asked about: the packet, or for an ICMP error the one that it speaks of */
struct bypass_tuple {
	__be32	saddr[4];
	__be32	daddr[4];
	__be16	sport;
	__be16	dport;
	__u8	protocol;
	__u8	family;
};

static __always_inline void bypass_tuple(const struct pkt *pkt, struct bypass_tuple *tuple)
{
	bool inner = pkt->flags & PKT_INNER;

	for (int i = 0; i < 4; i++) {
		tuple->saddr[i] = inner ? pkt->inner_saddr[i] : pkt->saddr[i];
		tuple->daddr[i] = inner ? pkt->inner_daddr[i] : pkt->daddr[i];
	}
	tuple->sport = inner ? pkt->inner_sport : pkt->sport;
	tuple->dport = inner ? pkt->inner_dport : pkt->dport;
	tuple->protocol = inner ? pkt->inner_proto : pkt->l4_proto;
	tuple->family = pkt->family;
}

static __always_inline bool bypass_has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

#define BYPASS_FAST	(1ULL << 32)	/* above a mark: a group that speaks of the flow is fast */

/* The groups that ask for this port, with those that ask for none; 0 when the policy is not readable. */
static __always_inline __u64 bypass_port(struct scene *scene,
					 const struct policy_bypass *bypass, __be16 port)
{
	__u32 number = bpf_ntohs(port), set;
	const __u64 *groups;
	const __u8 *sets;

	if (!(bypass->blocks >> number / BYPASS_BLOCK_PORTS & 1))
		return bypass->portless;
	sets = arena_line_early(&scene->arena, bypass->ports + number / POLICY_LINE);
	if (!sets)
		return 0;
	set = sets[number % POLICY_LINE];
	groups = arena_line_early(&scene->arena, bypass->port_sets + set / 8);
	return groups ? groups[set % 8] : 0;
}

/* What the groups say of a packet, as far as it was asked: a bit each. */
struct bypass_found {
	__u64	forward;	/* as they are written */
	__u64	back;		/* the other way round */
};

/* By protocol and ports. */
static __always_inline struct bypass_found bypass_service(struct scene *scene,
							  const struct policy_bypass *bypass,
							  __u8 protocol, __be16 sport, __be16 dport)
{
	const __u64 *protocols = arena_line_early(&scene->arena, bypass->protocols + protocol / 8);
	__u64 groups = protocols ? protocols[protocol % 8] : 0;

	if (!bypass_has_ports(protocol)) {
		groups &= bypass->portless;
		return (struct bypass_found){ groups, groups };
	}
	return (struct bypass_found){
		.forward = groups & bypass_port(scene, bypass, dport),
		.back = groups & bypass_port(scene, bypass, sport),
	};
}

/* And by the source. False: none is left. */
static __always_inline bool bypass_source(struct bypass_found *found, const struct class *source)
{
	found->forward &= source->bypass_from;
	found->back &= source->bypass_to;
	return found->forward | found->back;
}

/* And by the destination: the mark of its flow, with BYPASS_FAST, or 0. */
static __always_inline __u64 bypass_told(const struct policy_bypass *bypass,
					 const struct bypass_found *found,
					 const struct class *destination)
{
	__u64 groups = (found->forward & destination->bypass_to) |
		       (found->back & destination->bypass_from);

	if (!groups)
		return 0;
	return bypass->mark | (groups & bypass->fast ? BYPASS_FAST : 0);
}

/* The mark of a flow that some group speaks of, else 0. source: its class, or NULL. */
static __always_inline __u64 bypass_find(struct scene *scene, const struct policy_bypass *bypass,
					 const struct bypass_tuple *tuple, const struct class *source)
{
	const struct class *destination;
	struct bypass_found found;

	found = bypass_service(scene, bypass, tuple->protocol, tuple->sport, tuple->dport);
	if (!(found.forward | found.back))
		return 0;
	if (!source)
		source = scene_ask(scene, tuple->family, &tuple->saddr, false);
	if (!source || !bypass_source(&found, source))
		return 0;
	destination = scene_ask(scene, tuple->family, &tuple->daddr, true);
	return destination ? bypass_told(bypass, &found, destination) : 0;
}

/*
 * The mark of a packet that skips connection tracking, with BYPASS_FAST, or 0. source: the class of
 * its source; NULL: not known. Not inline: verified once.
 */
__noinline __u64 weir_bypass(const struct pkt *pkt, const struct class *source,
			     const struct policy_page *page)
{
	struct bypass_tuple tuple;
	struct scene scene = {};

	if (!pkt || !page)
		return 0;
	scene_policy(&scene, page);
	if (!(scene.knobs->flags & KNOB_BYPASS))
		return 0;
	if (pkt->flags & PKT_INNER) {
		if (!icmp_error_answers(pkt))
			return 0;
		source = NULL;
	}
	bypass_tuple(pkt, &tuple);
	return bypass_find(&scene, page_line(page, POLICY_BYPASS), &tuple, source);
}

/* Could it be? Two ports against a word. */
static __always_inline bool bypass_suspects(const struct scene *scene, const struct pkt *pkt)
{
	__u32 blocks = 1U << bpf_ntohs(pkt->sport) / BYPASS_BLOCK_PORTS |
		       1U << bpf_ntohs(pkt->dport) / BYPASS_BLOCK_PORTS;

	if (pkt->flags & (PKT_FRAGMENT_LATER | PKT_NOT_IP))
		return false;
	if (pkt->flags & PKT_INNER)
		return scene->knobs->flags & KNOB_BYPASS;
	return scene->source->bypass_blocks & blocks;
}

/* Its mark is in the scratch, whatever becomes of it before it passes. */
static __always_inline enum reason bypass(const struct pkt *pkt, struct scene *scene,
					  struct scratch *scratch)
{
	__u64 found = 0;

	if (bypass_suspects(scene, pkt))
		found = weir_bypass(pkt, scene->source, scene->arena.first);
	scratch->mark = found;
	scratch->fast = bit_any(found >> 32);
	return (__u32)found ? REASON_BYPASS : REASON_NONE;
}

#endif
