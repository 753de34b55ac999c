// SPDX-License-Identifier: GPL-2.0-only
/* pressure { ... } */
#include "reader.h"
#include "reserve.h"

/* above N% */
static int above(struct reader *reader, unsigned int *percent)
{
	const struct token *now = &reader->lexer.now;
	const struct pressure_conf *pressure = &reader->policy->pressure;
	struct token at;

	if (!reader_take(reader, "above"))
		return reader_expected(reader, "above");
	at = *now;
	if (reader_percent(reader, percent))
		return -EXIT_USAGE;
	if (!pressure->tight_percent || !pressure->full_percent ||
	    pressure->tight_percent < pressure->full_percent)
		return 0;
	return reader_fail_at(reader, &at, NULL, "tight (%u%%) must begin below full (%u%%)",
			      pressure->tight_percent, pressure->full_percent);
}

static int reserve_add(struct reader *reader, const struct reserve *item,
		       const struct prefix *from)
{
	struct pressure_conf *pressure = &reader->policy->pressure;
	struct reserve *grown = array_room(pressure->reserve, pressure->reserve_count,
					   sizeof(*grown));

	if (!grown)
		return reader_no_memory(reader);
	pressure->reserve = grown;
	grown[pressure->reserve_count] = *item;
	if (from)
		grown[pressure->reserve_count].from = *from;
	pressure->reserve_count++;
	return 0;
}

/* [tcp|udp|...] [port N[-M]] [from P] */
static int reserve_item(struct reader *reader)
{
	const struct token at = reader->lexer.now;
	struct prefixes from = {};
	struct reserve item = {};
	struct policy_reserve line;
	struct fail fail;

	reader_service(reader, &item.protocol, &item.ports);
	if (reader_take(reader, "from"))
		reader_prefix_set(reader, &from);
	if (!from.count && !item.protocol && !item.ports.first)
		reader_expected(reader, "a protocol, port or from");
	if (!from.count && !reader->failed)
		reserve_add(reader, &item, NULL);
	for (size_t i = 0; i < from.count && !reader->failed; i++)
		reserve_add(reader, &item, &from.at[i]);
	free(from.at);
	if (!reader->failed && compile_reserve(reader->policy, &line, &fail))
		reader_fail_at(reader, &at, fail.remedy, "%s", fail.what);
	return reader->failed ? -EXIT_USAGE : 0;
}

/* N% for item, item ... */
static int reserve(struct reader *reader)
{
	if (reader_percent(reader, &reader->policy->pressure.reserve_percent))
		return -EXIT_USAGE;
	if (!reader_take(reader, "for"))
		return reader_expected(reader, "for");
	do
		reserve_item(reader);
	while (reader_take_type(reader, TOKEN_COMMA));
	return reader->failed ? -EXIT_USAGE : 0;
}

static int pressure_line(struct reader *reader, void *unused)
{
	static const char *const words[] = { "tight", "full", "reserve", NULL };
	struct pressure_conf *pressure = &reader->policy->pressure;
	const struct token at = reader->lexer.now;
	int word = reader_pick(reader, words);

	(void)unused;
	if (word < 0 || reader_once(reader, &reader->seen[SETTING_TIGHT + word], &at))
		return -EXIT_USAGE;
	if (word == SETTING_RESERVE - SETTING_TIGHT)
		return reserve(reader);
	return above(reader, word ? &pressure->full_percent : &pressure->tight_percent);
}

int pressure_block(struct reader *reader)
{
	return reader_block(reader, pressure_line, NULL);
}
