// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <string.h>
#include "rule_match.h"

bool rule_has(const char *rule, const char *words)
{
	size_t length = strlen(words);
	bool quoted = false;

	for (const char *at = rule; *at; at++) {
		if (*at == '"')
			quoted = !quoted;
		if (!quoted && !strncmp(at, words, length) && (at == rule || at[-1] == ' ') &&
		    (!at[length] || at[length] == ' '))
			return true;
	}
	return false;
}

/* One value of a match against a prefix; what can't be read may be anything. */
static bool value_meets(const char *value, const struct prefix *prefix)
{
	struct prefix said;
	struct fail ignored;

	if (prefix_parse(value, &said, &ignored))
		return true;
	return prefix_covers(&said, prefix) || prefix_covers(prefix, &said);
}

static bool ports_meet(const char *value, const struct ports *ports)
{
	struct ports said;
	struct fail ignored;

	if (ports_parse(value, &said, &ignored))
		return true;
	return said.first <= ports->last && ports->first <= said.last;
}

/*
 * Calls meets() for each value of "field VALUE" or "field { VALUE, ... }" in the rule. True when
 * one does, when the rule has no such match, and when it is one that is not understood.
 */
static bool match_meets(const char *rule, const char *field,
			bool (*meets)(const char *value, const void *with), const void *with)
{
	const char *at = strstr(rule, field);
	char values[512], *value, *rest;
	size_t length;

	if (!at)
		return true;
	at += strlen(field);
	length = *at == '{' ? strcspn(at, "}") : strcspn(at, " ");
	if (*at == '@' || *at == '!' || length >= sizeof(values))
		return true;
	snprintf(values, sizeof(values), "%.*s", (int)length, at);
	for (value = strtok_r(values, "{, ", &rest); value; value = strtok_r(NULL, "{, ", &rest))
		if (meets(value, with))
			return true;
	return false;
}

static bool meets_prefix(const char *value, const void *prefix)
{
	return value_meets(value, prefix);
}

static bool meets_ports(const char *value, const void *ports)
{
	return ports_meet(value, ports);
}

/* table: the family of its table, 0: both */
static bool family_meets(const char *rule, int table, const struct bypass *bypass)
{
	int family = bypass->to.family ? bypass->to.family : bypass->from.family;

	if (!family)
		return true;
	if (table && table != family)
		return false;
	if (rule_has(rule, family == 4 ? "nfproto ipv6" : "nfproto ipv4"))
		return false;
	/* "log flags ip options" is of no family */
	return !rule_has(rule, family == 4 ? "ip6" : "ip") || rule_has(rule, "flags ip");
}

static bool address_meets(const char *rule, const char *side, const struct prefix *prefix)
{
	char field[16];

	if (!prefix->family)
		return true;
	snprintf(field, sizeof(field), "%s %s ", prefix->family == 4 ? "ip" : "ip6", side);
	return match_meets(rule, field, meets_prefix, prefix);
}

static bool service_meets(const char *rule, const struct bypass *bypass)
{
	bool tcp = strstr(rule, "tcp dport "), udp = strstr(rule, "udp dport ");

	if ((tcp && bypass->protocol && bypass->protocol != IPPROTO_TCP) ||
	    (udp && bypass->protocol && bypass->protocol != IPPROTO_UDP))
		return false;
	if (!bypass->ports.first || (!tcp && !udp))
		return true;
	return match_meets(rule, tcp ? "tcp dport " : "udp dport ", meets_ports, &bypass->ports);
}

bool rule_meets(const char *rule, int table, const struct bypass *bypass)
{
	return family_meets(rule, table, bypass) && address_meets(rule, "saddr", &bypass->from) &&
	       address_meets(rule, "daddr", &bypass->to) && service_meets(rule, bypass);
}

/* The port of a client is none that services have. */
#define CLIENT_PORTS ((struct ports){ 1024, 65535 })

bool rule_concerns(const char *rule, int table, const struct bypass *bypass)
{
	struct bypass back = *bypass;

	back.to = bypass->from;
	back.from = bypass->to;
	back.ports = CLIENT_PORTS;
	return rule_meets(rule, table, bypass) || rule_meets(rule, table, &back);
}
