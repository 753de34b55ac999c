// SPDX-License-Identifier: GPL-2.0-only
/* check { ... } */
#include "reader.h"

const char *const CHECK_WORDS[] = {
	"malformed", "l4-checksum", "martians", "stray", "window", "blackhole", "urpf", NULL,
};
/* numbered as enum check is, from CHECK_DROP on */
const char *const ACTION_WORDS[] = { "drop", "monitor", "off", "auto", NULL };
static const char *const plain_actions[] = { "drop", "monitor", "off", NULL };

static int check_action(struct reader *reader, const char *const *words, enum check *out)
{
	int word = reader_pick(reader, words);

	if (word < 0)
		return word;
	*out = CHECK_DROP + word;
	return 0;
}

/* martians [drop|monitor|off] [except P, P ...] */
static int martians(struct reader *reader, struct checks *check)
{
	struct prefixes except = {};

	if (!token_is(&reader->lexer.now, "except"))
		check_action(reader, plain_actions, &check->martians);
	if (!reader_take(reader, "except"))
		return reader->failed ? -EXIT_USAGE : 0;
	do
		reader_prefix_set(reader, &except);
	while (reader_take_type(reader, TOKEN_COMMA));
	check->martian_except = except.at;
	check->martian_except_count = except.count;
	return reader->failed ? -EXIT_USAGE : 0;
}

/* blackhole off | [table N|main] [drop|monitor]; the main table unless said */
static int blackhole(struct reader *reader, struct checks *check)
{
	__u64 table = BLACKHOLE_MAIN;
	bool tabled = reader_take(reader, "table");

	if (tabled && !reader_take(reader, "main"))
		reader_number(reader, 1, 0xffffffff, &table);
	if (!tabled || !reader_at_end(reader))
		check_action(reader, tabled ? (const char *const []){ "drop", "monitor", NULL } :
			     (const char *const []){ "drop", "monitor", "off", "table", NULL },
			     &check->blackhole);
	check->blackhole_table = check->blackhole == CHECK_OFF ? 0 : table;
	return reader->failed ? -EXIT_USAGE : 0;
}

/* urpf off | loose|strict [drop|monitor] */
static int urpf(struct reader *reader, struct checks *check)
{
	int word = reader_pick(reader, URPF_WORDS);

	if (word < 0)
		return word;
	check->urpf = word;
	if (word == URPF_OFF || reader_at_end(reader))
		return 0;
	return check_action(reader, (const char *const []){ "drop", "monitor", NULL },
			    &check->urpf_action);
}

static int check_line(struct reader *reader, void *unused)
{
	struct checks *check = &reader->policy->check;
	const struct token at = reader->lexer.now;
	int word = reader_pick(reader, CHECK_WORDS);

	(void)unused;
	if (word < 0 || reader_once(reader, &reader->seen[SETTING_CHECK + word], &at))
		return -EXIT_USAGE;
	switch ((enum check_word)word) {
	case CHECK_WORD_MALFORMED:
		return check_action(reader, plain_actions, &check->malformed);
	case CHECK_WORD_L4_CHECKSUM:
		return check_action(reader, plain_actions, &check->l4_checksum);
	case CHECK_WORD_MARTIANS:
		return martians(reader, check);
	case CHECK_WORD_STRAY:
		return check_action(reader, ACTION_WORDS, &check->stray);
	case CHECK_WORD_WINDOW:
		return check_action(reader, plain_actions, &check->window);
	case CHECK_WORD_BLACKHOLE:
		return blackhole(reader, check);
	case CHECK_WORD_URPF:
		return urpf(reader, check);
	}
	return -EXIT_USAGE;
}

int check_block(struct reader *reader)
{
	return reader_block(reader, check_line, NULL);
}
