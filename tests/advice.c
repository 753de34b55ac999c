// SPDX-License-Identifier: GPL-2.0-only
/* What status says is wrong: each of it is said, the most urgent first, and nothing in peace. */
#include "advice.h"
#include "capacity.h"
#include "test.h"

static struct run run;
static struct dev devs[DEV_MAX];
static const char *state[DEV_MAX];
static struct advice text[ADVICE_MAX];

/* one native device, enforcing for ever, a table that is half full */
static struct situation peace(void)
{
	run = (struct run){
		.mode = MODE_ENFORCE, .features = FEATURE_CT_XDP, .sources = CAPACITY_DEFAULT,
	};
	memset(devs, 0, sizeof(devs));
	memset(state, 0, sizeof(state));
	devs[3] = (struct dev){ .ifindex = 7, .driver = DRIVER_NATIVE, .name = "wan0" };
	state[3] = "attached";
	return (struct situation){
		.instance = "default", .run = &run, .devs = devs, .state = state,
		.conntrack = true, .count = 500, .max = 1000, .now_ns = 100000000000ULL,
	};
}

static void says(const struct situation *situation, int which, const char *words)
{
	int count = advise(situation, text);

	CHECK_SAID(count > which, "only %d lines", count);
	CHECK_SAID(strstr(text[which].text, words), "\"%s\" is not in \"%s\"", words, text[which].text);
}

TEST(peace_needs_no_advice)
{
	struct situation is = peace();

	CHECK_EQ(advise(&is, text), 0);
}

TEST(limits_that_hit_flows_that_work)
{
	struct situation is = peace();

	is.audit = (struct audit_alarm){ .asked = 90, .established = 3, .reason = "rate-source" };
	says(&is, 0, "3 of 90 drops that were looked up belonged to established flows");
	says(&is, 0, "rate-source");
}

TEST(tables_that_are_not_as_the_policy_wants)
{
	struct situation is = peace();

	run.wanted_sources = 4000000;
	says(&is, 0, "1048576 sources, not 4194304");
	says(&is, 0, "weir off");
}

/* spoofed packets with the addresses of a flow are dropped as such, and rightly */
TEST(an_audit_of_what_is_malformed_is_no_alarm)
{
	struct audit audits[AUDIT_MAX] = {
		[AUDIT_INDEX(0, REASON_WINDOW)] = { 9, 9 },
		[AUDIT_INDEX(1, REASON_TCP_FLAGS)] = { 9, 9 },
		[AUDIT_INDEX(1, REASON_RATE_TOTAL)] = { 9, 0 },
	};
	struct audit_alarm alarm = audit_alarm(audits);

	CHECK(!alarm.established && !alarm.reason);
	CHECK_EQ(alarm.asked, 9);
	audits[AUDIT_INDEX(0, REASON_BLOCKED)] = (struct audit){ 5, 1 };
	audits[AUDIT_INDEX(1, REASON_RATE_TOTAL)].established = 2;
	alarm = audit_alarm(audits);
	CHECK_EQ(alarm.established, 3);
	CHECK_STR(alarm.reason, "rate-total");
}

TEST(a_device_that_is_gone_comes_first)
{
	struct situation is = peace();

	state[3] = "gone";
	is.count = 999;
	says(&is, 0, "weir link attach dev wan0");
	says(&is, 1, "conntrack is 99 % full");
}

TEST(devices_of_the_policy_without_a_program)
{
	const struct lack lack[ADVICE_LACKS + 2] = {
		{ .name = "wan9" }, { .name = "lan7", .there = true }, { .name = "a" }, { .name = "b" },
	};
	struct situation is = peace();

	is.lack = lack;
	is.lacks = 2;
	says(&is, 0, "wan9 is in the policy, but there is no such device: once it is there, weir link attach dev wan9");
	says(&is, 1, "lan7 is in the policy, but not attached: weir link attach dev lan7");
	is.watched = true;
	is.instance = "blue";
	says(&is, 0, "the daemon attaches it when it comes");
	says(&is, 1, "weir -I blue link attach dev lan7");
	CHECK_EQ(advise(&is, text), 2);
	is.lacks = ADVICE_LACKS + 2;
	says(&is, ADVICE_LACKS, "2 more devices");
	CHECK_EQ(advise(&is, text), ADVICE_LACKS + 1);
}

TEST(a_device_that_is_not_attached_is_not_no_device_at_all)
{
	const struct lack lack = { .name = "wan0", .there = true };
	struct situation is = peace();

	devs[3].ifindex = 0;
	is.lack = &lack;
	is.lacks = 1;
	says(&is, 0, "wan0 is in the policy, but not attached");
	CHECK_EQ(advise(&is, text), 1);
}

TEST(no_device)
{
	struct situation is = peace();

	devs[3].ifindex = 0;
	says(&is, 0, "attached to no device");
	CHECK_EQ(advise(&is, text), 1);
}

TEST(readers_who_may_not_look_are_not_alarmed)
{
	struct situation is = peace();

	state[3] = "?";
	CHECK_EQ(advise(&is, text), 0);
}

TEST(a_full_table_is_said_from_ninety_percent_on)
{
	struct situation is = peace();

	is.count = 899;
	CHECK_EQ(advise(&is, text), 0);
	is.count = 900;
	says(&is, 0, "weir source top");
	run.mode = MODE_MONITOR;
	says(&is, 0, "weir mode enforce for 10m");
	is.max = 0;
	CHECK_EQ(advise(&is, text), 1);
}

TEST(look_ups_that_the_driver_needs)
{
	struct situation is = peace();

	run.features = FEATURE_CT_SKB;
	says(&is, 0, "modprobe nf_conntrack");
	devs[3].driver = DRIVER_TC;
	CHECK_EQ(advise(&is, text), 0);
	run.features = FEATURE_CT_XDP;
	says(&is, 0, "modprobe nf_conntrack");
}

TEST(what_is_decided_without_a_look_up)
{
	static const __u32 lacking[] = { 0, FEATURE_CT_SKB, FEATURE_CT_XDP };
	static const char *const remedy[] = { "modprobe nf_conntrack", "use driver tc", "use another driver" };

	for (int i = 0; i < 3; i++) {
		const char *said = advise_features(lacking[i] | FEATURE_TCX);

		CHECK(said);
		if (!said)
			return;
		CHECK(strstr(said, "passes as unjudged") && strstr(said, "charged as a new flow"));
		CHECK_SAID(strstr(said, remedy[i]), "%s", said);
	}
	CHECK(!advise_features(FEATURE_CT_XDP | FEATURE_CT_SKB));
}

TEST(enforcing_that_ends)
{
	struct situation is = peace();

	run.enforce_until_ns = is.now_ns + 60000000000ULL;
	says(&is, 0, "in 1m: weir confirm");
	run.enforce_until_ns = is.now_ns;
	says(&is, 0, "weir mode enforce");
	run.mode = MODE_MONITOR;
	says(&is, 0, "monitor mode, and nothing");
}

TEST(grace_is_said_while_it_lasts)
{
	struct situation is = peace();

	run.grace_until_ns = is.now_ns + 90000000000ULL;
	says(&is, 0, "strays pass for another 1m30s; to end it now: weir grace 0");
	run.grace_until_ns = is.now_ns;
	CHECK_EQ(advise(&is, text), 0);
}

TEST(monitor_mode)
{
	struct situation is = peace();

	run.mode = MODE_MONITOR;
	is.would = 5;
	is.instance = "blue";
	says(&is, 0, "weir -I blue stats show by reason");
}

TEST(pressure_that_nobody_watches)
{
	struct situation is = peace();

	run.full_percent = 90;
	says(&is, 0, "weir daemon");
	is.watched = true;
	CHECK_EQ(advise(&is, text), 0);
}

TEST(the_default_for_source_ports_that_was_met)
{
	struct situation is = peace();

	is.guard = (struct rate){ 352, 1000000000 };
	CHECK_EQ(advise(&is, text), 0);
	is.guarded = 7;
	is.instance = "blue";
	says(&is, 0, "so far 7 packets from inside were beyond 352/second to one destination");
	says(&is, 0, "weir -I blue limit add prefix ADDRESS per destination RATE");
	CHECK(strlen(text[0].text) < ADVICE_TEXT - 20);
	/* a limit of the policy stopped them */
	is.guard.count = 0;
	CHECK_EQ(advise(&is, text), 0);
}

TEST(packets_that_fail_open)
{
	struct situation is = peace();

	is.fail_open = 3;
	says(&is, 0, "3 packets passed since");
}

/* What health says of a situation: a status, and the line that it is for. */
static void ails(const struct situation *is, enum exit_status status, const char *words)
{
	const struct advice *worst = advise_worst(text, advise(is, text));

	CHECK_EQ(worst ? worst->status : EXIT_DONE, status);
	CHECK_SAID(!worst ? !words : words && strstr(worst->text, words), "%s", worst ? worst->text : "nothing");
}

TEST(health_is_the_most_urgent_of_what_is_wrong)
{
	const struct lack lack = { .name = "wan1", .there = true };
	struct situation is = peace();

	ails(&is, EXIT_DONE, NULL);
	run.grace_until_ns = run.enforce_until_ns = is.now_ns + 60000000000ULL;
	ails(&is, EXIT_DONE, NULL);
	run.mode = MODE_MONITOR;
	ails(&is, EXIT_USAGE, "monitor mode");
	run.mode = MODE_ENFORCE;
	run.enforce_until_ns = is.now_ns - 1;
	ails(&is, EXIT_USAGE, "enforcing has ended by itself");
	is.count = 990;
	ails(&is, EXIT_REFUSED, "conntrack is 99 % full");
	is.lack = &lack;
	is.lacks = 1;
	ails(&is, EXIT_ABSENT, "wan1 is in the policy, but not attached");
	state[3] = "gone";
	ails(&is, EXIT_ABSENT, "wan0 is gone");
}

TEST(health_of_each_ill)
{
	struct situation is = peace();

	run.features = 0;
	ails(&is, EXIT_REFUSED, "flows can't be looked up");
	is = peace();
	is.fail_open = 1;
	ails(&is, EXIT_REFUSED, "fail-open");
	is = peace();
	run.full_percent = 90;
	ails(&is, EXIT_ABSENT, "weir daemon");
	is = peace();
	is.audit = (struct audit_alarm){ .asked = 90, .established = 3, .reason = "rate-source" };
	ails(&is, EXIT_USAGE, "3 of 90 drops");
	is = peace();
	is.elsewhere = true;
	ails(&is, EXIT_USAGE, "another network namespace");
	is = peace();
	run.wanted_sources = 4000000;
	ails(&is, EXIT_USAGE, "made with other sources");
}

TEST(more_than_fits_is_cut)
{
	struct situation is = peace();

	for (int slot = 0; slot < DEV_MAX; slot++) {
		devs[slot] = devs[3];
		state[slot] = "gone";
	}
	CHECK_EQ(advise(&is, text), ADVICE_MAX);
}

int main(void)
{
	return test_main();
}
