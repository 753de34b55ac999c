/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What conntrack knows of this packet: known, related, stray, out of window, or nothing yet and it
 * may open a flow (no reason: the budgets decide).
 *
 * For TCP and UDP the kernel's own table is asked, so both directions of a flow are known, also
 * the reply tuple of a masqueraded one. What net/netfilter/nf_conntrack_proto_*.c would let open
 * an entry may open a flow here; what it would call INVALID is stray.
 *
 * A TCP SYN is what opens a flow, and what floods are made of: no look-up is spent on it, unless
 * the check of windows is on. Whether it is one of a flow that was admitted lately, sent again, is
 * asked by whoever has found out that its source was seen before (track_resent): a flood of
 * strangers never touches the memory of flows.
 *
 * The check of windows wants the entry of every TCP packet: while it is on, the cache of flows that
 * were found lately spares TCP no look-up, only the question for a blackhole.
 *
 * The kernel can't be asked about other protocols (ICMP queries, SCTP, GRE, ESP ...), nor, where it
 * offers no look-up, about UDP. They are never stray: a packet that belongs to a flow which was
 * admitted lately, in the same direction, is known, and each one keeps its flow known for half a
 * minute; else it is charged as a new flow. An ICMP reply can't open an entry, so it passes unjudged.
 */
#ifndef WEIR_TRACK_H
#define WEIR_TRACK_H

#include <linux/in.h>
#include <linux/in6.h>
#include "conntrack.h"
#include "flow.h"
#include "pressed.h"
#include "proven.h"
#include "route.h"
#include "scene.h"
#include "window.h"

/*
 * For how long a flow counts as one that conntrack has because it was admitted. Shorter than the
 * shortest time-out that its entry can have: 10 s for TCP (a SYN answered by an RST), 30 s else.
 * Where the table can be asked it is only needed for packets that came in the same burst as the
 * one which opened the flow: they are judged before conntrack has seen that one.
 */
#define TRACK_SYN	FLOW_TICKS(8)
#define TRACK_BURST	FLOW_TICKS(1)
#define TRACK_SILENCE	FLOW_TICKS(29)
/* For how long a flow that was found is not looked up again. */
#define TRACK_HOT	FLOW_TICKS(1)
/* How old what is left of that may be to count as a trace: older than UDP grows in conntrack. */
#define TRACK_TRACE	FLOW_TICKS(3600)

#define TCP_KIND	(TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)

/* RFC 792, RFC 4443; the kernel's header does not compile for BPF on every distribution */
enum icmp_message {
	ICMP4_ECHO = 8, ICMP4_TIMESTAMP = 13, ICMP4_INFO = 15, ICMP4_ADDRESS = 17,
	ICMP6_ECHO = 128, ICMP6_LISTENER_QUERY = 130, ICMP6_NEIGHBOUR_LAST = 136,
	ICMP6_NODE_QUERY = 139, ICMP6_LISTENER_REPORT2 = 143,
};

/* an ICMP message that asks: only these open an entry (nf_conntrack_proto_icmp.c, _icmpv6.c) */
static __always_inline bool icmp_asks(const struct pkt *pkt)
{
	if (pkt->family == 6)
		return pkt->icmp_type == ICMP6_ECHO || pkt->icmp_type == ICMP6_NODE_QUERY;
	return pkt->icmp_type == ICMP4_ECHO || pkt->icmp_type == ICMP4_TIMESTAMP ||
	       pkt->icmp_type == ICMP4_INFO || pkt->icmp_type == ICMP4_ADDRESS;
}

/* listener and neighbour discovery: conntrack leaves them untracked */
static __always_inline bool icmp_untracked(const struct pkt *pkt)
{
	return pkt->family == 6 && ((pkt->icmp_type >= ICMP6_LISTENER_QUERY &&
				     pkt->icmp_type <= ICMP6_NEIGHBOUR_LAST) ||
				    pkt->icmp_type == ICMP6_LISTENER_REPORT2);
}

/* A TCP SYN: the rest of the judgement will most likely be about a new flow. */
static __always_inline bool track_opens(const struct pkt *pkt)
{
	return pkt->l4_proto == IPPROTO_TCP && (pkt->tcp_flags & TCP_KIND) == TCP_SYN;
}

/* Has track() anything to say? Of a SYN only where windows are checked. */
static __always_inline bool track_asked(const struct pkt *pkt, const struct scene *scene)
{
	return !track_opens(pkt) || !reason_in(scene->knobs->off, REASON_WINDOW);
}

/* What a word of `flow_hot` says of its flow, and, if it was found, by which device it came; a part of the hash: one
 * read as another is from 52 days away, or from years. */
#define FLOW_FOUND	(dev_slot << 24)
#define FLOW_ADMITTED	(1U << 31)
_Static_assert(DEV_MAX <= 1 << 6, "the number of a device fits below the other mark");

/* A flow in the tables of flow.h: where it stands, and the time. */
struct flow_place {
	__u64	hash;
	__u32	tick;
};

static __always_inline struct flow_place flow_place(const struct pkt *pkt, __u64 now_ns)
{
	return (struct flow_place){ flow_hash(pkt, hash_key), FLOW_TICK(now_ns) };
}

/* The same where track_foresee() has been called for the packet. */
static __always_inline struct flow_place flow_foreseen(const struct pkt *pkt, __u64 now_ns,
						       const struct scratch *scratch)
{
	if (!scratch->flow_hash)
		return flow_place(pkt, now_ns);
	return (struct flow_place){ scratch->flow_hash, FLOW_TICK(now_ns) };
}

/* Is it of a kind that stands in the table of flows found lately, and asks for it first? */
static __always_inline bool track_has_line(const struct pkt *pkt)
{
	return pkt->l4_proto == IPPROTO_UDP || (pkt->l4_proto == IPPROTO_TCP && !track_opens(pkt));
}

/* The line of flows found lately is on its way from memory. For what track_has_line(). */
static __always_inline void track_foresee(const struct pkt *pkt, struct scratch *scratch)
{
	struct flow_line *line;

	scratch->flow_hash = flow_hash(pkt, hash_key);
	line = flow_hot_line(hash_line(scratch->flow_hash, FLOW_HOT_LINES - 1));
	if (line)
		scratch->foreseen = *(volatile __u32 *)&line->way[0];
}

static __always_inline bool flow_admitted(const struct flow_place *place, __u32 max_age,
					  bool refresh)
{
	struct flow_line *line = flow_line(hash_line(place->hash, FLOW_LINES - 1));

	return line && flow_seen(line, place->hash, place->tick, max_age, refresh);
}

/* Was it found in conntrack within the last second? */
static __always_inline bool flow_hot_seen(const struct flow_place *place)
{
	struct flow_line *line = flow_hot_line(hash_line(place->hash, FLOW_HOT_LINES - 1));

	return line && flow_seen(line, place->hash ^ FLOW_FOUND, place->tick, TRACK_HOT, false);
}

/* Has it been found or admitted, however long ago? The line was read before. */
static __always_inline bool flow_traced(const struct flow_place *place)
{
	struct flow_line *line = flow_hot_line(hash_line(place->hash, FLOW_HOT_LINES - 1));

	return line && (flow_seen(line, place->hash ^ FLOW_FOUND, place->tick, TRACK_TRACE, false) ||
			flow_seen(line, place->hash ^ FLOW_ADMITTED, place->tick, TRACK_TRACE, false));
}

static __always_inline void flow_hot_put(const struct flow_place *place, __u64 as)
{
	struct flow_line *line = flow_hot_line(hash_line(place->hash, FLOW_HOT_LINES - 1));

	if (line)
		flow_put(line, place->hash ^ as, place->tick);
}

/* Was it admitted within max_age ticks? The line is the one that is asked for flows found. */
static __always_inline bool flow_hot_admitted(const struct flow_place *place, __u32 max_age)
{
	struct flow_line *line = flow_hot_line(hash_line(place->hash, FLOW_HOT_LINES - 1));

	return line && flow_seen(line, place->hash ^ FLOW_ADMITTED, place->tick, max_age, false);
}

/* Is conntrack asked about the packet, or only our own memory of what was admitted? */
static __always_inline bool track_asks(const struct pkt *pkt)
{
	return pkt->l4_proto == IPPROTO_TCP || (pkt->l4_proto == IPPROTO_UDP && conntrack_offered());
}

/*
 * To be called for each packet that was admitted as a new flow. Not inlined and not static: the
 * verifier reads it once, and not once more for each way on which a packet can be admitted.
 */
__attribute__((noinline)) int track_admitted(const struct pkt *pkt, __u64 now_ns)
{
	struct flow_place place;
	struct flow_line *line;

	if (!pkt)
		return 0;
	place = flow_place(pkt, now_ns);
	if (track_asks(pkt)) {
		flow_hot_put(&place, FLOW_ADMITTED);
		return 0;
	}
	line = flow_line(hash_line(place.hash, FLOW_LINES - 1));
	if (line)
		flow_put(line, place.hash, place.tick);
	return 0;
}

/*
 * 1 if the packet is a SYN of a flow that was admitted lately: known, and charged already. 0 else.
 * Called as track_admitted() is, and for the same cause.
 */
__attribute__((noinline)) int track_resent(const struct pkt *pkt, __u64 now_ns)
{
	struct flow_place place;

	if (!pkt || !track_opens(pkt))
		return 0;
	place = flow_place(pkt, now_ns);
	return flow_hot_admitted(&place, TRACK_SYN);
}

static __always_inline enum conntrack_found track_look(void *ctx, const struct pkt *pkt,
						       struct conntrack_seen *seen,
						       struct tcp_flow *flow)
{
	const struct conntrack_key key = {
		.saddr = pkt->saddr, .daddr = pkt->daddr, .sport = pkt->sport, .dport = pkt->dport,
		.family = pkt->family, .l4_proto = pkt->l4_proto,
	};

	/* NULL is to be seen from the pointer: Linux 6.1 forgets what else it hung upon */
	asm volatile("" : "+r"(flow));
	return conntrack_look(ctx, &key, seen, flow);
}

/* Would conntrack make an entry for this packet in the middle of a flow? For a plain ACK. */
static __always_inline bool track_picks_up(const struct pkt *pkt, const struct run *run)
{
	return pkt->l4_proto == IPPROTO_TCP && (pkt->tcp_flags & TCP_KIND) == TCP_ACK &&
	       (run->conntrack & (CONNTRACK_SETTINGS_KNOWN | CONNTRACK_TCP_LOOSE)) !=
	       CONNTRACK_SETTINGS_KNOWN;
}

/* Belongs to no flow, and conntrack would call it INVALID, or pick it up. */
static __always_inline enum reason track_stray(const struct pkt *pkt, const struct scene *scene)
{
	const struct run *run = run_now();
	bool picked_up;

	if (!run)
		return REASON_FAIL_OPEN;
	if (scene->now_ns < run->grace_until_ns)
		return REASON_GRACE;
	picked_up = track_picks_up(pkt, run);
	if (reason_in(scene->knobs->off, REASON_STRAY))
		return picked_up ? REASON_NONE : REASON_UNJUDGED;
	if (!picked_up || scene->knobs->flags & KNOB_STRAY_ALWAYS ||
	    pressure_rules(pressure_now(), scene->now_ns))
		return REASON_STRAY;
	return REASON_NONE;
}

static __always_inline bool track_window(const struct pkt *pkt, const struct tcp_flow *flow)
{
	const struct run *run = run_now();

	if (!run || !(run->conntrack & CONNTRACK_SETTINGS_KNOWN))
		return false;
	return window_refuses(flow, pkt, run->conntrack & CONNTRACK_TCP_BE_LIBERAL,
			      run->conntrack & CONNTRACK_TCP_IGNORE_RST);
}

/*
 * What the entry that was found proves of the packet's source. Whoever goes on with a TCP flow that
 * is assured has seen the other side's numbers; whoever answers has seen what opened the flow. A
 * UDP flow from outside that is answered proves less: its source may be made up, if it always is
 * the same.
 */
static __always_inline enum proof track_proof(const struct conntrack_seen *seen, bool tcp)
{
	__u64 assured = bit_any(seen->assured), reply = bit_any(seen->reply);

	return (assured | reply) * PROOF_RETRANSMISSION +
	       (assured & (reply | tcp)) * (PROOF_TWO_WAY - PROOF_RETRANSMISSION);
}

/* A flow that was found goes on, if its source has no blackhole by now. */
static __always_inline enum reason track_found(void *ctx, const struct pkt *pkt,
					       const struct scene *scene,
					       const struct flow_place *place)
{
	enum reason reason = answer(weir_route(ctx, pkt, scene->knobs, 0, ROUTE_KNOWN));

	if (reason)
		return reason;
	/* what is found is not asked for anything else while the word lasts: see shortcut.h */
	if (!*scene->would)
		flow_hot_put(place, FLOW_FOUND);
	return REASON_KNOWN;
}

/* The same for a flow that is known without the cache: asked as seldom as if it were. */
static __always_inline enum reason track_goes_on(void *ctx, const struct pkt *pkt,
						 const struct scene *scene,
						 const struct flow_place *place)
{
	if (flow_hot_seen(place))
		return REASON_KNOWN;
	return track_found(ctx, pkt, scene, place);
}

/* What our own memory of what was admitted tells, where conntrack can't. */
static __always_inline enum reason track_lately(void *ctx, const struct pkt *pkt,
						const struct scene *scene,
						const struct flow_place *place)
{
	if (!flow_admitted(place, TRACK_SILENCE, true))
		return REASON_NONE;
	return track_goes_on(ctx, pkt, scene, place);
}

static __always_inline enum reason track_tcp(void *ctx, const struct pkt *pkt,
					     const struct scene *scene)
{
	bool window = !reason_in(scene->knobs->off, REASON_WINDOW), opens = track_opens(pkt);
	struct scratch *scratch = scratch_of_cpu();
	struct flow_place place;

	if (!scratch)
		return REASON_FAIL_OPEN;
	if (!window && opens)
		return REASON_NONE;
	place = flow_foreseen(pkt, scene->now_ns, scratch);
	if (!window && flow_hot_seen(&place))
		return REASON_KNOWN;
	switch (track_look(ctx, pkt, &scratch->seen, window ? &scratch->flow : NULL)) {
	case CONNTRACK_FOUND:
		if (window && track_window(pkt, &scratch->flow))
			return REASON_WINDOW;
		if (window && flow_hot_seen(&place))
			return REASON_KNOWN;
		scratch->proof = track_proof(&scratch->seen, true);
		return track_found(ctx, pkt, scene, &place);
	case CONNTRACK_ABSENT:
		if (opens)
			return REASON_NONE;
		return flow_hot_admitted(&place, TRACK_BURST) ? REASON_KNOWN : track_stray(pkt, scene);
	default:
		return opens ? REASON_NONE : REASON_UNJUDGED;
	}
}

/*
 * Of a flow that has left no trace. Most likely the packet is a stranger's: then the routes are
 * asked before conntrack's table, since they are warm where a flood finds the table cold, and a
 * source that nothing leads to costs no look-up. What conntrack knows and weir has not seen before
 * is asked once: it is dropped only if nothing leads back to it at that moment, as any new flow is.
 * What is only counted goes on to conntrack, which tells whether it has to pay for a flow.
 */
static __always_inline enum reason track_strange(void *ctx, const struct pkt *pkt,
						 const struct scene *scene)
{
	enum reason reason = answer(weir_route(ctx, pkt, scene->knobs, scene->source->flags,
					       ROUTE_BEFORE));

	return reason && !scene_monitors(scene, reason) ? reason : REASON_NONE;
}

static __always_inline enum reason track_udp(void *ctx, const struct pkt *pkt,
					     const struct scene *scene)
{
	struct scratch *scratch = scratch_of_cpu();
	struct flow_place place;
	enum reason reason;

	if (!scratch)
		return REASON_FAIL_OPEN;
	place = flow_foreseen(pkt, scene->now_ns, scratch);
	if (flow_hot_seen(&place))
		return REASON_KNOWN;
	/* where conntrack can't be asked nothing stands there, and no look-up is to be spared */
	if (conntrack_offered() && !flow_traced(&place)) {
		reason = track_strange(ctx, pkt, scene);
		if (reason)
			return reason;
	}
	switch (track_look(ctx, pkt, &scratch->seen, NULL)) {
	case CONNTRACK_FOUND:
		scratch->proof = track_proof(&scratch->seen, false);
		return track_found(ctx, pkt, scene, &place);
	case CONNTRACK_ABSENT:
		return flow_hot_admitted(&place, TRACK_BURST) ? REASON_KNOWN : REASON_NONE;
	default:
		return track_lately(ctx, pkt, scene, &place);
	}
}

/* The packet that an ICMP error speaks of, turned round, is the one that would come next. */
static __always_inline enum reason track_icmp_error(void *ctx, const struct pkt *pkt,
						    const struct scene *scene)
{
	const struct conntrack_key key = {
		.saddr = pkt->inner_daddr, .daddr = pkt->inner_saddr,
		.sport = pkt->inner_dport, .dport = pkt->inner_sport,
		.family = pkt->family, .l4_proto = pkt->inner_proto,
	};

	if (!icmp_error_answers(pkt))
		return track_stray(pkt, scene);
	switch (conntrack_look(ctx, &key, NULL, NULL)) {
	case CONNTRACK_FOUND:
		return REASON_RELATED;
	case CONNTRACK_ABSENT:
		return track_stray(pkt, scene);
	default:
		return REASON_UNJUDGED;
	}
}

/* What the kernel can't be asked about. */
static __always_inline enum reason track_blind(void *ctx, const struct pkt *pkt,
					       const struct scene *scene)
{
	struct flow_place place = flow_place(pkt, scene->now_ns);

	return track_lately(ctx, pkt, scene, &place);
}

static __always_inline enum reason track(void *ctx, const struct pkt *pkt,
					 const struct scene *scene)
{
	if (pkt->l4_proto == IPPROTO_TCP)
		return track_tcp(ctx, pkt, scene);
	if (pkt->l4_proto == IPPROTO_UDP)
		return track_udp(ctx, pkt, scene);
	if (pkt->l4_proto != IPPROTO_ICMP && pkt->l4_proto != IPPROTO_ICMPV6)
		return track_blind(ctx, pkt, scene);
	if (pkt->flags & PKT_INNER)
		return track_icmp_error(ctx, pkt, scene);
	if (icmp_untracked(pkt))
		return REASON_CLEAN;
	return icmp_asks(pkt) ? track_blind(ctx, pkt, scene) : REASON_UNJUDGED;
}

#endif
