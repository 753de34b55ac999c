// SPDX-License-Identifier: GPL-2.0-only
/* challenge { ... } */
#include "reader.h"

const char *const CHALLENGE_WORDS[] = { "off", "retransmit", "cookie", NULL };

/* off|retransmit|cookie */
static int way(struct reader *reader, struct challenge_conf *challenge)
{
	int word = reader_pick(reader, CHALLENGE_WORDS);

	if (word < 0)
		return word;
	challenge->way = word;
	return 0;
}

/* above RATE [unproven] */
static int above(struct reader *reader, struct rate *rate)
{
	if (!reader_take(reader, "above"))
		return reader_expected(reader, "above");
	if (reader_rate(reader, rate))
		return -EXIT_USAGE;
	reader_take(reader, "unproven");
	return reader->failed ? -EXIT_USAGE : 0;
}

static int engage_add(struct reader *reader, const struct token *at, const struct prefix *prefix,
		      const struct rate *rate)
{
	struct challenge_conf *challenge = &reader->policy->challenge;
	size_t count = challenge->to_count;
	struct engage_to *grown = array_room(challenge->to, count, sizeof(*grown));
	struct place *place;

	if (!grown)
		return reader_no_memory(reader);
	challenge->to = grown;
	place = array_room(reader->engage_place, count, sizeof(*place));
	if (!place)
		return reader_no_memory(reader);
	reader->engage_place = place;
	for (size_t i = 0; i < count; i++)
		if (!prefix_compare(&grown[i].prefix, prefix))
			return reader_fail_at(reader, at, "keep one of the two",
					      "the rate to this prefix is already set at %s:%u",
					      place[i].file, place[i].line);
	if (count == ENGAGE_MAX - 1)
		return reader_fail_at(reader, at, "put some under a shorter prefix",
				      "more than %d destinations with a rate of their own",
				      ENGAGE_MAX - 1);
	place[count] = reader_place(reader, at);
	grown[count] = (struct engage_to){ *prefix, *rate };
	challenge->to_count++;
	return 0;
}

/* P above RATE [unproven], for each of the prefixes by itself */
static int engage_to(struct reader *reader, const struct token *at)
{
	struct prefixes prefixes = {};
	struct rate rate;

	if (!reader_prefix_set(reader, &prefixes) && !above(reader, &rate))
		for (size_t i = 0; i < prefixes.count && !reader->failed; i++)
			engage_add(reader, at, &prefixes.at[i], &rate);
	free(prefixes.at);
	return reader->failed ? -EXIT_USAGE : 0;
}

/* Its place is gone once the text has been read. */
static void engage_note(struct reader *reader, const struct token *at)
{
	if (reader->engaged.status)
		return;
	fail_set(&reader->engaged, EXIT_USAGE, "say one of them in a challenge block, or syn off for none",
		 "engage without a way to challenge; expected syn retransmit or syn cookie, too");
	lexer_place(&reader->lexer, at, &reader->engaged);
}

static int challenge_line(struct reader *reader, void *unused)
{
	static const char *const words[] = { "syn", "engage", NULL };
	struct challenge_conf *challenge = &reader->policy->challenge;
	const struct token at = reader->lexer.now;
	int word = reader_pick(reader, words);

	(void)unused;
	if (word < 0)
		return word;
	if (word)
		engage_note(reader, &at);
	if (word && reader_take(reader, "to"))
		return engage_to(reader, &at);
	if (reader_once(reader, &reader->seen[SETTING_SYN + word], &at))
		return -EXIT_USAGE;
	return word ? above(reader, &challenge->engage) : way(reader, challenge);
}

int challenge_block(struct reader *reader)
{
	return reader_block(reader, challenge_line, NULL);
}

int challenge_whole(struct reader *reader)
{
	if (reader->failed || !reader->engaged.status || reader->seen[SETTING_SYN].file)
		return reader->failed ? -EXIT_USAGE : 0;
	*reader->fail = reader->engaged;
	reader->failed = true;
	return -EXIT_USAGE;
}
