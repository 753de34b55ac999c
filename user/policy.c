// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "policy_include.h"

const char *const MODE_WORDS[] = { "monitor", "enforce", NULL };

enum statement {
	STATEMENT_MODE, STATEMENT_INTERFACE, STATEMENT_TRUSTED, STATEMENT_BLOCKED,
	STATEMENT_CHECK, STATEMENT_LIMIT, STATEMENT_PRESSURE, STATEMENT_CHALLENGE,
	STATEMENT_SOURCES, STATEMENT_BYPASS, STATEMENT_DEFINE, STATEMENT_INCLUDE,
};
static const char *const statement_words[] = {
	"mode", "interface", "trusted", "blocked", "check", "limit", "pressure", "challenge",
	"sources", "bypass", "define", "include", NULL,
};

void policy_init(struct policy *policy)
{
	*policy = (struct policy){ .mode = MODE_MONITOR };
}

void policy_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->interface_count; i++)
		free(policy->interface[i].sources);
	free(policy->interface);
	entries_free(&policy->trust);
	entries_free(&policy->block);
	free(policy->check.martian_except);
	free(policy->limit);
	free(policy->bypass);
	free(policy->pressure.reserve);
	free(policy->challenge.to);
	policy_init(policy);
}

/* monitor | enforce [for TIME] */
static int mode_statement(struct reader *reader, const struct token *at)
{
	int mode = reader_pick(reader, MODE_WORDS);
	__u64 ns;

	if (mode < 0 || reader_once(reader, &reader->seen[SETTING_MODE], at))
		return -EXIT_USAGE;
	reader->policy->mode = mode;
	if (mode != MODE_ENFORCE || !reader_take(reader, "for"))
		return reader->failed ? -EXIT_USAGE : 0;
	if (reader_duration(reader, &ns))
		return -EXIT_USAGE;
	reader->policy->enforce_until_ns = reader->now_ns + ns;
	return 0;
}

static int statement(struct reader *reader)
{
	const struct token at = reader->lexer.now;
	int word = reader_pick(reader, statement_words);

	if (word < 0)
		return word;
	switch ((enum statement)word) {
	case STATEMENT_MODE:
		return mode_statement(reader, &at);
	case STATEMENT_INTERFACE:
		return interface_block(reader);
	case STATEMENT_TRUSTED:
		return entries_block(reader, &reader->policy->trust);
	case STATEMENT_BLOCKED:
		return entries_block(reader, &reader->policy->block);
	case STATEMENT_CHECK:
		return check_block(reader);
	case STATEMENT_LIMIT:
		return limit_block(reader);
	case STATEMENT_PRESSURE:
		return pressure_block(reader);
	case STATEMENT_CHALLENGE:
		return challenge_block(reader);
	case STATEMENT_SOURCES:
		return sources_block(reader);
	case STATEMENT_BYPASS:
		return bypass_block(reader);
	case STATEMENT_DEFINE:
		return define_statement(reader);
	case STATEMENT_INCLUDE:
		return include_statement(reader);
	}
	return -EXIT_USAGE;
}

int policy_statements(struct reader *reader)
{
	const struct token *now = &reader->lexer.now;

	while (!reader->failed && now->type != TOKEN_EOF) {
		if (reader_take_type(reader, TOKEN_END))
			continue;
		statement(reader);
		if (!reader->failed && now->type != TOKEN_END && now->type != TOKEN_EOF)
			reader_expected(reader, "end of line or ;");
	}
	return reader->failed ? -EXIT_USAGE : 0;
}

static void reader_free(struct reader *reader)
{
	for (size_t i = 0; i < reader->define_count; i++) {
		free(reader->define[i].name);
		free(reader->define[i].prefixes.at);
	}
	free(reader->define);
	for (size_t i = 0; i < reader->name_count; i++)
		free(reader->name[i]);
	free(reader->name);
	free(reader->interface_place);
	free(reader->limit_place);
	free(reader->bypass_place);
	free(reader->engage_place);
}

static int parse(const char *text, size_t length, const char *name, const struct stat *stat,
		 bool unsafe, __u64 now_ns, struct policy *policy, struct fail *fail)
{
	struct reader reader = {
		.policy = policy, .fail = fail, .unsafe = unsafe, .now_ns = now_ns,
	};
	int status;

	policy_init(policy);
	status = reader_text_of(&reader, name, text, length, stat);
	if (!status)
		status = challenge_whole(&reader);
	reader_free(&reader);
	if (status) {
		policy_free(policy);
		return status;
	}
	entries_settle(&policy->trust);
	entries_settle(&policy->block);
	return 0;
}

int policy_parse(const char *text, const char *name, __u64 now_ns, struct policy *policy,
		 struct fail *fail)
{
	return parse(text, strlen(text), name, &(struct stat){}, false, now_ns, policy, fail);
}

int policy_read(const char *path, __u64 now_ns, bool unsafe, struct policy *policy,
		struct fail *fail)
{
	struct stat stat;
	size_t length;
	char *text;
	int status;

	policy_init(policy);
	status = file_text(path, unsafe, &text, &length, &stat, fail);
	if (status)
		return status;
	status = parse(text, length, strcmp(path, "-") ? path : "standard input", &stat, unsafe,
		       now_ns, policy, fail);
	free(text);
	return status;
}
