// SPDX-License-Identifier: GPL-2.0-only
#include "reader.h"

static void print_prefixes(FILE *to, const struct prefix *prefix, size_t count)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < count; i++)
		fprintf(to, "%s%s", i ? ", " : "", prefix_print(&prefix[i], text, sizeof(text)));
}

static void print_interface(FILE *to, const struct interface *interface)
{
	char quoted[4 * sizeof(interface->name) + 3];

	fprintf(to, "interface %s {\n", lexer_bare(interface->name) ? interface->name :
		lexer_quote(interface->name, quoted));
	fprintf(to, "\trole %s\n", ROLE_WORDS[interface->role]);
	if (interface->driver != DRIVER_AUTO)
		fprintf(to, "\tdriver %s\n", DRIVER_WORDS[interface->driver]);
	if (interface->priority)
		fprintf(to, "\tpriority %u\n", interface->priority);
	if (interface->urpf_set)
		fprintf(to, "\turpf %s\n", URPF_WORDS[interface->urpf]);
	if (interface->source_count) {
		fprintf(to, "\tsources { ");
		print_prefixes(to, interface->sources, interface->source_count);
		fprintf(to, " }\n");
	}
	fprintf(to, "}\n");
}

static void print_entries(FILE *to, const char *block, const struct entries *entries, __u64 now_ns)
{
	bool any = false;

	for (size_t i = 0; i < entries->count; i++) {
		if (entries->at[i].until_ns <= now_ns)
			continue;
		if (!any)
			fprintf(to, "%s {\n", block);
		any = true;
		fputc('\t', to);
		entry_print(to, &entries->at[i], now_ns);
		fputc('\n', to);
	}
	fputs(any ? "}\n" : "", to);
}

static void print_check(FILE *to, enum check_word word, enum check action)
{
	if (action != CHECK_DEFAULT)
		fprintf(to, "\t%s %s\n", CHECK_WORDS[word], ACTION_WORDS[action - CHECK_DROP]);
}

static bool checks_are_default(const struct checks *check)
{
	return !check->malformed && !check->l4_checksum && !check->martians && !check->stray &&
	       !check->window && !check->blackhole && !check->blackhole_table && !check->urpf &&
	       !check->martian_except_count;
}

static void print_checks(FILE *to, const struct checks *check)
{
	if (checks_are_default(check))
		return;
	fprintf(to, "check {\n");
	print_check(to, CHECK_WORD_MALFORMED, check->malformed);
	print_check(to, CHECK_WORD_L4_CHECKSUM, check->l4_checksum);
	if (check->martian_except_count) {
		fprintf(to, "\tmartians%s%s except ", check->martians ? " " : "",
			check->martians ? ACTION_WORDS[check->martians - CHECK_DROP] : "");
		print_prefixes(to, check->martian_except, check->martian_except_count);
		fprintf(to, "\n");
	} else {
		print_check(to, CHECK_WORD_MARTIANS, check->martians);
	}
	print_check(to, CHECK_WORD_STRAY, check->stray);
	print_check(to, CHECK_WORD_WINDOW, check->window);
	if (check->blackhole_table)
		fprintf(to, "\tblackhole table %u%s%s\n", check->blackhole_table,
			check->blackhole ? " " : "",
			check->blackhole ? ACTION_WORDS[check->blackhole - CHECK_DROP] : "");
	else
		print_check(to, CHECK_WORD_BLACKHOLE, check->blackhole);
	if (check->urpf != URPF_OFF)
		fprintf(to, "\turpf %s%s%s\n", URPF_WORDS[check->urpf],
			check->urpf_action ? " " : "",
			check->urpf_action ? ACTION_WORDS[check->urpf_action - CHECK_DROP] : "");
	fprintf(to, "}\n");
}

static void print_reserve(FILE *to, const struct reserve *reserve)
{
	/* its words are those of a bypass */
	const struct bypass words = {
		.protocol = reserve->protocol, .ports = reserve->ports, .from = reserve->from,
	};

	bypass_print(to, &words);
}

static void print_pressure(FILE *to, const struct pressure_conf *pressure)
{
	if (!pressure->tight_percent && !pressure->full_percent && !pressure->reserve_percent)
		return;
	fprintf(to, "pressure {\n");
	if (pressure->tight_percent)
		fprintf(to, "\ttight above %u%%\n", pressure->tight_percent);
	if (pressure->full_percent)
		fprintf(to, "\tfull above %u%%\n", pressure->full_percent);
	for (size_t i = 0; i < pressure->reserve_count; i++) {
		if (i)
			fprintf(to, ", ");
		else
			fprintf(to, "\treserve %u%% for ", pressure->reserve_percent);
		print_reserve(to, &pressure->reserve[i]);
	}
	fprintf(to, "%s}\n", pressure->reserve_count ? "\n" : "");
}

static void print_challenge(FILE *to, const struct challenge_conf *challenge)
{
	char text[PREFIX_TEXT > RATE_TEXT ? PREFIX_TEXT : RATE_TEXT];

	if (challenge->way == CHALLENGE_OFF && !challenge->engage.count && !challenge->to_count)
		return;
	fprintf(to, "challenge {\n\tsyn %s\n", CHALLENGE_WORDS[challenge->way]);
	if (challenge->engage.count)
		fprintf(to, "\tengage above %s unproven\n",
			rate_print(&challenge->engage, text, sizeof(text)));
	for (size_t i = 0; i < challenge->to_count; i++) {
		fprintf(to, "\tengage to %s above ", prefix_print(&challenge->to[i].prefix, text, sizeof(text)));
		fprintf(to, "%s unproven\n", rate_print(&challenge->to[i].rate, text, sizeof(text)));
	}
	fprintf(to, "}\n");
}

static void print_sources(FILE *to, const struct capacity *said)
{
	char text[AMOUNT_TEXT];

	if (!said->sources && !said->length6)
		return;
	fprintf(to, "sources {\n");
	if (said->sources)
		fprintf(to, "\tcapacity %s\n", amount_print(said->sources, text, sizeof(text)));
	if (said->length6)
		fprintf(to, "\tipv6 %u\n", said->length6);
	fprintf(to, "}\n");
}

static void print_mode(FILE *to, const struct policy *policy, __u64 now_ns)
{
	char text[DURATION_TEXT];

	if (policy->mode == MODE_MONITOR || !policy->enforce_until_ns)
		fprintf(to, "mode %s\n", MODE_WORDS[policy->mode]);
	else if (policy->enforce_until_ns <= now_ns)
		fprintf(to, "mode %s\n", MODE_WORDS[MODE_MONITOR]);
	else
		fprintf(to, "mode enforce for %s\n",
			duration_print(policy->enforce_until_ns - now_ns, text, sizeof(text)));
}

static void print_bypasses(FILE *to, const struct policy *policy)
{
	if (!policy->bypass_count && !policy->bypass_mark)
		return;
	fprintf(to, "bypass {\n");
	if (policy->bypass_mark)
		fprintf(to, "\tmark 0x%x\n", policy->bypass_mark);
	for (size_t i = 0; i < policy->bypass_count; i++) {
		fputc('\t', to);
		bypass_print(to, &policy->bypass[i]);
		fputc('\n', to);
	}
	fprintf(to, "}\n");
}

void policy_print(FILE *to, const struct policy *policy, __u64 now_ns, bool with_block)
{
	print_mode(to, policy, now_ns);
	for (size_t i = 0; i < policy->interface_count; i++)
		print_interface(to, &policy->interface[i]);
	print_entries(to, "trusted", &policy->trust, now_ns);
	if (with_block)
		print_entries(to, "blocked", &policy->block, now_ns);
	print_checks(to, &policy->check);
	if (policy->limit_count)
		fprintf(to, "limit new-flows {\n");
	for (size_t i = 0; i < policy->limit_count; i++) {
		fputc('\t', to);
		limit_print(to, &policy->limit[i]);
		fprintf(to, "%s", i + 1 < policy->limit_count ? "\n" : "\n}\n");
	}
	print_pressure(to, &policy->pressure);
	print_challenge(to, &policy->challenge);
	print_sources(to, &policy->sources);
	print_bypasses(to, policy);
}
