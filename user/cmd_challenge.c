// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include "apply.h"
#include "challenge.h"
#include "engage.h"
#include "pressure.h"
#include "value.h"

/* What engages challenges now, to everywhere before to some prefix; or NULL. */
static const char *engaged_by(const struct run *run, const struct engage engaged[ENGAGE_MAX],
			      const struct pressure_now *pressure, __u64 now_ns)
{
	if (run->challenge_way == CHALLENGE_OFF)
		return NULL;
	if (engaged[0].until_ns > now_ns)
		return "rate";
	if (pressure_fresh(pressure, now_ns) && pressure->level >= PRESSURE_TIGHT)
		return "pressure";
	for (int slot = 1; slot < ENGAGE_MAX; slot++)
		if (engaged[slot].until_ns > now_ns)
			return "destination";
	return NULL;
}

/* How long a slot has been engaged, in whole seconds; NULL: it is not. */
static const char *engaged_for(const struct run *run, const struct engage *engage, __u64 now_ns,
			       char text[static DURATION_TEXT])
{
	if (run->challenge_way == CHALLENGE_OFF || engage->until_ns <= now_ns)
		return NULL;
	return duration_print((now_ns - engage->since_ns) / 1000000000 * 1000000000, text,
			      DURATION_TEXT);
}

/* The rates of the policy, and what each of them does. */
static void rates_print(struct cli *cli, const struct run *run,
			const struct engage engaged[ENGAGE_MAX], __u64 now_ns)
{
	static const struct out_column columns[] = {
		{ "SYNs to", "to", OUT_TEXT }, { "engage above", "above", OUT_TEXT },
		{ "engaged for", "engaged_for", OUT_TEXT }, { "times", "times", OUT_NUMBER },
	};
	char where[PREFIX_TEXT], above[RATE_TEXT], since[DURATION_TEXT];

	out_table_begin(&cli->out, "rates", columns, 4);
	for (int slot = 0; slot < ENGAGE_MAX; slot++) {
		const struct engage *engage = &engaged[slot];
		const struct rate rate = { engage->count, engage->per_ns };

		if (!engage_used(engage))
			continue;
		out_text(&cli->out, engage_where(engage, where, sizeof(where)));
		out_text(&cli->out, rate_print(&rate, above, sizeof(above)));
		out_text(&cli->out, engaged_for(run, engage, now_ns, since));
		out_number(&cli->out, engage->times);
	}
	out_table_end(&cli->out, NULL);
}

/* Packets of a reason that were dropped, and that would have been. */
static int packets_of(const struct store *store, enum reason reason, __u64 packets[2],
		      struct fail *fail)
{
	struct counter *counters;

	if (store_counters_read(store, &counters, fail))
		return -fail->status;
	packets[0] = packets[1] = 0;
	for (int slot = 0; slot < DEV_MAX; slot++)
		for (int would = 0; would < 2; would++)
			packets[would] += counters[COUNTER_INDEX(slot, would, reason)].packets;
	free(counters);
	return 0;
}

int challenge_print(struct cli *cli, const struct store *store, __u64 now_ns)
{
	static const char *const ways[] = { "off", "retransmit", "cookie" };
	struct pressure_now pressure;
	char since[DURATION_TEXT];
	struct challenge_use use;
	struct engage engaged[ENGAGE_MAX];
	__u64 challenged[2] = {};
	const char *by;
	struct run run;

	if (store_run_read(store, &run, &cli->fail) ||
	    store_engaged_read(store, engaged, &cli->fail) ||
	    store_challenge_use_read(store, &use, &cli->fail) ||
	    store_pressure_read(store, &pressure, &cli->fail) ||
	    packets_of(store, REASON_CHALLENGED, challenged, &cli->fail))
		return -cli->fail.status;
	by = engaged_by(&run, engaged, &pressure, now_ns);
	out_object_begin(&cli->out, "challenge", "challenge");
	out_field_text(&cli->out, "way", "way", ways[run.challenge_way % 3]);
	out_field_bool(&cli->out, "engaged", "engaged", by);
	out_field_text(&cli->out, "engaged by", "engaged_by", by);
	out_field_text(&cli->out, "for", "engaged_for", engaged_for(&run, &engaged[0], now_ns, since));
	out_field_number(&cli->out, "engaged by rate, times", "times", engaged[0].times);
	out_field_number(&cli->out, "challenged", "challenged", challenged[0]);
	out_field_number(&cli->out, "would have been", "would_challenge", challenged[1]);
	out_field_number(&cli->out, "proved by retransmission", "retransmitted", use.retransmitted);
	out_field_number(&cli->out, "cookies sent", "cookies", use.sent);
	out_field_number(&cli->out, "proved by cookie", "answered", use.answered);
	rates_print(cli, &run, engaged, now_ns);
	out_object_end(&cli->out);
	return 0;
}

int cmd_challenge(struct cli *cli)
{
	struct store store;
	int result;

	if (cli_end(cli) || store_open(cli->instance, STORE_STATS, &store, &cli->fail))
		return -cli->fail.status;
	out_object_begin(&cli->out, NULL, NULL);
	result = challenge_print(cli, &store, apply_now_ns());
	out_object_end(&cli->out);
	store_close(&store);
	return result;
}
