// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "lines.h"
#include "lookup.h"

static const struct class *lookup(const struct arena *arena, const struct prefix *address,
				  __u32 root4, __u32 root6, __u32 line)
{
	__be32 words[4] = {};

	memcpy(words, address->addr, sizeof(words));
	line += table_find((void *)arena, address->family == 4 ? root4 : root6, address->family, words);
	return arena_line((void *)arena, line);
}

const struct class *lookup_source(const struct arena *arena, const struct prefix *source)
{
	const struct policy_head *head = arena_line((void *)arena, 0);

	return head ? lookup(arena, source, head->source_root4, head->source_root6,
			     head->source_class) : NULL;
}

const struct class *lookup_destination(const struct arena *arena, const struct prefix *destination)
{
	const struct policy_head *head = arena_line((void *)arena, 0);

	return head ? lookup(arena, destination, head->destination_root4, head->destination_root6,
			     head->destination_class) : NULL;
}

__u32 lookup_destination_default(const struct arena *arena, enum role role)
{
	const struct policy_knobs *knobs = arena_line((void *)arena, POLICY_KNOBS);

	return knobs ? knobs->destination_rule[role] : 0;
}

const struct rule *lookup_rule(const struct arena *arena, __u32 number)
{
	const struct policy_head *head = arena_line((void *)arena, 0);
	__u32 per_line = POLICY_LINE / sizeof(struct rule);
	const struct rule *rule = head && number ?
		arena_line((void *)arena, head->rule + number / per_line) : NULL;

	return rule ? rule + number % per_line : NULL;
}
