// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>
#include "bpf/hash.h"
#include "source.h"

#define WINDOW_NS	(1ULL << SOURCE_WINDOW_SHIFT)
#define RATE_MASK	((1ULL << SOURCE_RATE_BITS) - 1)

/* The counterpart of source_of() in bpf/source.h. */
static void read_prefix(const struct source_hot *hot, const struct source_more *more,
			const struct source_keys *keys, struct prefix *prefix)
{
	bool longer = keys->length6 > 64, told = hot->word & SEAT_MORE;
	__be32 address = hot->key;	/* IPv4: as it stands in the header */
	__u64 half[2];

	*prefix = (struct prefix){ .family = 4, .length = 32 };
	if (!(hot->word & SEAT_SIX)) {
		memcpy(prefix->addr, &address, sizeof(address));
		return;
	}
	*prefix = (struct prefix){};
	if (longer && !told)
		return;
	half[0] = htobe64(longer ? hot->key ^ hash_word(more->low, keys->secret.key) : hot->key);
	half[1] = htobe64(longer ? more->low : 0);
	memcpy(prefix->addr, half, sizeof(half));
	prefix->family = 6;
	prefix->length = keys->length6;
}

/* The window before counts as far as it reaches into the last second. */
static void read_rates(const struct source_more *more, __u64 now_ns, struct source_row *row)
{
	__u32 window_shift = SOURCE_WINDOW_SHIFT - SOURCE_STEP_SHIFT;
	__u32 step = now_ns >> SOURCE_STEP_SHIFT;
	__u32 windows = (step >> window_shift) - (more->last_step >> window_shift);
	double passed = (double)(now_ns & (WINDOW_NS - 1)) / WINDOW_NS;
	double seconds = WINDOW_NS / 1e9;
	double now = more->rates & RATE_MASK;
	double before = more->rates >> SOURCE_RATE_BITS & RATE_MASK;

	row->idle_ns = (__u64)(__u32)(step - more->last_step) << SOURCE_STEP_SHIFT;
	row->busiest = (now > before ? now : before) / seconds;
	row->average = (more->rates >> (2 * SOURCE_RATE_BITS)) / seconds / (1 << SOURCE_AVERAGE_SHIFT);
	if (windows == 0)
		row->rate = (now + before * (1 - passed)) / seconds;
	else if (windows == 1)
		row->rate = now * (1 - passed) / seconds;
	else
		row->rate = 0;
	for (; windows > 1 && row->average > 0.01; windows--)
		row->average -= row->average / 64;
}

/* From the begin of the window it was first seen in to the end of the last one, which is at least one
 * window; never more than there was. */
static void read_life(const struct source_more *more, __u64 now_ns, struct source_row *row)
{
	__u64 last = (now_ns > row->idle_ns ? now_ns - row->idle_ns : 0) >> SOURCE_WINDOW_SHIFT;
	__u64 windows = last > more->first_window ? last - more->first_window + 1 : 1;
	__u64 first_ns = (__u64)more->first_window << SOURCE_WINDOW_SHIFT;

	row->mean = more->total / (windows * (WINDOW_NS / 1e9));
	row->known_ns = first_ns < now_ns ? now_ns - first_ns : 0;
	if (row->known_ns < row->idle_ns)
		row->known_ns = row->idle_ns;
}

bool source_read(const struct source_hot *hot, const struct source_more *more, __u64 now_ns,
		 const struct source_keys *keys, struct source_row *row)
{
	__u64 seen_ns = SEAT_TAT_NS(hot->word);

	if (!hot->word)
		return false;
	*row = (struct source_row){
		.role = hot->word & SEAT_INSIDE ? ROLE_INSIDE : ROLE_OUTSIDE,
		.proven = hot->word & SEAT_PROVEN,
	};
	read_prefix(hot, more, keys, &row->prefix);
	if (hot->word & SEAT_MORE) {
		read_rates(more, now_ns, row);
		read_life(more, now_ns, row);
		row->total = more->total;
		row->dropped = more->dropped;
		return true;
	}
	row->total = row->busiest = 1;
	row->dropped = !!(hot->word & SEAT_DROPPED);
	row->idle_ns = seen_ns < now_ns ? now_ns - seen_ns : 0;
	row->known_ns = row->idle_ns;
	row->rate = row->idle_ns < WINDOW_NS ? 1 : 0;
	return true;
}
