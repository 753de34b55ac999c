// SPDX-License-Identifier: GPL-2.0-only
#include "busiest.h"

static __u64 tat_of(const struct source_hot *seen)
{
	return SEAT_TAT_NS(seen->word);
}

/* What a flow moves it on by. */
static __u64 cost_of(const struct busiest *busiest)
{
	return seat_cost_ns(busiest->pace.cost_ns);
}

bool busiest_idle(const struct source_hot *hot, __u64 now_ns)
{
	return tat_of(hot) + BUSIEST_IDLE_NS < now_ns;
}

/* How much it deserves to be looked at. */
static __u64 rank_of(const struct source_hot *seen)
{
	return seen->word & (SEAT_MORE | SEAT_TAT);
}

static struct busiest_seat *least_rank(struct busiest *busiest)
{
	struct busiest_seat *least = &busiest->seat[0];

	for (size_t i = 1; i < busiest->count; i++)
		if (rank_of(&busiest->seat[i].seen) < rank_of(&least->seen))
			least = &busiest->seat[i];
	return least;
}

void busiest_offer(struct busiest *busiest, const struct source_hot *hot, __u64 now_ns)
{
	const struct busiest_seat seat = {
		.hot = hot, .seen = *(const volatile struct source_hot *)hot,
	};
	struct busiest_seat *least;

	busiest->closed += gcra_closed(tat_of(&seat.seen), now_ns, &busiest->pace);
	if (busiest->count < BUSIEST_SEATS) {
		busiest->seat[busiest->count++] = seat;
		return;
	}
	least = least_rank(busiest);
	if (rank_of(&least->seen) < rank_of(&seat.seen))
		*least = seat;
}

/*
 * How many flows moved a budget's time from one value to the other. In between it may have stood
 * behind the clock: then the next flow began at the clock, and not all of the way is flows. Within a
 * tick the clock stands still, so that can only be at its edge: where it is less than one flow's
 * worth it is rounded away, else what may have come before the edge is left out.
 */
static __u64 flows_between(__u64 before_ns, __u64 after_ns, __u64 looked_ns, __u64 now_ns,
			   __u64 cost_ns)
{
	__u64 began_ns = now_ns - looked_ns <= cost_ns ? looked_ns : now_ns, flows = 0;

	if (after_ns <= before_ns)
		return 0;
	began_ns = most_of(before_ns, began_ns);
	if (after_ns > began_ns)
		flows = (after_ns - began_ns) / cost_ns;
	return flows ? flows : 1;
}

/* False: somebody else sits there. */
static bool seat_look(struct busiest_seat *seat, const struct source_hot *now, __u64 looked_ns,
		      __u64 now_ns, __u64 cost_ns)
{
	if (now->key != seat->seen.key || (now->word ^ seat->seen.word) & SEAT_WHO)
		return false;
	if (looked_ns)
		seat->flows += flows_between(tat_of(&seat->seen), tat_of(now), looked_ns, now_ns,
					     cost_ns);
	seat->seen = *now;
	return true;
}

void busiest_look(struct busiest *busiest, __u64 (*clock_ns)(void))
{
	struct source_hot now[BUSIEST_SEATS];
	size_t kept = 0;
	__u64 now_ns;

	for (size_t i = 0; i < busiest->count; i++)
		now[i] = *(const volatile struct source_hot *)busiest->seat[i].hot;
	/* behind the reading: no flow that was seen is of a later tick */
	now_ns = clock_ns();
	for (size_t i = 0; i < busiest->count; i++)
		if (seat_look(&busiest->seat[i], &now[i], busiest->looked_ns, now_ns,
			      cost_of(busiest)))
			busiest->seat[kept++] = busiest->seat[i];
	busiest->count = kept;
	busiest->looked_ns = now_ns;
}

const struct busiest_seat *busiest_pick(const struct busiest *busiest)
{
	const struct busiest_seat *best = NULL;
	__u64 most_ns = 0;

	for (size_t i = 0; i < busiest->count; i++) {
		const struct busiest_seat *seat = &busiest->seat[i];
		__u64 used_ns = seat->flows * cost_of(busiest) +
			gcra_ahead_ns(tat_of(&seat->seen), busiest->looked_ns, &busiest->pace);

		if (used_ns > most_ns) {
			most_ns = used_ns;
			best = seat;
		}
	}
	return best;
}

__u64 busiest_flows(const struct busiest *busiest)
{
	__u64 most = 0;

	for (size_t i = 0; i < busiest->count; i++)
		most = most_of(most, busiest->seat[i].flows);
	return most;
}

double pace_spent_percent(const struct pace *pace, __u64 tat_ns, __u64 now_ns)
{
	__u64 spent_ns = least_of(gcra_ahead_ns(tat_ns, now_ns, pace), pace->burst_ns);

	return pace->burst_ns ? spent_ns * 100.0 / pace->burst_ns : 0;
}
