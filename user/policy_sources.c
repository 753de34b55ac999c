// SPDX-License-Identifier: GPL-2.0-only
/* sources { ... } */
#include "reader.h"

/* capacity N | ipv6 BITS */
static int sources_line(struct reader *reader, void *unused)
{
	static const char *const words[] = { "capacity", "ipv6", NULL };
	struct capacity *said = &reader->policy->sources;
	const struct token at = reader->lexer.now;
	int word = reader_pick(reader, words);
	__u64 number;

	(void)unused;
	if (word < 0 || reader_once(reader, &reader->seen[SETTING_CAPACITY + word], &at))
		return -EXIT_USAGE;
	if (word) {
		if (reader_number(reader, LENGTH6_LEAST, LENGTH6_MOST, &number))
			return -EXIT_USAGE;
		said->length6 = number;
		return 0;
	}
	if (reader_amount(reader, CAPACITY_LEAST, CAPACITY_MOST, &number))
		return -EXIT_USAGE;
	said->sources = number;
	return 0;
}

int sources_block(struct reader *reader)
{
	return reader_block(reader, sources_line, NULL);
}
