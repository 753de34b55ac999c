// SPDX-License-Identifier: GPL-2.0-only
/* limit new-flows { ... } */
#include <string.h>
#include "reader.h"

#define ROLES_BOTH	((1 << ROLE_COUNT) - 1)
/* a burst that takes longer than a year to come back is no limit */
#define BURST_MAX_NS	(365ULL * 86400 * 1000000000)

static const char *const kind_words[] = { "per", "total", NULL };
static const char *const per_words[] = { "source", "destination", "aggregate", NULL };
static const enum limit_kind per_kind[] = { LIMIT_SOURCE, LIMIT_DESTINATION, LIMIT_AGGREGATE };

static int limit_kind(struct reader *reader, struct limit *limit, bool prefixed)
{
	int word = reader_pick(reader, kind_words);

	if (word < 0)
		return word;
	if (word == 1) {
		limit->kind = prefixed ? LIMIT_PREFIX : LIMIT_TOTAL;
		return 0;
	}
	word = reader_pick(reader, per_words);
	if (word >= 0)
		limit->kind = per_kind[word];
	return word;
}

static int limit_burst(struct reader *reader, struct limit *limit)
{
	const struct token number = reader->lexer.now;

	if (reader_number(reader, 1, ~0ULL, &limit->burst))
		return -EXIT_USAGE;
	if (limit->burst > BURST_MAX_NS / rate_cost_ns(&limit->rate))
		return reader_fail_at(reader, &number, NULL,
				      "at this rate the burst takes more than a year to come back");
	return 0;
}

/* which limit; the prefixes it is for, if it names any, go to the list */
static int limit_key(struct reader *reader, struct limit *limit, struct prefixes *prefixes)
{
	int role;

	limit->roles = ROLES_BOTH;
	if (reader_take(reader, "prefix"))
		reader_prefix_set(reader, prefixes);
	if (reader_take(reader, "from")) {
		role = reader_pick(reader, ROLE_WORDS);
		if (role >= 0)
			limit->roles = 1 << role;
	}
	limit_kind(reader, limit, prefixes->count > 0);
	return reader->failed ? -EXIT_USAGE : 0;
}

static int limit_rate(struct reader *reader, struct limit *limit)
{
	reader_rate(reader, &limit->rate);
	if (reader_take(reader, "burst"))
		limit_burst(reader, limit);
	return reader->failed ? -EXIT_USAGE : 0;
}

static int limit_aggregates(struct reader *reader, const struct token *at,
			    const struct limit *limit)
{
	unsigned int aggregate = limit->prefix.family == 4 ? 24 : 48;
	char text[PREFIX_TEXT];

	if (limit->kind != LIMIT_AGGREGATE || limit->prefix.length <= aggregate)
		return 0;
	return reader_fail_at(reader, at, "use total instead", "%s is within one aggregate",
			      prefix_print(&limit->prefix, text, sizeof(text)));
}

static int limit_add(struct reader *reader, const struct token *at, const struct limit *limit)
{
	struct policy *policy = reader->policy;
	struct limit *grown = array_room(policy->limit, policy->limit_count, sizeof(*grown));
	struct place *place;

	if (!grown)
		return reader_no_memory(reader);
	policy->limit = grown;
	place = array_room(reader->limit_place, policy->limit_count, sizeof(*place));
	if (!place)
		return reader_no_memory(reader);
	reader->limit_place = place;
	for (size_t i = 0; i < policy->limit_count; i++)
		if (limit_same_key(&policy->limit[i], limit))
			return reader_fail_at(reader, at, "keep one of the two",
					      "this limit is already set at %s:%u", place[i].file,
					      place[i].line);
	if (policy->limit_count == RULE_MAX - 1)
		return reader_fail_at(reader, at, NULL, "more than %d limits", RULE_MAX - 1);
	place[policy->limit_count] = reader_place(reader, at);
	grown[policy->limit_count++] = *limit;
	return 0;
}

static int limit_line(struct reader *reader, void *unused)
{
	const struct token at = reader->lexer.now;
	struct prefixes prefixes = {};
	struct limit limit = {};

	(void)unused;
	limit_key(reader, &limit, &prefixes);
	limit_rate(reader, &limit);
	if (!prefixes.count && !reader->failed)
		limit_add(reader, &at, &limit);
	for (size_t i = 0; i < prefixes.count && !reader->failed; i++) {
		limit.prefix = prefixes.at[i];
		limit_aggregates(reader, &at, &limit);
		limit_add(reader, &at, &limit);
	}
	free(prefixes.at);
	return reader->failed ? -EXIT_USAGE : 0;
}

int limit_block(struct reader *reader)
{
	if (!reader_take(reader, "new-flows"))
		return reader_expected(reader, "new-flows");
	return reader_block(reader, limit_line, NULL);
}

/* rate: the words must have one; else they may */
static int parse_words(int argc, char **argv, bool rate, struct limit *out, struct fail *fail)
{
	struct prefixes prefixes = {};
	struct limit limit = {};
	struct reader reader;
	struct token at;
	int status;

	reader_words(&reader, argc, argv, fail);
	at = reader.lexer.now;
	limit_key(&reader, &limit, &prefixes);
	if (rate || !reader_at_end(&reader))
		limit_rate(&reader, &limit);
	if (prefixes.count)
		limit.prefix = prefixes.at[0];
	limit_aggregates(&reader, &at, &limit);
	free(prefixes.at);
	status = reader_words_end(&reader);
	if (!status)
		*out = limit;
	return status;
}

int limit_parse(int argc, char **argv, struct limit *out, struct fail *fail)
{
	return parse_words(argc, argv, true, out, fail);
}

int limit_parse_key(int argc, char **argv, struct limit *out, struct fail *fail)
{
	return parse_words(argc, argv, false, out, fail);
}

void limit_print(FILE *to, const struct limit *limit)
{
	static const char *const kind[] = {
		[LIMIT_SOURCE] = "per source", [LIMIT_PREFIX] = "total",
		[LIMIT_AGGREGATE] = "per aggregate", [LIMIT_DESTINATION] = "per destination",
		[LIMIT_TOTAL] = "total",
	};
	char text[PREFIX_TEXT > RATE_TEXT ? PREFIX_TEXT : RATE_TEXT];

	if (limit->prefix.family)
		fprintf(to, "prefix %s ", prefix_print(&limit->prefix, text, sizeof(text)));
	for (int role = 0; role < ROLE_COUNT; role++)
		if (limit->roles == 1 << role)
			fprintf(to, "from %s ", ROLE_WORDS[role]);
	fprintf(to, "%s %s", kind[limit->kind], rate_print(&limit->rate, text, sizeof(text)));
	if (limit->burst)
		fprintf(to, " burst %llu", limit->burst);
}

bool limit_same_key(const struct limit *a, const struct limit *b)
{
	return a->kind == b->kind && (a->roles & b->roles) &&
	       !prefix_compare(&a->prefix, &b->prefix);
}
