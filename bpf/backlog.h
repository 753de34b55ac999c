/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accounting of sources, at once or in batches.
 *
 * The line of a random source is in no cache, and a CPU that waits for it waits longer than for all
 * else in the judgement. Where its verdict does not hang on the source (spent.h) the source is only noted,
 * with the time, and BACKLOG_SIZE of them are accounted one behind the other: by then their lines have
 * been asked for together, and a CPU waits for many of them as long as for one.
 *
 * The includer provides the maps, as for admit.h: source_line(), source_more_of().
 */
#ifndef WEIR_BACKLOG_H
#define WEIR_BACKLOG_H

#include <stdbool.h>
#include "source.h"

/* A flow of the source, whose seat was found, was admitted or refused. dropped: 1 or 0. */
static __always_inline void source_account(const struct source *source, __u64 now_ns,
					   const struct pace *pace, __u64 cost_ns, __u64 dropped)
{
	struct source_line *line = source_line(source->line);
	struct source_more *more;

	if (!line)
		return;
	seat_take(line, &source->seat, source->key,
		  source->who | dropped << __builtin_ctzll(SEAT_DROPPED), now_ns, pace, cost_ns);
	if (source->seat.none || !source->seat.word)
		return;
	more = source_more_of(source->line * SOURCE_WAYS + source->seat.way);
	if (more)
		source_count(source, more, now_ns, dropped);
}

/*
 * A refused flow of a source of which nothing was charged. What it is ahead stays: its rule is not asked.
 * Not inlined and not static, as the next: the verifier takes it once. Returns 0.
 */
__attribute__((noinline)) int backlog_account(struct sighting *sighting)
{
	const struct pace endless = { .burst_ns = 1ULL << 60 };
	struct source_line *line;
	struct source *source;

	if (!sighting)
		return 0;
	source = &sighting->source;
	line = source_line(source->line);
	if (!line)
		return 0;
	if (seat_take_first(line, source->key, source->who | SEAT_DROPPED, sighting->now_ns))
		return 0;
	source->seat = seat_find(line, source->key, source->who, sighting->now_ns);
	source_account(source, sighting->now_ns, &endless, 0, 1);
	return 0;
}

/* Accounts what was noted. Returns 0. */
__attribute__((noinline)) int backlog_settle(struct backlog *backlog)
{
	__u32 touched = 0, count;

	if (!backlog)
		return 0;
	count = backlog->count;
	for (__u32 i = 0; i < BACKLOG_SIZE && i < count; i++) {
		struct source_line *line = source_line(backlog->of[i].source.line);

		if (line)
			touched += *(volatile __u8 *)&line->way[0].word;
	}
	asm volatile("" : : "r"(touched) : "memory");
	for (__u32 i = 0; i < BACKLOG_SIZE && i < count; i++)
		backlog_account(&backlog->of[i]);
	backlog->count = 0;
	return 0;
}

/* Notes a refused flow. source: its seat is not asked for. */
static __always_inline void backlog_note(struct backlog *backlog, const struct source *source,
					 __u64 now_ns)
{
	struct sighting *sighting = &backlog->of[backlog->count & (BACKLOG_SIZE - 1)];

	sighting->source.key = source->key;
	sighting->source.low = source->low;
	sighting->source.who = source->who;
	sighting->source.line = source->line;
	sighting->now_ns = now_ns;
	if (++backlog->count >= BACKLOG_SIZE)
		backlog_settle(backlog);
}

/* Settles what is of another tick. Until somebody calls this, what was noted waits. */
static __always_inline void backlog_keep_up(struct backlog *backlog, __u64 now_ns)
{
	if (backlog->count && backlog->of[0].now_ns != now_ns)
		backlog_settle(backlog);
}

#endif
