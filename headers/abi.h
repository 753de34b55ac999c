/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What BPF and user space share: names, sizes and layouts. No code.
 *
 * A change of anything here that a running datapath would see is a new WEIR_ABI: the number is
 * part of the pin path, so two layouts never meet. All integers are in host order unless typed
 * __be. Times are CLOCK_MONOTONIC nanoseconds as bpf_ktime_get_coarse_ns() tells them (resolution:
 * one tick, 1-10 ms) unless said otherwise.
 */
#ifndef WEIR_ABI_H
#define WEIR_ABI_H

#include <linux/types.h>
#include "reason.h"

#define WEIR_ABI	5
#define ABI_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " has another size")

#include "dev.h"
#include "forward_dev.h"

/* ---- counters ------------------------------------------------------------------------------ */

struct counter {
	__u64	packets;
	__u64	bytes;
};
ABI_SIZE(struct counter, 16);

/*
 * map "counter", one value per CPU; index: (dev slot * 2 + would) * REASON_COUNT + reason.
 * would = 1 counts packets that were passed only because the reason is in monitor mode.
 */
#define COUNTER_INDEX(slot, would, reason) (((slot) * 2 + (would)) * REASON_COUNT + (reason))
#define COUNTER_MAX	COUNTER_INDEX(DEV_MAX, 0, 0)

/*
 * map "audit", one value per CPU; index: would * REASON_COUNT + reason. A sample of the drops, and
 * of what would have been dropped: how many were looked up in conntrack's table, and how many of
 * these belonged to a flow that has seen packets in both directions. bpf/audit.h has the rules.
 */
#define AUDIT_INDEX(would, reason) ((would) * REASON_COUNT + (reason))
#define AUDIT_MAX	AUDIT_INDEX(2, 0)
struct audit {
	__u64	asked;
	__u64	established;
};
ABI_SIZE(struct audit, 16);

/* ---- policy -------------------------------------------------------------------------------- */

/*
 * map "policy": an array of maps. The policy in force is an arena of 64-byte lines: head, knobs,
 * classes, rules, prefix tables, and the records that the tables were compiled from. It is cut into
 * pages, each the one value of an inner map: as all of these are alike, a look-up is no call.
 *
 * Slot 0 is the first page of the policy in force. All its pages, the first one too, stand from
 * POLICY_SLOT(generation, 0) on, in one of two halves; user space fills the other half and then
 * stores the new first page in slot 0. That store is the instant at which a policy takes effect, for
 * every packet and for everything in it at once. The kernel returns from it when the last packet under
 * the old one has left, and then the old half is emptied.
 */
#define POLICY_LINE	64
#define POLICY_PAGE_SHIFT 14	/* lines of a page, a megabyte: kernels before 6.8 take some 10 ms for each */
#define POLICY_PAGE_LINES (1 << POLICY_PAGE_SHIFT)
#define POLICY_PAGE	(POLICY_PAGE_LINES * POLICY_LINE)
#define POLICY_PAGES_MAX (1 << (TABLE_LINE_BITS - POLICY_PAGE_SHIFT))
#define POLICY_SLOT(generation, page) (1 + ((generation) & 1) * POLICY_PAGES_MAX + (page))
#define POLICY_SLOTS	POLICY_SLOT(1, POLICY_PAGES_MAX)
struct policy_page {
	__u8	byte[POLICY_PAGE];
};
#define POLICY_MAGIC	0x72696577	/* "weir" */

/* line 0 */
struct policy_head {
	__u32	magic;
	__u32	lines;			/* in the arena */
	__u64	generation;		/* grows by one with each policy */
	__u32	source_root4;		/* table_ref of the table of IPv4 sources; 0: none */
	__u32	source_root6;
	__u32	destination_root4;
	__u32	destination_root6;
	__u32	source_class;		/* line of class 0 of the source tables */
	__u32	destination_class;	/* line of class 0 of the destination tables */
	__u32	rule;			/* line of rule 0 */
	__u32	record;			/* first line of the records */
	__u32	record_bytes;
	__u32	since;			/* FLOW_TICK() of when it came into force, and one */
	__u64	made_ns;		/* CLOCK_REALTIME */
};
ABI_SIZE(struct policy_head, POLICY_LINE);

/*
 * A prefix table is a tree that is walked from the top bits of the address down. A table_ref is a
 * class number, or a node: TABLE_LINE_BITS of line number below a byte of kind. Kinds are
 *   1..TABLE_STRIDE_MAX      a fan: an array of 2^kind refs, indexed by the next kind bits
 *   TABLE_BUCKET | width     a bucket: one line that splits the next width bits into ranges
 * A node takes its bits off the address and hands on the rest.
 */
#define TABLE_LINE_BITS	24
#define TABLE_LINE_MASK	((1U << TABLE_LINE_BITS) - 1)
#define TABLE_STRIDE_MAX 20
#define TABLE_STRIDE_MIN 6	/* but for the last bits of an address */
#define TABLE_BUCKET	0x40
#define TABLE_WIDTH_MASK 0x3f
#define TABLE_DEPTH	24	/* nodes on the longest way: 128 bits by TABLE_STRIDE_MIN, and some */
#define TABLE_VALUES	4

/*
 * The width is 15, 31 or 63 bits: edges are lanes of one bit more, so 20, 10 or 5 of them, lowest
 * first from the low end of edge[0]. Free lanes hold 2^width, which no address reaches. An address
 * that has reached n edges lies in range n, whose ref is value[choice >> 2n & 3].
 */
struct table_bucket {
	__u64	edge[5];
	__u32	value[TABLE_VALUES];
	__u64	choice;
};
ABI_SIZE(struct table_bucket, POLICY_LINE);

enum mode {
	MODE_MONITOR = 0, MODE_ENFORCE = 1,
};

/* line 1: what changes the verdict of every packet */
#define POLICY_KNOBS	1
struct policy_knobs {
	__u64	monitor[2];		/* bit per reason: count it as would-drop, pass the packet */
	__u64	off[2];			/* bit per reason: do not even check */
	__u64	enforce_until_ns;	/* 0: no end; else everything is monitored from then on */
	__u32	mode;			/* enum mode as the operator said it; folded into monitor[] */
	__u32	blackhole_table;	/* 0: off; 254: main */
	__u16	total_rule[ROLE_COUNT];	/* rule numbers; 0: no limit */
	__u16	destination_rule[ROLE_COUNT];
	__u32	flags;			/* enum knob_flag */
	__u32	challenge_cost_ns;	/* 1e9 / rate of unproven SYNs that engages; 0: pressure alone */
};
ABI_SIZE(struct policy_knobs, POLICY_LINE);

/*
 * line 2: which flows skip connection tracking. The statements are gathered in groups, a bit each. A
 * packet belongs to a group if its protocol, its ports and both its addresses do, in one of the two
 * directions. All 0 without KNOB_BYPASS.
 */
#define POLICY_BYPASS		2
#define BYPASS_GROUPS_MAX	64
#define BYPASS_PROTOCOLS	256
#define BYPASS_PORT_SETS	256
#define BYPASS_BLOCK_PORTS	2048	/* 65536 / 32 */
struct policy_bypass {
	__u64	portless;		/* groups that do not ask for a port */
	__u32	mark;			/* what tc ingress sets on their packets */
	__u32	protocols;		/* line of u64[BYPASS_PROTOCOLS]: groups by protocol */
	__u32	ports;			/* line of a byte a port: which set of groups asks */
	__u32	port_sets;		/* line of a u64 a set: its groups, portless ones included */
	__u64	fast;			/* groups that XDP forwards by itself */
	__u32	blocks;			/* bit per BYPASS_BLOCK_PORTS ports: some group asks for one */
	__u32	reserved[7];
};
ABI_SIZE(struct policy_bypass, POLICY_LINE);

/* what XDP hands to tc ingress in front of a packet that skips connection tracking */
#define HANDOVER_MAGIC	0x77656972	/* "weir" */
struct handover {
	__u32	magic;
	__u32	mark;
};
ABI_SIZE(struct handover, 8);

enum knob_flag {
	KNOB_STRAY_ALWAYS = 1 << 0,	/* drop strays also where conntrack would pick them up */
	KNOB_BYPASS	= 1 << 1,	/* some flows skip connection tracking */
	KNOB_LOOK_TCP	= 1 << 2,	/* packets of known flows are checked: no shortcut for TCP */
	KNOB_LOOK_UDP	= 1 << 3,	/* and none for UDP */
	KNOB_RETRANSMIT	= 1 << 8,	/* challenge: remember a SYN, wait for its retransmission */
	KNOB_COOKIE	= 1 << 9,	/* challenge: answer a SYN, wait for the RST */
	KNOB_ENGAGE_TO	= 1 << 10,	/* challenge: some destinations have a rate of their own */
};

/*
 * line 3: what the last share of conntrack's table is kept for: services, and the class of a source
 * says which of them are its own (class.reserve, a bit each). A service that nobody has is all 0.
 */
#define POLICY_RESERVE	3
#define RESERVE_SERVICES 12
struct policy_reserve {
	__u16	first[RESERVE_SERVICES];	/* destination ports, host order */
	__u16	last[RESERVE_SERVICES];
	__u8	protocol[RESERVE_SERVICES];	/* IPPROTO_*; 0: any */
	__u32	spare;
};
ABI_SIZE(struct policy_reserve, POLICY_LINE);

/*
 * What the operator says of an address: the leaf of a prefix table is a class number. Class 0 is
 * "nothing in particular" and exists always. The compiler of the policy merges all that is said
 * of nested prefixes, so one look-up answers trust, block, side and limits together.
 */
enum class_flag {
	CLASS_TRUSTED	= 1 << 0,	/* until trust_until_ns */
	CLASS_BLOCKED	= 1 << 1,	/* until block_until_ns */
	CLASS_MARTIAN	= 1 << 2,	/* never a lawful source on an outside device */
	CLASS_MARTIAN_INSIDE = 1 << 3,	/* never a lawful source on an inside device */
	CLASS_INSIDE	= 1 << 4,	/* the operator says: lives inside */
	CLASS_OWN	= 1 << 6,	/* was the gateway's own when this was compiled; ask its routes */
};

struct class {
	__u64	trust_until_ns;		/* ~0: for ever */
	__u64	block_until_ns;		/* ~0: for ever */
	__u32	flags;			/* enum class_flag */
	__u32	hit;			/* index in map "hit"; 0: not counted by entry */
	__u16	source_rule[ROLE_COUNT];	/* per source; 0: no limit */
	__u16	prefix_rule[ROLE_COUNT];	/* whole prefix together */
	__u16	aggregate_rule[ROLE_COUNT];	/* per /24 or /48 */
	__u16	destination_rule[ROLE_COUNT];	/* in destination tables: per destination */
	__u64	bypass_to;		/* bit per bypass group: is the service's address */
	__u64	bypass_from;		/* may be the other end's */
	__u32	bypass_blocks;		/* bit per BYPASS_BLOCK_PORTS ports that these groups ask for */
	__u16	reserve;		/* bit per service in POLICY_RESERVE that is kept for it */
	__u16	engage_rule;		/* in destination tables: the rate of unproven SYNs to there
					 * that engages, and its slot in "engaged"; 0: none */
};
ABI_SIZE(struct class, POLICY_LINE);

/*
 * One limit. Rates are a cost: each admitted flow takes cost_ns of the budget's time, and the
 * budget may run burst_ns ahead of the clock (GCRA, ITU-T I.371).
 */
struct rule {
	__u64	cost_ns;	/* 1e9 / rate */
	__u64	burst_ns;	/* burst * cost_ns */
	__u32	slot;		/* in map "budget" for rules that keep one state; stays over a reload */
	__u32	flags;
	__u64	reserved;
};
ABI_SIZE(struct rule, 32);
#define HIT_MAX		4096	/* slots of map "hit"; 0 is never counted */
#define RULE_MAX	16384	/* rules, and their slots in "budget"; rule 0 and slot 0 are "none" */

#include "routes.h"
#include "stranger.h"

/* ---- budgets and sources ------------------------------------------------------------------- */

/* map "budget": the shared state of one limit; index: rule.slot, or one of these */
#define BUDGET_UNPROVEN	(RULE_MAX + 0)	/* what pressure leaves to sources that are not proven */
#define BUDGET_PROVEN	(RULE_MAX + 1)	/* and to those that are */
#define BUDGET_ENGAGE	(RULE_MAX + 2)	/* plus the slot in "engaged": unproven SYNs below the rate
					 * that engages challenges */
#define BUDGET_RELEASE	(BUDGET_ENGAGE + ENGAGE_MAX)	/* and below the rate at which they end */
#define BUDGET_MAX	(BUDGET_RELEASE + ENGAGE_MAX)
struct budget {
	__u64	tat_ns;		/* theoretical arrival time: when the budget would be full again */
	__u64	window;		/* the window that it is in (time >> SOURCE_WINDOW_SHIFT) in the upper half,
				 * flows claimed in it in the lower */
	__u64	peak;		/* flows claimed in the busiest window before that */
	__u64	reserved[5];
};
ABI_SIZE(struct budget, 64);

/* map "budget_use", one value per CPU; index: as for "budget" */
struct budget_use {
	__u64	admitted;
	__u64	dropped;
	__u64	closed_until_ns;	/* this CPU knows that the budget is empty until then */
	__u64	credit;			/* flows that this CPU may admit without asking */
};
ABI_SIZE(struct budget_use, 32);

/*
 * map "source": one line per set, four sources a line; map "group": the same for aggregates and
 * destinations. All that a packet which opens a flow touches; bpf/seat.h has the rules.
 *
 * key: bpf/source.h, bpf/group.h. word: the GCRA time, which is behind the time at which the key was
 * last seen by less than a step, below these marks. 0: the seat is free. The topmost byte is always 0: whoever will
 * want the line sends for it by storing that, since a CPU waits for what it loads, and not for what it
 * stores.
 */
#define SEAT_PROVEN	(1ULL << 55)	/* a two-way flow with it has lately existed */
#define SEAT_AGAIN	(1ULL << 54)	/* came again since the mark was last taken off */
#define SEAT_MORE	(1ULL << 53)	/* source_more holds its numbers */
#define SEAT_SIX	(1ULL << 52)	/* IPv6 */
#define SEAT_INSIDE	(1ULL << 51)	/* seen on a device with ROLE_INSIDE */
#define SEAT_DROPPED	(1ULL << 50)	/* its first flow was refused */
#define SEAT_TAT	(SEAT_DROPPED - 1)	/* in steps of 256 ns; enough for 9 years after boot */
#define SEAT_TAT_SHIFT	8
#define SEAT_STEP_NS	(1ULL << SEAT_TAT_SHIFT)
#define SEAT_TAT_NS(word) (((word) & SEAT_TAT) << SEAT_TAT_SHIFT)
#define SEAT_ZERO	(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 7 : 0)	/* the byte that is 0 */
#define SEAT_WHO	(SEAT_SIX | SEAT_INSIDE)

struct source_hot {
	__u64	key;
	__u64	word;
};
#define SOURCE_WAYS	4
struct source_line {
	struct source_hot way[SOURCE_WAYS];
};
ABI_SIZE(struct source_line, 64);

/*
 * map "source_more": index: line * SOURCE_WAYS + way; written from the second flow on. Void unless
 * the seat has SEAT_MORE. Statistics: two CPUs that count the same source in the same instant may
 * count one flow. Time is CLOCK_MONOTONIC in steps of 2^20 ns and windows of 2^30 ns, both of
 * which are nearly a millisecond and a second, and need no division.
 */
#define SOURCE_STEP_SHIFT	20
#define SOURCE_WINDOW_SHIFT	30
#define SOURCE_RATE_BITS	18	/* flows a window, saturating */
#define SOURCE_AVERAGE_SHIFT	10	/* the average is in 1024ths of a flow a window */
struct source_more {
	__u64	low;		/* lower half of an IPv6 source that is longer than /64; else 0 */
	__u32	total;		/* new flows, admitted or not; saturating */
	__u32	dropped;	/* of these */
	__u32	first_window;	/* first seen */
	__u32	last_step;	/* last seen; wraps after 52 days */
	__u64	rates;		/* from bit 0: flows in the window of last_step, flows in the one
				 * before, average of about a minute */
};
ABI_SIZE(struct source_more, 32);

/* ---- flows seen lately --------------------------------------------------------------------- */

/*
 * maps "flow_hot" (found in conntrack within the last second, or admitted lately) and "flow"
 * (admitted lately, of those that conntrack can't be asked about).
 * A word is a time that is hidden in a keyed hash; see bpf/flow.h. 0: free.
 */
#define FLOW_WAYS	8
struct flow_line {
	__u32	way[FLOW_WAYS];
};
ABI_SIZE(struct flow_line, 32);
#define FLOW_LINES	32768	/* a power of two, as is the next; a megabyte */
#define FLOW_HOT_LINES	32768
#define FLOW_TICK_SHIFT	28	/* of CLOCK_MONOTONIC: 0.27 s; 32 bits of it go round in 36 years */
#define FLOW_TICK(ns)	((__u32)((ns) >> FLOW_TICK_SHIFT))

/* map "bloom": sources of which a flow was admitted lately; bpf/bloom.h has the rules. */
#define BLOOM_WORDS	7
struct bloom_half {
	__u32	turn;			/* of CLOCK_MONOTONIC, in which its bits were set */
	__u32	bits[BLOOM_WORDS];
};
struct bloom_line {
	struct bloom_half half[2];
};
ABI_SIZE(struct bloom_line, 64);
#define BLOOM_LINES	2048		/* a power of two; 128 KB */

/* ---- one place for the rest of the state --------------------------------------------------- */

enum pressure {
	PRESSURE_CALM = 0, PRESSURE_TIGHT = 1, PRESSURE_FULL = 2,
};

/*
 * map "pressure", one entry: written by whoever watches conntrack, read for each new flow. Unless
 * the level is calm, new flows of the whole gateway are paced: one each so many nanoseconds, which
 * is the time that an unreplied entry lives divided by the entries that are free for them.
 */
#define PRESSURE_STALE_NS 2000000000ULL
struct pressure_now {
	__u64	beat_ns;	/* when it was written; older than PRESSURE_STALE_NS means calm */
	__u32	level;		/* enum pressure */
	__u32	count;		/* nf_conntrack_count */
	__u32	max;		/* nf_conntrack_max */
	__u32	reserved_only;	/* 1: the last share of the table, for what the policy reserves */
	__u64	admit_cost_ns;	/* of sources that are not proven; 0: no limit */
	__u64	proven_cost_ns;	/* of proven ones; 0: no limit */
	__u64	spare[3];
};
ABI_SIZE(struct pressure_now, 64);

/* map "run", one entry: facts about this instance that are no policy */
struct run {
	__u64	netns;		/* inode of the network namespace it was made in */
	__u64	made_ns;	/* CLOCK_REALTIME */
	__u64	grace_until_ns;	/* strays pass until then */
	__u32	features;	/* enum feature: what the kernel offered at load */
	__u32	sources;	/* capacity of the source table */
	__u32	mode;		/* enum mode of the policy in force, for those who can't read it */
	__u32	conntrack;	/* enum conntrack_setting */
	__u64	enforce_until_ns;
	__u8	tight_percent;	/* what the policy in force says of pressure, for whoever watches */
	__u8	full_percent;	/* conntrack; 0: nothing */
	__u8	reserve_percent;
	__u8	challenge_way;	/* enum challenge_way */
	__u8	length6;	/* bits of an IPv6 address that are one source; 0: 64 */
	__u8	wanted_length6;	/* what the policy in force says of that, for an instance made anew */
	__u8	reserved[2];
	__u32	wanted_sources;	/* 0: nothing, as above */
	__u32	reserved2;
};
ABI_SIZE(struct run, 64);

/*
 * Settings of conntrack that decide what it calls INVALID, in run.conntrack: the sysctls
 * net.netfilter.nf_conntrack_*, as they were last read. 0: unknown, then nothing depends on them.
 */
enum conntrack_setting {
	CONNTRACK_SETTINGS_KNOWN	= 1 << 0,
	CONNTRACK_TCP_LOOSE		= 1 << 1,
	CONNTRACK_TCP_BE_LIBERAL	= 1 << 2,
	CONNTRACK_TCP_IGNORE_RST	= 1 << 3,	/* nf_conntrack_tcp_ignore_invalid_rst */
	CONNTRACK_CHECKSUM		= 1 << 4,
};

/* map "secret", one entry, for root only: keys every hash of this instance */
struct secret {
	__u64	key[4];
};
ABI_SIZE(struct secret, 32);

enum feature {
	FEATURE_CT_XDP	= 1 << 0,	/* bpf_xdp_ct_lookup */
	FEATURE_CT_SKB	= 1 << 1,	/* bpf_skb_ct_lookup */
	FEATURE_FIB_TBID = 1 << 2,	/* bpf_fib_lookup in one table, without the neighbour (6.5) */
	FEATURE_TCX	= 1 << 3,	/* BPF_TCX_INGRESS links (6.6) */
};

/* names of the pins, below /run/weir/bpf/<instance>/v<WEIR_ABI>/ */
#define MAP_POLICY	"policy"
#define MAP_DEV		"dev"
#define MAP_COUNTER	"counter"
#define MAP_AUDIT	"audit"
#define MAP_BUDGET	"budget"
#define MAP_BUDGET_USE	"budget_use"
#define MAP_SOURCE	"source"
#define MAP_SOURCE_MORE	"source_more"
#define MAP_GROUP	"group"
#define MAP_HIT		"hit"
#define MAP_PRESSURE	"pressure"
#define MAP_RUN		"run"
#define MAP_SECRET	"secret"
#define MAP_FLOW	"flow"
#define MAP_FLOW_HOT	"flow_hot"
#define MAP_BLOOM	"bloom"
#define MAP_STRANGERS	"strangers"
#define MAP_CHALLENGE_USE "challenge_use"
#define MAP_ENGAGED	"engaged"
#define MAP_FORWARD	"forward"
#define MAP_TURN_TAKEN	"turn_taken"
#define MAP_ROUTES	"routes"
#define MAP_ROUTE_ANSWER "route_answer"

#endif
