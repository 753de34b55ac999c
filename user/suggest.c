// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "suggest.h"

static double busiest(const struct source_row *row)
{
	double most = row->busiest > row->average ? row->busiest : row->average;

	return most > row->mean ? most : row->mean;
}

bool suggest_add(struct suggest_side *side, const struct source_row *row)
{
	side->total += row->average;
	if (row->dropped) {
		side->limited++;
		return true;
	}
	if (row->total < 2 && !row->proven) {
		side->once++;
		return true;
	}
	if (side->count == side->room) {
		size_t room = side->room ? side->room * 2 : 1024;
		float *grown = reallocarray(side->rate, room, sizeof(*grown));

		if (!grown)
			return false;
		side->rate = grown;
		side->room = room;
	}
	side->rate[side->count++] = busiest(row);
	return true;
}

void suggest_free(struct suggest_side *side)
{
	free(side->rate);
	*side = (struct suggest_side){};
}

bool suggest_refused(const struct suggest_scene *scene, char *why, size_t size)
{
	char seen[DURATION_TEXT], wanted[DURATION_TEXT];

	if (scene->observed_ns < scene->wanted_ns) {
		snprintf(why, size, "it runs for %s only, and should for %s",
			 duration_print(scene->observed_ns, seen, sizeof(seen)),
			 duration_print(scene->wanted_ns, wanted, sizeof(wanted)));
		return true;
	}
	if (scene->dropped > 10 && scene->dropped * 20 > scene->passed) {
		snprintf(why, size, "this looks like an attack: just now %.0f packets/s are dropped or would be, and %.0f/s pass",
			 scene->dropped, scene->passed);
		return true;
	}
	if (scene->pressed || (scene->max && scene->count > scene->max / 10 * 8)) {
		snprintf(why, size, "this looks like an attack: conntrack holds %llu of %llu entries",
			 scene->count, scene->max);
		return true;
	}
	return false;
}

bool suggest_side_refused(const struct suggest_side *side, char *why, size_t size)
{
	size_t all = side->count + side->once + side->limited;

	if (side->limited > all / 10) {
		snprintf(why, size, "%zu of %zu sources lost flows to a limit", side->limited, all);
		return true;
	}
	if (side->count < SUGGEST_SOURCES) {
		snprintf(why, size, "%zu sources that came again are too few: at least %d",
			 side->count, SUGGEST_SOURCES);
		return true;
	}
	if (side->once > all / 10 * 9) {
		snprintf(why, size, "%zu of %zu sources came once and never again: a flood has passed",
			 side->once, all);
		return true;
	}
	return false;
}

bool suggest_side_doubted(const struct suggest_side *side, const struct suggest_scene *scene,
			  char *why, size_t size)
{
	double now = side->now > side->total ? side->now : side->total;
	bool brief = scene->observed_ns < SUGGEST_PEAK_NS, calm = now * 2 < side->mean;
	char seen[DURATION_TEXT], quiet[96] = "";

	if (calm)
		snprintf(quiet, sizeof(quiet), "%scalm just now: %.1f new flows/s, and %.1f on average",
			 brief ? "; " : "", now, side->mean);
	snprintf(why, size, "%s%s%s%s", brief ? "no daily peak seen: it runs for " : "",
		 brief ? duration_print(scene->observed_ns, seen, sizeof(seen)) : "",
		 brief ? " only" : "", quiet);
	return brief || calm;
}

__u64 suggest_round(double rate)
{
	static const unsigned int steps[] = { 1, 2, 5 };

	for (__u64 ten = 1; ten < 1000000000000000ULL; ten *= 10)
		for (int i = 0; i < 3; i++)
			if (ten * steps[i] >= rate)
				return ten * steps[i];
	return 1000000000000000ULL;
}

static int rate_compare(const void *a, const void *b)
{
	float left = *(const float *)a, right = *(const float *)b;

	return (left > right) - (left < right);
}

/* The rate that `share` of the sources do not exceed. */
static double quantile(const struct suggest_side *side, double share)
{
	size_t rank = share * side->count;

	return side->rate[rank < side->count ? rank : side->count - 1];
}

void suggest_of(struct suggest_side *side, enum role role, struct suggestion *suggestion)
{
	__u64 rate;

	qsort(side->rate, side->count, sizeof(*side->rate), rate_compare);
	*suggestion = (struct suggestion){
		.p50 = quantile(side, 0.5), .p99 = quantile(side, 0.99),
		.p999 = quantile(side, 0.999), .max = side->rate[side->count - 1],
	};
	rate = suggest_round(2 * suggestion->p999);
	suggestion->limit = (struct limit){
		.kind = LIMIT_SOURCE, .roles = 1 << role,
		.rate = { .count = rate, .per_ns = 1000000000 }, .burst = 2 * rate,
	};
	for (size_t i = side->count; i && side->rate[i - 1] > rate; i--)
		suggestion->above++;
	suggestion->above += side->limited;
}
