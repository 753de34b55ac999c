// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "snat.h"
#include "value.h"

struct snat_pool snat_pool_one(bool guessed, const char *rule)
{
	struct snat_pool pool = { .addresses = 1, .ports = SNAT_PORTS, .guessed = guessed };

	snprintf(pool.rule, sizeof(pool.rule), "%s", rule);
	return pool;
}

/* ---- addresses and ports ------------------------------------------------------------------- */

static __u64 addresses_of_prefix(const struct prefix *prefix)
{
	int bits = (prefix->family == 4 ? 32 : 128) - prefix->length;

	return bits > 16 ? SNAT_ADDRESSES_MAX : 1ULL << bits;
}

/* How many from first to last; 0 where that can't be said. */
static __u64 addresses_between(const struct prefix *first, const struct prefix *last)
{
	int bytes = first->family == 4 ? 4 : 16;
	__s64 count = 0;

	if (first->family != last->family)
		return 0;
	/* what is beyond the cap at some byte stays beyond it: the bytes that follow take off less */
	for (int i = 0; i < bytes; i++) {
		count = count * 256 + last->addr[i] - first->addr[i];
		if (count > 2 * SNAT_ADDRESSES_MAX)
			return SNAT_ADDRESSES_MAX;
		if (count < 0)
			return 0;
	}
	return count < SNAT_ADDRESSES_MAX ? count + 1 : SNAT_ADDRESSES_MAX;
}

/* "A", "A/29" or "A-B"; 0: can't be read */
static __u64 addresses_count(const char *text)
{
	char copy[2 * INET6_ADDRSTRLEN + 2], *dash;
	struct prefix first, last;
	struct fail ignored;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return 0;
	dash = strchr(copy, '-');
	if (dash)
		*dash = '\0';
	if (prefix_parse(copy, &first, &ignored))
		return 0;
	if (!dash)
		return addresses_of_prefix(&first);
	return prefix_parse(dash + 1, &last, &ignored) ? 0 : addresses_between(&first, &last);
}

/* "5000" or "1024-2048"; 0: can't be read */
static __u64 ports_count(const char *text)
{
	struct ports ports;
	struct fail ignored;

	return ports_parse(text, &ports, &ignored) ? 0 : ports.last - ports.first + 1;
}

/* Takes the brackets of "[A]-[B]:ports" away and cuts before the ports. Returns them, or NULL. An
 * IPv6 address without brackets has none. */
static char *ports_split(char *text)
{
	char *ports = strrchr(text, ']'), *to = text;

	if (ports)
		ports = ports[1] == ':' ? ports + 1 : NULL;
	else if (*text == ':' && text[1] != ':')
		ports = text;
	else
		ports = strchr(text, '.') ? strchr(text, ':') : NULL;
	if (ports)
		*ports++ = '\0';
	for (const char *from = text; *from; from++)
		if (*from != '[' && *from != ']')
			*to++ = *from;
	*to = '\0';
	return ports;
}

/* "A-B:N-M" and parts of it, into the pool. False: can't be read. */
static bool place_read(const char *text, struct snat_pool *pool)
{
	char copy[160], *ports;

	if (!*text || snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return false;
	ports = ports_split(copy);
	pool->addresses = *copy ? addresses_count(copy) : 1;
	pool->ports = ports ? ports_count(ports) : SNAT_PORTS;
	return pool->addresses && pool->ports;
}

static __u64 pairs(const struct snat_pool *pool)
{
	return pool->addresses * pool->ports;
}

/* ---- maps ---------------------------------------------------------------------------------- */

/* "A" or "A . port", the value of an element, as a place. */
static bool value_read(char *text, struct snat_pool *pool)
{
	char *port = strstr(text, " . "), place[160];

	text += strspn(text, " ");
	text[strcspn(text, " ,}")] = '\0';
	if (!port)
		return place_read(text, pool);
	port += 3;
	port[strcspn(port, " ,}")] = '\0';
	snprintf(place, sizeof(place), strchr(text, ':') ? "[%.70s]:%.16s" : "%.70s:%.16s", text, port);
	return place_read(place, pool);
}

/* Did an element before this one have the same address? Then it adds none. */
static bool is_repeated(const char *elements, const char *value)
{
	size_t length = strcspn(value, " ,}");

	for (const char *at = elements; (at = strstr(at, " : ")) && at + 3 < value; at += 3)
		if (!strncmp(at + 3, value, length) && strcspn(at + 3, " ,}") == length)
			return true;
	return false;
}

/* "{ KEY : VALUE, ... }": the smallest of the values, or all of them together. */
static bool map_read(const char *elements, bool together, struct snat_pool *pool)
{
	struct snat_pool sum = {}, value;
	char copy[160];

	for (const char *at = elements; (at = strstr(at, " : ")); at += 3) {
		snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(at + 3, ",}"), at + 3);
		if (!value_read(copy, &value))
			return false;
		if (!sum.addresses || (!together && pairs(&value) < pairs(&sum))) {
			sum = value;
		} else if (together && !is_repeated(elements, at + 3)) {
			sum.addresses += value.addresses;
			sum.ports = value.ports < sum.ports ? value.ports : sum.ports;
		}
	}
	pool->addresses = sum.addresses < SNAT_ADDRESSES_MAX ? sum.addresses : SNAT_ADDRESSES_MAX;
	pool->ports = sum.ports;
	return sum.addresses;
}

/* ---- rules --------------------------------------------------------------------------------- */

/* Where the word stands in the rule, or NULL. */
static const char *word_find(const char *rule, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = rule; (at = strstr(at, word)); at += length)
		if ((at == rule || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return at;
	return NULL;
}

static const char *behind(const char *at, const char *word)
{
	at += strlen(word);
	return at + strspn(at, " ");
}

/* What stands behind "snat [ip|ip6] [prefix] to ". False: can't be read. */
static bool target_read(const char *target, struct snat_pool *pool)
{
	const char *map = word_find(target, "map");
	char place[160];

	if (!map) {
		snprintf(place, sizeof(place), "%.*s", (int)strcspn(target, " "), target);
		return place_read(place, pool);
	}
	map = behind(map, "map");
	if (*map == '{')
		return map_read(map, strstr(target, " mod "), pool);
	return false;	/* what is in a named map is not listed */
}

static bool is_fixed(const struct snat_pool *pool)
{
	return pool->addresses == 1 && pool->ports == 1;
}

/*
 * iptables-nft hands rules over with targets of its own. nft translates them where it finds
 * libxtables' extensions; otherwise it prints nothing in their place, or `xt target "SNAT"` since
 * 1.0.7.
 */
static bool is_unreadable(const char *rule)
{
	return rule[strlen(rule) - 1] == ' ' || strstr(rule, "xt target \"SNAT\"") ||
	       strstr(rule, "xt target \"MASQUERADE\"") || strstr(rule, "xt target \"NETMAP\"");
}

/* Blanks what stands in quotes, which may say anything. */
static void quotes_blank(char *rule)
{
	bool quoted = false;

	for (; *rule; rule++) {
		if (*rule == '"')
			quoted = !quoted;
		else if (quoted)
			*rule = '_';
	}
}

/* The pool of one rule; false: it translates no sources, or has no pool. nat: one that can't be read
 * counts. */
static bool rule_read(const char *rule, bool nat, struct snat_pool *pool)
{
	char *bare = strdup(rule);
	const char *snat, *to;
	bool known = false;

	*pool = snat_pool_one(false, rule);
	if (!bare || !*bare) {
		free(bare);
		return false;
	}
	quotes_blank(bare);
	snat = word_find(bare, "snat");
	if (!snat)
		snat = word_find(bare, "masquerade");
	to = snat ? word_find(snat, "to") : NULL;
	if (snat)
		known = to ? target_read(behind(to, "to"), pool) : *snat == 'm';
	if (!known)
		*pool = snat_pool_one(true, rule);
	known = snat ? !is_fixed(pool) : nat && is_unreadable(rule);
	free(bare);
	return known;
}

/* ---- the listing --------------------------------------------------------------------------- */

/* Where in the listing we are. What can't be read is looked for in chains of type nat only, and in
 * those that iptables' ones call. */
struct place {
	bool	iptables;	/* the table has the name of iptables' one */
	bool	chain;		/* a chain that translates sources, or may be called by one */
	bool	nat;		/* a chain of which an unreadable rule counts */
};

/* A chain without a hook is one that others call. */
static void line_place(struct place *place, const char *line)
{
	if (!strncmp(line, "table ", 6))
		*place = (struct place){ .iptables = word_find(line, "nat") };
	else if (!strncmp(line, "\tchain ", 7))
		*place = (struct place){ place->iptables, .chain = true, .nat = place->iptables };
	else if (!strncmp(line, "\t}", 2))
		place->chain = false;
	else if (!strncmp(line, "\t\ttype ", 7) && strstr(line, " hook "))
		place->chain = place->nat = strstr(line, "type nat hook postrouting ");
}

bool snat_smallest(const char *listing, struct snat_pool *smallest)
{
	struct place place = {};
	struct snat_pool pool;
	bool any = false;

	while (*listing) {
		size_t length = strcspn(listing, "\n");
		char *line = strndup(listing, length);

		listing += length + (listing[length] == '\n');
		if (!line)
			continue;
		line_place(&place, line);
		if (place.chain && !strncmp(line, "\t\t", 2) && strncmp(line, "\t\ttype ", 7) &&
		    rule_read(line + 2, place.nat, &pool) && (!any || pairs(&pool) < pairs(smallest))) {
			*smallest = pool;
			any = true;
		}
		free(line);
	}
	return any;
}
