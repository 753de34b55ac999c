// SPDX-License-Identifier: GPL-2.0-only
/* Shared budgets hold their rate under a coarse clock, and CPUs that race lose a bounded number. */
#include "test.h"
#include <pthread.h>
#include "admission.h"

/* How many of `offered` flows a second a budget admits in 10 s, all CPUs taking turns. */
static __u64 admitted_in_10s(__u64 rate, __u64 burst, __u64 tick_ns, int cpus)
{
	__u64 offered = rate * 4 + 100, step_ns = SECOND / offered, admitted = 0;
	struct pace pace;

	start(rate + tick_ns + cpus);
	set_rule(1, rate, burst);
	pace = pace_of(&rules[1]);
	for (__u64 at = 0; at < 10 * SECOND; at += step_ns) {
		struct budget_use *use = &budget_uses[draw() % cpus][1];

		if (!budget_open(&budgets[1], use, &pace, START + at - at % tick_ns))
			continue;
		budget_spend(use);
		admitted++;
	}
	return admitted;
}

TEST(rate_is_exact_under_a_coarse_clock)
{
	static const __u64 rate[] = { 1, 3, 10, 200, 1000, 7777, 20000, 50000, 100000 };
	static const __u64 tick_ms[] = { 1, 4, 10 };

	for (size_t i = 0; i < sizeof(rate) / sizeof(*rate); i++)
		for (size_t t = 0; t < 3; t++)
			for (int cpus = 1; cpus <= CPUS; cpus *= 2) {
				__u64 tick = tick_ms[t] * 1000000, cost = SECOND / rate[i];
				__u64 got = admitted_in_10s(rate[i], 1, tick, cpus);
				__u64 burst = 1 + TICK_NS / cost;
				__u64 most = 10 * rate[i] + burst + 2 * cpus * budget_batch(cost);

				CHECK_SAID(got * 100 >= 10 * rate[i] * 95 && got <= most,
					   "%llu/s tick %llu ms: %llu in 10 s, at most %llu",
					   rate[i], tick_ms[t], got, most);
			}
}

TEST(burst_is_spent_once)
{
	struct pace pace;
	int admitted = 0;

	start(1);
	set_rule(1, 10, 400);
	pace = pace_of(&rules[1]);
	for (int i = 0; i < 1000; i++)
		if (budget_open(&budgets[1], &budget_uses[0][1], &pace, START)) {
			budget_spend(&budget_uses[0][1]);
			admitted++;
		}
	CHECK_EQ(admitted, 400);
	CHECK(!budget_open(&budgets[1], &budget_uses[0][1], &pace, START + SECOND / 10 - 1));
	CHECK(budget_open(&budgets[1], &budget_uses[0][1], &pace, START + SECOND / 10));
}

/* A CPU that knows that the budget is closed does not look at what is shared. */
TEST(drop_leaves_the_shared_word_alone)
{
	struct budget poison = { .tat_ns = 0 };
	struct pace pace;

	start(2);
	set_rule(1, 10, 1);
	pace = pace_of(&rules[1]);
	while (budget_open(&budgets[1], &budget_uses[0][1], &pace, START))
		budget_spend(&budget_uses[0][1]);
	CHECK(!budget_open(&poison, &budget_uses[0][1], &pace, START));
	CHECK_EQ(poison.tat_ns, 0);
}

TEST(slower_rule_leaves_no_debt_to_a_faster_one)
{
	struct pace slow, fast;

	start(3);
	set_rule(1, 1, 10000);
	slow = pace_of(&rules[1]);
	while (budget_open(&budgets[1], &budget_uses[0][1], &slow, START))
		budget_spend(&budget_uses[0][1]);
	set_rule(1, 1000, 1000);
	fast = pace_of(&rules[1]);
	CHECK(!budget_open(&budgets[1], &budget_uses[0][1], &fast, START + SECOND));
	CHECK(budget_open(&budgets[1], &budget_uses[0][1], &fast, START + 3 * SECOND));
}

/* Against counts by window: CPUs in turn, traffic that comes and goes. */
TEST(busiest_window_is_told)
{
	static const __u64 rate[] = { 2, 300, 20000 };

	for (size_t i = 0; i < sizeof(rate) / sizeof(*rate); i++) {
		__u64 most = 0, count = 0, window = 0, at = START;
		struct pace pace;

		start(5 + i);
		set_rule(1, rate[i], 3 * rate[i]);
		pace = pace_of(&rules[1]);
		for (int flow = 0; flow < 400000; flow++) {
			struct budget_use *use = &budget_uses[draw() % CPUS][1];

			at += flow % 50000 ? draw() % (2 * SECOND / rate[i]) : 20 * SECOND;
			if (at >> SOURCE_WINDOW_SHIFT != window)
				count = 0;
			window = at >> SOURCE_WINDOW_SHIFT;
			if (!budget_open(&budgets[1], use, &pace, at))
				continue;
			budget_spend(use);
			if (++count > most)
				most = count;
		}
		count = CPUS * budget_batch(pace.cost_ns);
		CHECK_SAID(budgets[1].peak + count >= most && budgets[1].peak <= most + count,
			   "%llu/s: %llu, not %llu", rate[i], budgets[1].peak, most);
		CHECK(most > rate[i]);
	}
}

#define RACE_FLOWS	4000000

static __u64 race_clock;

static void *race(void *argument)
{
	struct budget_use *use = &budget_uses[(long)argument][1];
	struct pace pace = pace_of(&rules[1]);
	__u64 admitted = 0;

	for (int i = 0; i < RACE_FLOWS; i++) {
		/* all threads push one clock on: 250 ns a flow, in ticks of 1 ms */
		__u64 at = __sync_fetch_and_add(&race_clock, 250);

		if (!budget_open(&budgets[1], use, &pace, START + at - at % 1000000))
			continue;
		budget_spend(use);
		admitted++;
	}
	return (void *)admitted;
}

TEST(cpus_that_race_stay_within_the_bound)
{
	static const __u64 rate[] = { 100, 5000, 100000 };

	for (size_t i = 0; i < sizeof(rate) / sizeof(*rate); i++) {
		__u64 cost = SECOND / rate[i], all = 0, wanted, slack;
		pthread_t thread[CPUS];

		start(4);
		set_rule(1, rate[i], 1);
		race_clock = 0;
		for (long cpu = 0; cpu < CPUS; cpu++)
			pthread_create(&thread[cpu], NULL, race, (void *)cpu);
		for (long cpu = 0; cpu < CPUS; cpu++) {
			void *admitted;

			pthread_join(thread[cpu], &admitted);
			all += (__u64)admitted;
		}
		wanted = race_clock / cost;
		slack = 1 + TICK_NS / cost + 2 * CPUS * budget_batch(cost);
		CHECK_SAID(all <= wanted + slack && all + slack >= wanted * 95 / 100,
			   "%llu/s: %llu admitted, %llu wanted, slack %llu", rate[i], all, wanted,
			   slack);
		/* and none is lost where one window ends and the next begins */
		wanted = (1ULL << SOURCE_WINDOW_SHIFT) / cost;
		CHECK_SAID(budgets[1].peak + slack >= wanted * 95 / 100 && budgets[1].peak <= wanted + 2 * slack,
			   "%llu/s: %llu in the busiest window, %llu wanted, slack %llu", rate[i],
			   budgets[1].peak, wanted, slack);
	}
}

int main(void)
{
	return test_main();
}
