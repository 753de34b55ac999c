// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include "capacity.h"

struct capacity capacity_of(const struct capacity *said)
{
	struct capacity capacity = { CAPACITY_LEAST, said->length6 ? said->length6 : LENGTH6_DEFAULT };
	__u32 wanted = said->sources ? said->sources : CAPACITY_DEFAULT;

	while (capacity.sources < wanted && capacity.sources < CAPACITY_MOST)
		capacity.sources *= 2;
	return capacity;
}

struct capacity capacity_made(const struct run *run)
{
	return (struct capacity){ run->sources, run->length6 ? run->length6 : LENGTH6_DEFAULT };
}

__u64 capacity_bytes(__u32 sources)
{
	__u64 lines = sources / SOURCE_WAYS;

	return lines * 2 * sizeof(struct source_line) + sources * sizeof(struct source_more) +
	       lines / STRANGER_SHARE * sizeof(struct challenge_line);
}

bool capacity_differs(const struct run *run, char *text, size_t size)
{
	struct capacity made = capacity_made(run);
	struct capacity wanted = capacity_of(&(struct capacity){ run->wanted_sources, run->wanted_length6 });
	bool sources = made.sources != wanted.sources, length6 = made.length6 != wanted.length6;
	int used = 0;

	if (sources)
		used = snprintf(text, size, "%u sources, not %u", made.sources, wanted.sources);
	if (length6)
		snprintf(text + used, size - used, "%san IPv6 source is a /%u, not a /%u",
			 sources ? "; " : "", made.length6, wanted.length6);
	return sources || length6;
}
