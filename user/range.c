// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include "range.h"

#define RANGE_TEXT 96	/* two addresses of IPv6 */

static unsigned int bits_of(const struct prefix *prefix)
{
	return prefix->family == 4 ? 32 : 128;
}

static bool has_bit(const struct prefix *prefix, unsigned int bit)
{
	return prefix->addr[bit / 8] & 0x80 >> bit % 8;
}

/* The last address of a prefix, as a prefix of its own. */
static struct prefix last_of(struct prefix prefix)
{
	for (unsigned int bit = prefix.length; bit < bits_of(&prefix); bit++)
		prefix.addr[bit / 8] |= 0x80 >> bit % 8;
	prefix.length = bits_of(&prefix);
	return prefix;
}

/* The address behind it; not of the last one there is. */
static void step(struct prefix *address)
{
	for (int i = bits_of(address) / 8 - 1; i >= 0 && !++address->addr[i]; i--)
		;
}

/* The widest prefix that begins there and does not go beyond last. */
static struct prefix widest(struct prefix prefix, const struct prefix *last)
{
	while (prefix.length && !has_bit(&prefix, prefix.length - 1)) {
		struct prefix wider = prefix, end;

		wider.length--;
		end = last_of(wider);
		if (memcmp(end.addr, last->addr, sizeof(end.addr)) > 0)
			break;
		prefix = wider;
	}
	return prefix;
}

static int split(struct prefix at, const struct prefix *last,
		 struct prefix prefix[static RANGE_PREFIXES])
{
	struct prefix end;
	int count = 0;

	do {
		prefix[count] = widest(at, last);
		end = last_of(prefix[count++]);
		at = end;
		step(&at);
	} while (memcmp(end.addr, last->addr, sizeof(end.addr)));
	return count;
}

int range_parse(const char *text, struct prefix prefix[static RANGE_PREFIXES], struct fail *fail)
{
	const char *dash = strchr(text, '-');
	struct prefix first, last;
	char begin[RANGE_TEXT];

	if (!dash)
		return prefix_parse(text, &prefix[0], fail) ? -EXIT_USAGE : 1;
	snprintf(begin, sizeof(begin), "%.*s", (int)(dash - text), text);
	if (prefix_parse(begin, &first, fail) || prefix_parse(dash + 1, &last, fail))
		return -EXIT_USAGE;
	if (first.family != last.family || first.length != bits_of(&first) ||
	    last.length != bits_of(&last) || memcmp(first.addr, last.addr, sizeof(first.addr)) > 0)
		return fail_set(fail, EXIT_USAGE, "write the lower address first, as 192.0.2.1-192.0.2.9",
				"\"%.90s\" is not a range of addresses", text);
	return split(first, &last, prefix);
}
