// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "value.h"

#define SECOND_NS	1000000000ULL
#define MINUTE_NS	(60 * SECOND_NS)
#define HOUR_NS		(60 * MINUTE_NS)
#define DAY_NS		(24 * HOUR_NS)
#define DURATION_MAX	(36500 * DAY_NS)

static unsigned int family_bits(__u8 family)
{
	return family == 4 ? 32 : 128;
}

/* Reads digits at *text and moves it behind them. False: no digit there, or more than 64 bits. */
static bool read_digits(const char **text, __u64 *out)
{
	const char *at = *text;
	__u64 value = 0;

	if (*at < '0' || *at > '9')
		return false;
	for (; *at >= '0' && *at <= '9'; at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (__u64)(*at - '0'), &value))
			return false;
	*text = at;
	*out = value;
	return true;
}

/* ---- prefixes ------------------------------------------------------------------------------ */

/* clears the bits behind the prefix length; true if any was set */
static bool mask_host_bits(struct prefix *prefix)
{
	bool any = false;

	for (unsigned int bit = prefix->length; bit < family_bits(prefix->family); bit++) {
		__u8 mask = 0x80 >> bit % 8;

		any |= prefix->addr[bit / 8] & mask;
		prefix->addr[bit / 8] &= ~mask;
	}
	return any;
}

int prefix_parse(const char *text, struct prefix *out, struct fail *fail)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	struct prefix prefix = {};
	char address[INET6_ADDRSTRLEN], meant[PREFIX_TEXT];
	__u64 bits;

	if (length < sizeof(address)) {
		memcpy(address, text, length);
		address[length] = '\0';
		if (inet_pton(AF_INET, address, prefix.addr) == 1)
			prefix.family = 4;
		else if (inet_pton(AF_INET6, address, prefix.addr) == 1)
			prefix.family = 6;
	}
	if (!prefix.family)
		return fail_set(fail, EXIT_USAGE, "write 192.0.2.0/24 or 2001:db8::/32",
				"\"%.64s\" is not an address or prefix", text);
	bits = family_bits(prefix.family);
	if (slash) {
		const char *at = slash + 1;

		if (!read_digits(&at, &bits) || *at || at - slash > 4 ||
		    bits > family_bits(prefix.family))
			return fail_set(fail, EXIT_USAGE, NULL,
					"\"%.64s\": the length of an IPv%u prefix is 0 to %u", text,
					prefix.family, family_bits(prefix.family));
	}
	prefix.length = bits;
	if (mask_host_bits(&prefix)) {
		prefix_print(&prefix, meant, sizeof(meant));
		fail_set(fail, EXIT_USAGE, NULL, "%.64s has host bits set", text);
		snprintf(fail->remedy, sizeof(fail->remedy), "did you mean %s?", meant);
		return -EXIT_USAGE;
	}
	*out = prefix;
	return 0;
}

char *prefix_print(const struct prefix *prefix, char *out, size_t size)
{
	char address[INET6_ADDRSTRLEN];

	if (!prefix->family) {
		snprintf(out, size, "any");
		return out;
	}
	inet_ntop(prefix->family == 4 ? AF_INET : AF_INET6, prefix->addr, address, sizeof(address));
	if (prefix->length == family_bits(prefix->family))
		snprintf(out, size, "%s", address);
	else
		snprintf(out, size, "%s/%u", address, prefix->length);
	return out;
}

bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
	unsigned int bytes = outer->length / 8, rest = outer->length % 8;
	__u8 mask = 0xff00 >> rest;

	if (!outer->family)
		return true;
	if (outer->family != inner->family || outer->length > inner->length)
		return false;
	if (memcmp(outer->addr, inner->addr, bytes))
		return false;
	return !rest || !((outer->addr[bytes] ^ inner->addr[bytes]) & mask);
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	order = memcmp(a->addr, b->addr, sizeof(a->addr));
	return order ? order : a->length - b->length;
}

/* ---- rates and durations ------------------------------------------------------------------- */

static const struct rate_unit {
	const char	*name, *brief;
	__u64		ns;
} rate_unit[] = {
	{ "second", "s", SECOND_NS },
	{ "minute", "m", MINUTE_NS },
	{ "hour", "h", HOUR_NS },
};
#define RATE_UNITS (sizeof(rate_unit) / sizeof(rate_unit[0]))

static __u64 rate_unit_read(const char *text)
{
	for (unsigned int i = 0; i < RATE_UNITS; i++)
		if (!strcmp(text, rate_unit[i].name) || !strcmp(text, rate_unit[i].brief))
			return rate_unit[i].ns;
	return 0;
}

int rate_parse(const char *text, struct rate *out, struct fail *fail)
{
	const char *at = text;
	__u64 count, factor = 1, per_ns;

	if (!read_digits(&at, &count))
		return fail_set(fail, EXIT_USAGE, "write 200/second, 50k/s or 10/minute",
				"\"%.64s\" is not a rate", text);
	if (*at == 'k' || *at == 'm')
		factor = *at++ == 'k' ? 1000 : 1000000;
	per_ns = *at == '/' ? rate_unit_read(at + 1) : 0;
	if (!per_ns)
		return fail_set(fail, EXIT_USAGE, "write 200/second, 50k/s or 10/minute",
				"\"%.64s\" is not a rate: /second, /minute or /hour is missing",
				text);
	if (!count)
		return fail_set(fail, EXIT_USAGE, "to let nothing through, block the prefix",
				"\"%.64s\": a rate of 0 admits no flow at all", text);
	if (__builtin_mul_overflow(count, factor, &count) || count > per_ns)
		return fail_set(fail, EXIT_USAGE, "leave the limit out to have none",
				"\"%.64s\" is more than one flow a nanosecond", text);
	*out = (struct rate){ count, per_ns };
	return 0;
}

char *rate_print(const struct rate *rate, char *out, size_t size)
{
	for (unsigned int i = 0; i < RATE_UNITS; i++) {
		if (rate->per_ns != rate_unit[i].ns)
			continue;
		snprintf(out, size, "%llu/%s", rate->count, rate_unit[i].name);
		return out;
	}
	snprintf(out, size, "%llu/second", SECOND_NS / rate_cost_ns(rate));
	return out;
}

__u64 rate_cost_ns(const struct rate *rate)
{
	__u64 cost = rate->count ? (rate->per_ns + rate->count / 2) / rate->count : rate->per_ns;

	return cost ? cost : 1;
}

static const struct {
	char	name;
	__u64	ns;
} duration_unit[] = {
	{ 'w', 7 * DAY_NS }, { 'd', DAY_NS }, { 'h', HOUR_NS }, { 'm', MINUTE_NS },
	{ 's', SECOND_NS },
};
#define DURATION_UNITS (sizeof(duration_unit) / sizeof(duration_unit[0]))

int duration_parse(const char *text, __u64 *out_ns, struct fail *fail)
{
	const char *at = text;
	__u64 sum = 0, count;
	unsigned int unit = 0;

	/* units must fall: "1h30m"; "30m1h" is a slip of the hand */
	for (bool first = true; *at || first; first = false) {
		if (!read_digits(&at, &count))
			goto bad;
		while (unit < DURATION_UNITS && *at != duration_unit[unit].name && *at)
			unit++;
		if (!*at && first)
			unit = DURATION_UNITS - 1;
		if (unit == DURATION_UNITS || (!*at && !first))
			goto bad;
		if (count > DURATION_MAX / duration_unit[unit].ns)
			goto long_;
		sum += count * duration_unit[unit].ns;
		if (sum > DURATION_MAX)
			goto long_;
		unit++;
		at += *at != '\0';
	}
	*out_ns = sum;
	return 0;
bad:
	return fail_set(fail, EXIT_USAGE, "write 90, 10m, 1h30m or 2d",
			"\"%.64s\" is not a duration", text);
long_:
	return fail_set(fail, EXIT_USAGE, "write 36500d at most",
			"\"%.64s\" is longer than a hundred years", text);
}

char *duration_print(__u64 ns, char *out, size_t size)
{
	/* rounded up: what still has a moment to live is not shown as "0s" */
	__u64 left = ns / SECOND_NS + (ns % SECOND_NS != 0);
	int at = 0;

	for (unsigned int unit = 1; unit < DURATION_UNITS; unit++) {
		__u64 seconds = duration_unit[unit].ns / SECOND_NS, count = left / seconds;
		bool last = unit == DURATION_UNITS - 1;

		left %= seconds;
		if (!count && !(last && !at))
			continue;
		at += snprintf(out + at, size - at, "%llu%c", count, duration_unit[unit].name);
		if ((size_t)at >= size)
			break;
	}
	return out;
}

/* ---- ports, percents, numbers -------------------------------------------------------------- */

int ports_parse(const char *text, struct ports *out, struct fail *fail)
{
	const char *at = text;
	__u64 first, last;

	if (!read_digits(&at, &first))
		goto bad;
	last = first;
	if (*at == '-') {
		at++;
		if (!read_digits(&at, &last))
			goto bad;
	}
	if (*at)
		goto bad;
	if (!first || !last || first > 65535 || last > 65535)
		return fail_set(fail, EXIT_USAGE, NULL, "\"%.64s\": a port is 1 to 65535", text);
	if (first > last) {
		fail_set(fail, EXIT_USAGE, NULL, "\"%.64s\" ends before it begins", text);
		snprintf(fail->remedy, sizeof(fail->remedy), "did you mean %llu-%llu?", last,
			 first);
		return -EXIT_USAGE;
	}
	*out = (struct ports){ first, last };
	return 0;
bad:
	return fail_set(fail, EXIT_USAGE, "write 53 or 60000-60100",
			"\"%.64s\" is not a port or range of ports", text);
}

char *ports_print(const struct ports *ports, char *out, size_t size)
{
	if (!ports->first && !ports->last)
		snprintf(out, size, "any");
	else if (ports->first == ports->last)
		snprintf(out, size, "%u", ports->first);
	else
		snprintf(out, size, "%u-%u", ports->first, ports->last);
	return out;
}

int percent_parse(const char *text, unsigned int *out, struct fail *fail)
{
	const char *at = text;
	__u64 value;

	if (!read_digits(&at, &value) || strcmp(at, "%"))
		return fail_set(fail, EXIT_USAGE, "write 70%", "\"%.64s\" is not a percentage",
				text);
	if (value > 100)
		return fail_set(fail, EXIT_USAGE, NULL, "\"%.64s\" is more than 100%%", text);
	*out = value;
	return 0;
}

int number_parse(const char *text, __u64 min, __u64 max, __u64 *out, struct fail *fail)
{
	const char *at = text;
	__u64 value;

	if (*text < '0' || *text > '9' || text[strspn(text, "0123456789")])
		return fail_set(fail, EXIT_USAGE, NULL, "\"%.64s\" is not a number", text);
	if (!read_digits(&at, &value) || value < min || value > max)
		return fail_set(fail, EXIT_USAGE, NULL, "\"%.64s\" is not within %llu and %llu",
				text, min, max);
	*out = value;
	return 0;
}

int amount_parse(const char *text, __u64 min, __u64 max, __u64 *out, struct fail *fail)
{
	const char *at = text;
	__u64 value, factor = 1;
	char least[AMOUNT_TEXT], most[AMOUNT_TEXT];
	bool read = read_digits(&at, &value);

	if (read && (*at == 'k' || *at == 'M'))
		factor = *at++ == 'k' ? 1000 : 1000000;
	if (!read || *at)
		return fail_set(fail, EXIT_USAGE, "write 1000, 256k or 4M", "\"%.64s\" is not a number", text);
	if (__builtin_mul_overflow(value, factor, &value) || value < min || value > max)
		return fail_set(fail, EXIT_USAGE, NULL, "\"%.64s\" is not within %s and %s", text,
				amount_print(min, least, sizeof(least)),
				amount_print(max, most, sizeof(most)));
	*out = value;
	return 0;
}

char *amount_print(__u64 amount, char *out, size_t size)
{
	__u64 factor = !amount || amount % 1000 ? 1 : amount % 1000000 ? 1000 : 1000000;

	snprintf(out, size, "%llu%s", amount / factor, factor == 1 ? "" : factor == 1000 ? "k" : "M");
	return out;
}

/* ---- did you mean -------------------------------------------------------------------------- */

#define WORD_MAX 31

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Edits from a to b; swapping two neighbours is one edit (optimal string alignment). */
static unsigned int distance(const char *a, const char *b)
{
	size_t rows = strlen(a), columns = strlen(b);
	unsigned int cost[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= rows; i++)
		cost[i][0] = i;
	for (size_t j = 0; j <= columns; j++)
		cost[0][j] = j;
	for (size_t i = 1; i <= rows; i++) {
		for (size_t j = 1; j <= columns; j++) {
			unsigned int edits = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			edits = least(edits, 1 + least(cost[i - 1][j], cost[i][j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				edits = least(edits, cost[i - 2][j - 2] + 1);
			cost[i][j] = edits;
		}
	}
	return cost[rows][columns];
}

const char *value_nearest(const char *text, const char *const *words)
{
	size_t length = strlen(text);
	const char *nearest = NULL;
	/* a third of the word may be wrong, else the guess is noise */
	unsigned int best = length / 3 + 1;

	if (!length || length > WORD_MAX)
		return NULL;
	for (; *words; words++) {
		unsigned int edits = strlen(*words) <= WORD_MAX ? distance(text, *words) : best + 1;

		if (edits > best || edits >= length || (nearest && edits == best))
			continue;
		best = edits;
		nearest = *words;
	}
	return nearest;
}
