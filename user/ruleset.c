// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "device.h"
#include "listing.h"
#include "rule_match.h"
#include "ruleset.h"

struct judged {
	FILE		*to;
	const struct bypass *bypass;
	size_t		count;
	const struct prefix *own;
	size_t		own_count;
	size_t		warnings;
};

/* what was seen of a chain */
struct seen {
	bool		drops;		/* what no rule accepts */
	bool		tracked;	/* some rule accepts by `ct state established` */
	bool		untracked;	/* some rule speaks of untracked packets */
};

static void warn(struct judged *judged, const struct listed_chain *chain, const char *rule,
		 const char *why)
{
	listing_warn(judged->to, chain, rule, why);
	judged->warnings++;
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
static bool rule_opens(const struct judged *judged, const struct listed_chain *chain, const char *rule)
{
	for (size_t i = 0; i < judged->count; i++) {
		const struct bypass *bypass = &judged->bypass[i];

		if (!strcmp(chain->hook, "postrouting") && is_local(judged, bypass))
			continue;
		if (rule_meets(rule, bypass))
			return true;
	}
	return false;
}

static bool translates(const char *rule)
{
	static const char *const words[] = { "masquerade", "snat ", "dnat ", "redirect", "MASQUERADE",
					     "SNAT", "DNAT", "REDIRECT", NULL };

	for (size_t i = 0; words[i]; i++)
		if (strstr(rule, words[i]))
			return true;
	return false;
}

static void judge_rule(struct judged *judged, const struct listed_chain *chain, const char *rule,
		       struct seen *seen)
{
	bool states = strstr(rule, "ct state") || strstr(rule, "xt match");

	if (translates(rule) && !strstr(rule, "ct status") && rule_opens(judged, chain, rule))
		warn(judged, chain, rule, "can match what is bypassed, and an untracked packet is not "
		     "translated: name addresses that need no translation (to, from)");
	if (states && strstr(rule, "untracked"))
		seen->untracked = true;
	if (states && strstr(rule, "established") && strstr(rule, "accept"))
		seen->tracked = true;
	if (states && strstr(rule, "invalid") && strstr(rule, "drop") && !strcmp(chain->hook, "output"))
		warn(judged, chain, rule, "drops the ICMP errors that this machine itself sends about bypassed "
		     "packets, unless net.ipv4.fwmark_reflect and net.ipv6.fwmark_reflect are 1");
	if (!strcmp(rule, "drop") || !strncmp(rule, "reject", 6) || !strcmp(rule, "counter drop"))
		seen->drops = true;
}

static void judge_chain(struct judged *judged, const struct listing *listing,
			const struct listed_chain *chain)
{
	struct seen seen = { .drops = chain->drops };

	for (size_t i = 0; i < chain->count; i++)
		judge_rule(judged, chain, listing->rule[chain->first + i], &seen);
	if (strcmp(chain->hook, "input") && strcmp(chain->hook, "forward"))
		return;
	if (seen.drops && seen.tracked && !seen.untracked)
		warn(judged, chain, NULL, "accepts by `ct state established` and drops the rest: bypassed packets "
		     "that no other rule accepts are lost; add `ct state untracked accept`, or rules "
		     "for both directions");
}

size_t ruleset_judge(FILE *to, const char *text, const struct bypass *bypass, size_t count,
		     const struct prefix *own, size_t own_count)
{
	struct judged judged = { .to = to, .bypass = bypass, .count = count, .own = own,
				 .own_count = own_count };
	struct listing listing;

	if (!count)
		return 0;
	listing_read(text, &listing);
	for (size_t i = 0; i < listing.chain_count; i++)
		judge_chain(&judged, &listing, &listing.chain[i]);
	listing_free(&listing);
	return judged.warnings;
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
	char *text = count ? listing_text() : NULL;
	size_t warnings = text ? warn_bypass(to, text, bypass, count) : 0;

	free(text);
	return warnings;
}

size_t ruleset_check(FILE *to, const struct policy *policy)
{
	char *text = listing_text();
	size_t warnings = 0;

	if (text)
		warnings = warn_bypass(to, text, policy->bypass, policy->bypass_count) +
			   ruleset_judge_strays(to, text, policy);
	free(text);
	return warnings;
}
