/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operator wants, as a value: the config file, the state in force and a CLI edit are all
 * a struct policy. No BPF, no globals, no I/O but the files that the text includes.
 *
 * The grammar is nftables' braces; a line inside a block is what the CLI verb takes. Errors are
 * file:line:col with the line, a caret, and what was expected there. A failed parse leaves nothing
 * behind. policy_print() writes text that policy_parse() reads to an equal policy.
 */
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include <stdio.h>
#include "abi.h"
#include "capacity.h"
#include "fail.h"
#include "value.h"

enum limit_kind {
	LIMIT_SOURCE,		/* per source */
	LIMIT_PREFIX,		/* a prefix, in total */
	LIMIT_AGGREGATE,	/* per /24 or /48 within a prefix */
	LIMIT_DESTINATION,	/* per destination address, port and protocol */
	LIMIT_TOTAL,		/* everything */
};

struct limit {
	enum limit_kind kind;
	struct prefix	prefix;		/* family 0: no prefix given */
	__u8		roles;		/* bit per enum role it holds for; both unless said */
	struct rate	rate;
	__u64		burst;		/* flows; 0: not given */
};

#define PRIORITY_MAX	255
/* numbered as their enums are; NULL-terminated */
extern const char *const ROLE_WORDS[], *const DRIVER_WORDS[];

struct interface {
	char		name[64];	/* a name or a glob */
	enum role	role;
	enum driver	driver;
	__u8		priority;	/* among other XDP programs; 0: not said */
	enum urpf	urpf;
	bool		urpf_set;	/* else check { urpf } holds */
	struct prefix	*sources;	/* owned; what may be a source there */
	size_t		source_count;
};

/* an entry of the trust or block list */
struct entry {
	struct prefix	prefix;
	bool		announce;	/* block list: tell others, see announce.h */
	__u64		until_ns;	/* CLOCK_MONOTONIC; ~0: for ever */
	char		*comment;	/* owned, or NULL */
};
struct entries {
	struct entry	*at;		/* owned; sorted by prefix_compare, no duplicates */
	size_t		count, room;
};

/* what to do about one family of reasons */
enum check {
	CHECK_DEFAULT, CHECK_DROP, CHECK_MONITOR, CHECK_OFF,
	CHECK_AUTO,		/* stray: follows nf_conntrack_tcp_loose */
};

struct checks {
	enum check	malformed;	/* truncated .. land */
	enum check	l4_checksum;
	enum check	martians;
	enum check	stray;
	enum check	window;
	enum check	blackhole;
	__u32		blackhole_table;	/* 0: off */
	enum urpf	urpf;
	enum check	urpf_action;		/* default, drop or monitor */
	struct prefix	*martian_except;	/* owned */
	size_t		martian_except_count;
};

struct bypass {
	__u8		protocol;	/* IPPROTO_*; 0: any */
	struct ports	ports;
	struct prefix	to, from;
	bool		fast;
};

struct pressure_conf {
	unsigned int	tight_percent;	/* 0: not set */
	unsigned int	full_percent;
	unsigned int	reserve_percent;
	struct reserve {
		__u8		protocol;	/* 0: any */
		struct ports	ports;
		struct prefix	from;
	} *reserve;			/* owned */
	size_t		reserve_count;
};

struct challenge_conf {
	enum challenge_way way;
	struct rate	engage;		/* unproven SYNs to everywhere; count 0: not given */
	struct engage_to {
		struct prefix	prefix;
		struct rate	rate;
	} *to;				/* owned; destinations with a rate of their own, no two the same */
	size_t		to_count;
};

struct policy {
	enum mode	mode;
	__u64		enforce_until_ns;	/* CLOCK_MONOTONIC; 0: no end */
	struct interface *interface;		/* owned, in the order of the text */
	size_t		interface_count;
	struct entries	trust, block;
	struct checks	check;
	struct limit	*limit;			/* owned; no two have the same key */
	size_t		limit_count;
	struct bypass	*bypass;		/* owned */
	size_t		bypass_count;
	__u32		bypass_mark;		/* one bit; 0: the default */
	struct pressure_conf pressure;
	struct challenge_conf challenge;
	struct capacity	sources;		/* 0 where the text says nothing */
	struct limit	guard;			/* no part of the text: the default of `from inside
						 * per destination`, see nat.h; rate 0: none */
	const struct prefix *own;		/* borrowed, no part of the text: the gateway's
						 * addresses at the time of compiling */
	size_t		own_count;
};

/* An empty policy: monitor mode, no limits, every check at its default. Free with policy_free(). */
void policy_init(struct policy *policy);
void policy_free(struct policy *policy);

/* Reads text (NUL-terminated) that came from the file `name`; includes are read relative to it.
 * now_ns: CLOCK_MONOTONIC, what timeouts are counted from. On failure *policy is empty. */
int policy_parse(const char *text, const char *name, __u64 now_ns, struct policy *policy,
		 struct fail *fail);
/* Reads a file; "-" is standard input. Refuses what others may write, unless unsafe is set. */
int policy_read(const char *path, __u64 now_ns, bool unsafe, struct policy *policy,
		struct fail *fail);
/* The whole policy as text. with_block: the block list's entries too. */
void policy_print(FILE *to, const struct policy *policy, __u64 now_ns, bool with_block);

/*
 * Reads the words of one statement, as the CLI and a line of the block have them; the place of an
 * error is in "command line". A failure leaves *out alone.
 */
/* [prefix P] [from outside|inside] per source|per destination|per aggregate|total RATE [burst N] */
int limit_parse(int argc, char **argv, struct limit *out, struct fail *fail);
/* The same without RATE, to name a limit that is there; one that is given is read and ignored. */
int limit_parse_key(int argc, char **argv, struct limit *out, struct fail *fail);
/* [proto] [tcp|udp|...] [port N[-M]] [to P] [from P] [fast] */
int bypass_parse(int argc, char **argv, struct bypass *out, struct fail *fail);
/* "tcp", or NULL for one that has no name here */
const char *protocol_name(__u8 protocol);
/* a number with one bit set, decimal or 0x... */
int bypass_mark_parse(const char *text, __u32 *out, struct fail *fail);
/* P [timeout T] [comment S] [announce]; the comment is the caller's to free */
int entry_parse(int argc, char **argv, __u64 now_ns, struct entry *out, struct fail *fail);

/* As the parsers read them, without a newline. */
void limit_print(FILE *to, const struct limit *limit);
void bypass_print(FILE *to, const struct bypass *bypass);
void entry_print(FILE *to, const struct entry *entry, __u64 now_ns);

/* The same kind and prefix, and a role in common: a policy has at most one of the two. */
bool limit_same_key(const struct limit *a, const struct limit *b);
/* The same flows, whichever of the two is fast. */
bool bypass_same(const struct bypass *a, const struct bypass *b);

/* Adds or replaces the entry of that prefix; keeps the order. Takes comment over if it succeeds. */
int entries_put(struct entries *entries, const struct entry *entry, struct fail *fail);
/* 0, or -EXIT_NO_ENTRY. */
int entries_remove(struct entries *entries, const struct prefix *prefix, struct fail *fail);
/* The most specific unexpired entry that covers the prefix, or NULL. */
const struct entry *entries_find(const struct entries *entries, const struct prefix *prefix,
				 __u64 now_ns);
/* Is there an entry of exactly this prefix? */
bool entries_has(const struct entries *entries, const struct prefix *prefix);
/* For many at once: append them all, in any order, then settle: sorts, and of equal prefixes keeps
 * the one that lasts longest. Nothing else may be asked of the list in between. */
int entries_append(struct entries *entries, const struct entry *entry, struct fail *fail);
void entries_settle(struct entries *entries);
void entries_free(struct entries *entries);

#endif
