// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "lines.h"
#include "lookup.h"

const struct class *lookup_source(const struct arena *arena, const struct prefix *source)
{
	const struct policy_head *head = arena_line((void *)arena, 0);
	__be32 words[4] = {};
	__u32 root, class;

	if (!head)
		return NULL;
	memcpy(words, source->addr, sizeof(words));
	root = source->family == 4 ? head->source_root4 : head->source_root6;
	class = table_find((void *)arena, root, source->family, words);
	return arena_line((void *)arena, head->source_class + class);
}
