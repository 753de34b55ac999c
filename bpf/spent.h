/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flood that shared limits refuse: strangers are not looked at.
 *
 * Once a CPU knows that the limit of a prefix or the total is spent, it refuses what opens a flow, if no
 * flow of its source was admitted lately: what the source has left of its own budget does not matter, and
 * what it sends again was not charged before. So its line, which a flood of random addresses finds in no
 * cache, is not waited for: the source is noted, and accounted with others (backlog.h).
 *
 * Only while this CPU has had SPENT_FLOOD such refusals on this device in the tick at hand (8000/second at
 * 250 Hz). Below that each source is asked first, and accounted at once.
 *
 * Who was admitted in the last 8 seconds is asked in full, and so refused by the limit that is to blame; a
 * stranger is told as refused by the prefix or the total, though his aggregate or his destination may have
 * spent theirs, too. Which sources were admitted is told by a small filter (bloom.h), since the table of
 * sources is what is not to be asked.
 *
 * The includer provides, beside what admit.h wants:
 *	struct bloom_line *bloom_line(__u32 line);
 */
#ifndef WEIR_SPENT_H
#define WEIR_SPENT_H

#include "admit.h"
#include "bloom.h"
#include "scratch.h"

#define SPENT_FLOOD	32

/* Has spent() anything to say, or to do? */
static __always_inline bool spent_asked(const struct scratch *scratch)
{
	return scratch->refused >= SPENT_FLOOD || scratch->backlog.count;
}

/* What admit() has said. */
static __always_inline void spent_learn(struct scratch *scratch, enum reason reason,
					const struct admit_input *in)
{
	__u64 before = bit_any(scratch->refused_ns ^ in->now_ns) ^ 1;
	/* none of the reasons to pass that admit() has stands at these bits */
	__u64 shared = (rate_bit(REASON_RATE_PREFIX) | rate_bit(REASON_RATE_TOTAL)) & ~in->monitor;

	scratch->refused = only_if(before, scratch->refused) + bit_any(rate_bit(reason) & shared);
	scratch->refused_ns = in->now_ns;
	scratch->spent = 0;
}

/* A flow of the source has been admitted. */
static __always_inline void spent_admitted(const struct source *source, __u64 now_ns)
{
	__u64 hash = source_hash(source, hash_key);
	struct bloom_line *line = bloom_line(hash_line(hash, BLOOM_LINES - 1));

	if (line)
		bloom_add(line, hash, now_ns);
}

/* The use of a shared budget that this CPU knows to be spent, or NULL. */
static __always_inline struct budget_use *spent_budget(const struct admit_input *in, __u32 number,
						       enum reason reason)
{
	struct budget_use *use;
	struct pace pace;

	if (!admit_pace(in, number, reason, &pace) || !pace.slot)
		return NULL;
	use = budget_use_of(pace.slot);
	return use && budget_spent(use, &pace, in->now_ns) ? use : NULL;
}

/* May a flow of the source have been admitted lately? hash: source_hash(). */
static __always_inline bool spent_spares(__u64 hash, __u64 now_ns)
{
	const struct bloom_line *line = bloom_line(hash_line(hash, BLOOM_LINES - 1));

	return !line || bloom_maybe(line, hash, now_ns);
}

/* The limit that refuses a flow of the source, a stranger; 0: admit() has to say. hash: source_hash(). */
static __always_inline enum reason spent_refuses(struct source *source, __u64 hash, const struct admit_input *in,
						 struct scratch *scratch)
{
	struct budget_use *prefix, *total = NULL;
	enum reason reason = REASON_RATE_PREFIX;

	prefix = spent_budget(in, in->source->prefix_rule[in->role & 1], REASON_RATE_PREFIX);
	if (!prefix || in->monitor & rate_bit(REASON_RATE_PREFIX)) {
		if (!(in->monitor & rate_bit(REASON_RATE_TOTAL)))
			total = spent_budget(in, in->knobs->total_rule[in->role & 1], REASON_RATE_TOTAL);
		if (!total)
			return 0;
		reason = REASON_RATE_TOTAL;
	}
	source->line = hash_line(hash, source_mask);
	if (prefix)
		prefix->dropped++;
	if (total)
		total->dropped++;
	scratch->spent = 1;
	backlog_note(&scratch->backlog, source, in->now_ns);
	return reason;
}

/*
 * The limit that refuses the flow, whoever sent it, or KNOWN for what is sent again; 0: admit() has to say.
 */
static __always_inline enum reason spent(const struct pkt *pkt, const struct admit_input *in,
					 struct scratch *scratch)
{
	struct source *source = &scratch->admission.source;
	__u64 hash;

	backlog_keep_up(&scratch->backlog, in->now_ns);
	if (scratch->refused_ns != in->now_ns)
		return 0;
	*source = source_of(pkt, in->role, source_length6, hash_key);
	hash = source_hash(source, hash_key);
	if (spent_spares(hash, in->now_ns))
		return track_resent(pkt, in->now_ns) ? REASON_KNOWN : 0;
	return spent_refuses(source, hash, in, scratch);
}

#endif
