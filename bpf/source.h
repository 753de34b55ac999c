/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accounting by source: who opens flows, how fast, and how many of them were refused.
 *
 * A source is an IPv4 address or an IPv6 prefix of source_length6 bits (48-128). Its key is the
 * address itself: IPv4 as it stands in the header; IPv6 the upper half in host order, with the
 * lower half, where the length asks for it, scattered over it (user space undoes that with
 * source_more.low). Families and roles are told apart by the marks of the seat, never by the key.
 *
 * The first flow of a source touches its line of seats only; from the second flow on its numbers
 * are kept in source_more. A flood of random sources thus costs one cache line a packet.
 */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include <bpf/bpf_endian.h>
#include "hash.h"
#include "pkt.h"
#include "seat.h"

struct source {
	__u64		key;
	__u64		low;
	__u64		who;	/* SEAT_WHO marks */
	__u32		line;
	struct seat	seat;
};

/* Sources whose flows were refused before anybody looked at them: accounted many at a time. */
#define BACKLOG_SIZE	32

struct sighting {
	struct source	source;	/* its seat was not looked for */
	__u64		now_ns;
};

struct backlog {
	struct sighting	of[BACKLOG_SIZE];
	__u32		count;
};

static __always_inline __u64 who_is(__u8 family, __u8 role)
{
	return (family == 6 ? SEAT_SIX : 0) | (role == ROLE_INSIDE ? SEAT_INSIDE : 0);
}

static __always_inline __u64 address_half(__be32 first, __be32 second)
{
	return (__u64)bpf_ntohl(first) << 32 | bpf_ntohl(second);
}

static __always_inline struct source source_of(const struct pkt *pkt, __u8 role, __u8 length6,
					       const volatile __u64 key[4])
{
	struct source source = { .key = pkt->saddr[0], .who = who_is(pkt->family, role) };

	if (pkt->family == 6) {
		source.key = address_half(pkt->saddr[0], pkt->saddr[1]);
		if (length6 < 64)
			source.key &= ~0ULL << ((64 - length6) & 63);
		if (length6 > 64) {
			source.low = address_half(pkt->saddr[2], pkt->saddr[3]) &
				     ~0ULL << ((128 - length6) & 63);
			source.key ^= hash_word(source.low, key);
		}
	}
	return source;
}

static __always_inline __u64 source_hash(const struct source *source, const volatile __u64 key[4])
{
	return hash_word(source->key ^ source->who, key);
}

#define RATE_MAX	((1ULL << SOURCE_RATE_BITS) - 1)

/* The rates one flow later. windows: how many have passed since the flow before. */
static __always_inline __u64 rates_next(__u64 rates, __u32 windows)
{
	__u64 now = rates & RATE_MAX, before = rates >> SOURCE_RATE_BITS & RATE_MAX;
	__u64 average = rates >> (2 * SOURCE_RATE_BITS);

	if (windows) {
		/* one window of `now` flows, then windows - 1 of none: a 64th of the way each */
		average += ((now << SOURCE_AVERAGE_SHIFT) + 32) / 64;
		average -= (average * (windows < 64 ? windows : 64) + 32) / 64;
		before = windows == 1 ? now : 0;
		now = 0;
	}
	now += now < RATE_MAX;
	return average << (2 * SOURCE_RATE_BITS) | before << SOURCE_RATE_BITS | now;
}

#define STEPS_BACK	(1U << 22)	/* 73 minutes: whatever is later is earlier, long ago */

/*
 * Counts a flow of a source that was seen before. Time does not go back: another CPU may have counted later
 * flows by now (backlog.h).
 */
static __always_inline void source_count(const struct source *source, struct source_more *more,
					 __u64 now_ns, bool dropped)
{
	__u32 step = now_ns >> SOURCE_STEP_SHIFT, back;
	__u32 window_shift = SOURCE_WINDOW_SHIFT - SOURCE_STEP_SHIFT;

	if (!(source->seat.word & SEAT_MORE)) {
		__u64 first_ns = SEAT_TAT_NS(source->seat.word);

		*more = (struct source_more){
			.low = source->low,
			.total = 1,
			.dropped = bit_any(source->seat.word & SEAT_DROPPED),
			.first_window = (first_ns < now_ns ? first_ns : now_ns) >> SOURCE_WINDOW_SHIFT,
			.last_step = step,
			.rates = 1,
		};
	}
	back = more->last_step - step;
	step += only_if(bit_less(back, STEPS_BACK), back);
	more->rates = rates_next(more->rates,
				 (step >> window_shift) - (more->last_step >> window_shift));
	more->last_step = step;
	more->total += more->total != ~0U;
	more->dropped += dropped && more->dropped != ~0U;
}

#endif
