// SPDX-License-Identifier: GPL-2.0-only
#include <netinet/in.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include "device.h"
#include "import.h"
#include "out.h"
#include "ruleset.h"

/* where in the listing we are, and what was seen of the chain */
struct chain {
	char		table[160];
	char		name[128];
	char		hook[16];
	bool		drops;		/* what no rule accepts */
	bool		tracked;	/* some rule accepts by `ct state established` */
	bool		untracked;	/* some rule speaks of untracked packets */
};

struct judged {
	FILE		*to;
	bool		strays;		/* is it about flows that weir does not find in conntrack? */
	const struct bypass *bypass;
	size_t		count;
	const struct prefix *own;
	size_t		own_count;
	struct chain	chain;
	size_t		warnings;
};

static void warn(struct judged *judged, const char *rule, const char *why)
{
	char place[400], shown[1200], text[2048];

	snprintf(place, sizeof(place), "table %s, chain %s", judged->chain.table, judged->chain.name);
	fprintf(judged->to, "weir: warning: %s", out_escape(place, shown, sizeof(shown)));
	if (rule)
		fprintf(judged->to, ": `%s`", out_escape(rule, text, sizeof(text)));
	fprintf(judged->to, "\n  %s\n", why);
	judged->warnings++;
}

/* ---- does a rule speak of these flows? ----------------------------------------------------- */

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

static bool address_meets(const char *rule, const char *side, const struct prefix *prefix)
{
	char four[16], six[16];

	if (!prefix->family)
		return true;
	if (strstr(rule, prefix->family == 4 ? "ip6 " : "ip "))
		return false;
	snprintf(four, sizeof(four), "ip %s ", side);
	snprintf(six, sizeof(six), "ip6 %s ", side);
	return match_meets(rule, prefix->family == 4 ? four : six, meets_prefix, prefix);
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

/* Is it delivered here? Then no rule behind the routing decision sees it. */
static bool is_local(const struct judged *judged, const struct bypass *bypass)
{
	for (size_t i = 0; i < judged->own_count && bypass->to.family; i++)
		if (prefix_covers(&judged->own[i], &bypass->to))
			return true;
	return false;
}

/* Could the rule be asked about the first packet of a bypassed flow? */
static bool rule_meets(const struct judged *judged, const char *rule)
{
	for (size_t i = 0; i < judged->count; i++) {
		const struct bypass *bypass = &judged->bypass[i];

		if (!strcmp(judged->chain.hook, "postrouting") && is_local(judged, bypass))
			continue;
		if (address_meets(rule, "saddr", &bypass->from) &&
		    address_meets(rule, "daddr", &bypass->to) && service_meets(rule, bypass))
			return true;
	}
	return false;
}

/* ---- what it does to them ------------------------------------------------------------------ */

static bool translates(const char *rule)
{
	static const char *const words[] = { "masquerade", "snat ", "dnat ", "redirect", "MASQUERADE",
					     "SNAT", "DNAT", "REDIRECT", NULL };

	for (size_t i = 0; words[i]; i++)
		if (strstr(rule, words[i]))
			return true;
	return false;
}

static void judge_rule(struct judged *judged, const char *rule)
{
	struct chain *chain = &judged->chain;
	bool states = strstr(rule, "ct state") || strstr(rule, "xt match");

	if (translates(rule) && !strstr(rule, "ct status") && rule_meets(judged, rule))
		warn(judged, rule, "can match what is bypassed, and an untracked packet is not "
		     "translated: name addresses that need no translation (to, from)");
	if (states && strstr(rule, "untracked"))
		chain->untracked = true;
	if (states && strstr(rule, "established") && strstr(rule, "accept"))
		chain->tracked = true;
	if (states && strstr(rule, "invalid") && strstr(rule, "drop") && !strcmp(chain->hook, "output"))
		warn(judged, rule, "drops the ICMP errors that this machine itself sends about bypassed "
		     "packets, unless net.ipv4.fwmark_reflect and net.ipv6.fwmark_reflect are 1");
	if (!strcmp(rule, "drop") || !strncmp(rule, "reject", 6) || !strcmp(rule, "counter drop"))
		chain->drops = true;
}

/* ---- flows that weir does not find --------------------------------------------------------- */

/* Does the rule say these words, and not in a comment or a name? */
static bool says(const char *rule, const char *words)
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

static bool side_covers(const struct prefix *wide, const struct prefix *narrow)
{
	return !wide->family || (narrow->family && prefix_covers(wide, narrow));
}

/* Is all that the one says said by the other? Without ports, both directions say the same. */
static bool bypass_covers(const struct bypass *wide, const struct bypass *narrow)
{
	if (wide->protocol && wide->protocol != narrow->protocol)
		return false;
	if (wide->ports.first && (narrow->ports.first < wide->ports.first ||
				  narrow->ports.last > wide->ports.last))
		return false;
	if (side_covers(&wide->to, &narrow->to) && side_covers(&wide->from, &narrow->from))
		return true;
	return !wide->ports.first && !narrow->ports.first && side_covers(&wide->to, &narrow->from) &&
	       side_covers(&wide->from, &narrow->to);
}

struct covered {
	const struct judged *judged;
	bool		all;		/* what the rule says is bypassed */
	bool		known;		/* it can be said as a bypass */
};

static int covered_take(const struct bypass *bypass, void *data, struct fail *fail)
{
	struct covered *covered = data;
	bool found = false;

	(void)fail;
	for (size_t i = 0; i < covered->judged->count && !found; i++)
		found = bypass_covers(&covered->judged->bypass[i], bypass);
	covered->all &= found;
	return 0;
}

static void covered_leave(const char *rule, const char *why, void *data)
{
	struct covered *covered = data;

	(void)rule, (void)why;
	covered->known = false;
}

static void judge_notrack(struct judged *judged, const char *rule)
{
	struct covered covered = { .judged = judged, .all = true, .known = true };
	struct fail ignored;

	import_rules(rule, &(struct import){ covered_take, covered_leave, &covered }, &ignored);
	if (covered.known && covered.all)
		return;
	warn(judged, rule, covered.known ? "makes flows untracked, and to weir their answers are strays: "
	     "`nft list ruleset | weir bypass import` says them as a bypass; or trust their addresses, or "
	     "say check { stray off }" : "makes flows untracked, and to weir their answers are strays: say "
	     "them as a bypass, by addresses and ports, or trust their addresses, or say check { stray off }");
}

static void judge_stray(struct judged *judged, const char *rule)
{
	bool zone = says(rule, "zone set") && !says(rule, "zone set 0");

	if (says(rule, "notrack"))
		judge_notrack(judged, rule);
	else if (says(rule, "ct") && zone)
		warn(judged, rule, "tracks flows in a zone where weir does not look, and to weir their answers "
		     "are strays: trust their addresses, or say check { stray off }");
	else if (strstr(rule, "xt target \"CT\"") || strstr(rule, "xt target \"NOTRACK\""))
		warn(judged, rule, "may make flows untracked, or track them in a zone where weir does not look: "
		     "their answers are strays then; bypass them or trust their addresses, or say "
		     "check { stray off }");
}

/* ---- the listing --------------------------------------------------------------------------- */

static void judge_chain(struct judged *judged)
{
	const struct chain *chain = &judged->chain;

	if (strcmp(chain->hook, "input") && strcmp(chain->hook, "forward"))
		return;
	if (chain->drops && chain->tracked && !chain->untracked)
		warn(judged, NULL, "accepts by `ct state established` and drops the rest: bypassed packets "
		     "that no other rule accepts are lost; add `ct state untracked accept`, or rules "
		     "for both directions");
}

/* "type filter hook input priority filter; policy drop;" */
static void judge_head(struct judged *judged, const char *line)
{
	const char *hook = strstr(line, " hook ");

	if (hook)
		snprintf(judged->chain.hook, sizeof(judged->chain.hook), "%.*s",
			 (int)strcspn(hook + 6, " "), hook + 6);
	judged->chain.drops = strstr(line, "policy drop");
}

static void judge_line(struct judged *judged, char *line, bool *in_chain)
{
	struct chain *chain = &judged->chain;
	char *brace = strrchr(line, '{');

	if (brace && brace > line && brace[1] == '\0')
		brace[-1] = '\0';
	if (!strncmp(line, "table ", 6)) {
		*chain = (struct chain){};
		snprintf(chain->table, sizeof(chain->table), "%s", line + 6);
		return;
	}
	if (!strncmp(line, "\tchain ", 7)) {
		*in_chain = true;
		snprintf(chain->name, sizeof(chain->name), "%s", line + 7);
		chain->hook[0] = '\0';
		chain->drops = chain->tracked = chain->untracked = false;
		return;
	}
	if (!*in_chain)
		return;
	if (!strcmp(line, "\t}")) {
		if (!judged->strays)
			judge_chain(judged);
		*in_chain = false;
		return;
	}
	line += strspn(line, "\t");
	if (!strncmp(line, "type ", 5))
		judge_head(judged, line);
	else if (!strstr(chain->table, " weir_"))
		(judged->strays ? judge_stray : judge_rule)(judged, line);
}

static size_t judge(struct judged *judged, const char *text)
{
	char *copy = strdup(text), *line, *rest;
	bool in_chain = false;

	if (!copy)
		return 0;
	for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		judge_line(judged, line, &in_chain);
	free(copy);
	return judged->warnings;
}

size_t ruleset_judge(FILE *to, const char *text, const struct bypass *bypass, size_t count,
		     const struct prefix *own, size_t own_count)
{
	struct judged judged = { .to = to, .bypass = bypass, .count = count, .own = own,
				 .own_count = own_count };

	return count ? judge(&judged, text) : 0;
}

size_t ruleset_judge_strays(FILE *to, const char *text, const struct policy *policy)
{
	struct judged judged = { .to = to, .strays = true, .bypass = policy->bypass,
				 .count = policy->bypass_count };

	return policy->check.stray != CHECK_OFF ? judge(&judged, text) : 0;
}

/* The rules of this machine; NULL: they can't be read. The caller frees it. */
static char *ruleset_text(void)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	char *text = NULL;

	if (!nft)
		return NULL;
	if (!nft_ctx_buffer_output(nft) && !nft_ctx_buffer_error(nft) &&
	    !nft_run_cmd_from_buffer(nft, "list ruleset"))
		text = strdup(nft_ctx_get_output_buffer(nft));
	nft_ctx_free(nft);
	return text;
}

static size_t warn_bypass(FILE *to, const char *text, const struct bypass *bypass, size_t count)
{
	struct prefix *own = NULL;
	size_t own_count = 0, warnings;

	if (device_addresses(&own, &own_count))
		own = NULL;
	warnings = ruleset_judge(to, text, bypass, count, own, own ? own_count : 0);
	free(own);
	return warnings;
}

size_t ruleset_warn(FILE *to, const struct bypass *bypass, size_t count)
{
	char *text = count ? ruleset_text() : NULL;
	size_t warnings = text ? warn_bypass(to, text, bypass, count) : 0;

	free(text);
	return warnings;
}

size_t ruleset_check(FILE *to, const struct policy *policy)
{
	char *text = ruleset_text();
	size_t warnings = 0;

	if (text)
		warnings = warn_bypass(to, text, policy->bypass, policy->bypass_count) +
			   ruleset_judge_strays(to, text, policy);
	free(text);
	return warnings;
}
