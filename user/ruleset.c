// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "device.h"
#include "listing.h"
#include "rule.h"
#include "rule_match.h"
#include "ruleset.h"

struct judged {
	FILE		*to;
	const struct bypass *bypass;
	size_t		count;
	const struct prefix *own;
	size_t		own_count;
	struct listing	listing;
	size_t		warnings;
};

#define WALK_DEPTH	16	/* chains in each other: the kernel's own limit */
#define WALK_JUMPS	4096	/* from one base chain */

/* what was seen on the way of an untracked packet through a chain, and those it jumps to */
struct way {
	struct judged	*judged;
	const char	*hook;
	unsigned int	depth;
	unsigned int	*jumps;		/* that are left */
	unsigned int	dropped;	/* states of what no rule accepts */
	bool		tracked;	/* some rule accepts by `ct state established` */
	bool		untracked;	/* some rule accepts by `ct state untracked` */
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
		if (rule_meets(rule, chain->family, bypass))
			return true;
	}
	return false;
}

static bool translates(const char *rule)
{
	static const char *const words[] = { "masquerade", "snat", "dnat", "redirect", NULL };
	static const char *const targets[] = { "\"MASQUERADE\"", "\"SNAT\"", "\"DNAT\"", "\"REDIRECT\"", NULL };

	if (rule_has(rule, "ct status") || rule_has(rule, "icmp type"))
		return false;	/* what was translated; an ICMP type is named redirect */
	for (size_t i = 0; words[i]; i++)
		if (rule_has(rule, words[i]))
			return true;
	for (size_t i = 0; targets[i] && strstr(rule, "xt target "); i++)
		if (strstr(rule, targets[i]))
			return true;
	return false;
}

static void judge_rule(struct judged *judged, const struct listed_chain *chain,
		       const struct listed_rule *rule)
{
	if (translates(rule->words) && rule_opens(judged, chain, rule->words))
		warn(judged, chain, rule->text, "can match what is bypassed, and an untracked packet is not "
		     "translated: name addresses that need no translation (to, from)");
}

/* ---- the way of an untracked packet -------------------------------------------------------- */

static bool concerns(const struct judged *judged, const struct listed_chain *chain, const char *rule)
{
	for (size_t i = 0; i < judged->count; i++)
		if (rule_concerns(rule, chain->family, &judged->bypass[i]))
			return true;
	return false;
}

/* A rule that drops packets for their states, here or where it jumps to. */
static void warn_drop(struct way *way, const struct listed_chain *chain, struct listed_rule *rule,
		      unsigned int states)
{
	const char *why = NULL;

	if (states & RULE_UNTRACKED)
		why = "drops untracked packets, as those that are bypassed: take `untracked` out of what it "
		      "drops, or put `ct state untracked accept` in front of it";
	else if (states & RULE_INVALID && !strcmp(way->hook, "output"))
		why = "drops the ICMP errors that this machine itself sends about bypassed packets, unless "
		      "net.ipv4.fwmark_reflect and net.ipv6.fwmark_reflect are 1";
	if (!why || rule->named)
		return;
	rule->named = true;	/* several chains can lead to it */
	warn(way->judged, chain, rule->text, why);
}

static unsigned int walk(const struct listed_chain *chain, unsigned int states, bool said,
			 struct way *way);

/* Returns the states of the packets that come back. */
static unsigned int walk_jump(const struct listed_chain *from, struct listed_rule *rule, bool plain,
			      const struct rule_branch *branch, unsigned int states, bool said,
			      struct way *way)
{
	const struct listed_chain *to = listing_jump(&way->judged->listing, from, branch->chain,
						     branch->chain_length);
	struct way there = *way;
	unsigned int back;

	there.depth++;
	there.dropped = 0;
	there.tracked = there.untracked = false;
	if (!to || there.depth >= WALK_DEPTH || !*way->jumps)
		return states;
	--*way->jumps;
	back = walk(to, states, said, &there);
	way->tracked |= there.tracked;
	way->untracked |= there.untracked;
	if (branch->said)
		warn_drop(way, from, rule, there.dropped);
	/* a chain for some packets drops the rest of these only if it also accepts some by their state */
	else if (plain || (there.tracked && !there.untracked))
		way->dropped |= there.dropped;
	return back;
}

/*
 * One branch of a rule: *states go on behind it, *out leave the chain by its end. said: some rule
 * on the way here has asked for states.
 */
static void walk_branch(const struct listed_chain *chain, struct listed_rule *rule, bool plain,
			const struct rule_branch *branch, unsigned int *states, unsigned int *out,
			bool said, struct way *way)
{
	unsigned int here = *states & branch->states, back = 0;

	said |= branch->said;
	switch (branch->verdict) {
	case RULE_NO_VERDICT:
		return;
	case RULE_ACCEPT:
		way->tracked |= said && here & RULE_ESTABLISHED;
		way->untracked |= said && here & RULE_UNTRACKED;
		break;
	case RULE_DROP:
		if (branch->said)
			warn_drop(way, chain, rule, here);
		else if (plain)
			way->dropped |= here;
		break;
	case RULE_RETURN:
		*out |= plain ? here : 0;
		break;
	case RULE_JUMP:
	case RULE_GOTO:
		back = walk_jump(chain, rule, plain, branch, here, said, way);
		break;
	}
	if (!plain)
		return;
	*states &= ~here;
	*(branch->verdict == RULE_GOTO ? out : states) |= back;
}

/* Returns the states of the packets that leave the chain by its end. */
static unsigned int walk(const struct listed_chain *chain, unsigned int states, bool said,
			 struct way *way)
{
	unsigned int out = 0;
	struct rule_says says;

	for (size_t i = 0; i < chain->count && states; i++) {
		struct listed_rule *rule = &way->judged->listing.rule[chain->first + i];

		if (!concerns(way->judged, chain, rule->words))
			continue;
		rule_read(rule->words, &says);
		for (size_t j = 0; j < says.count; j++)
			walk_branch(chain, rule, says.plain, &says.branch[j], &states, &out, said, way);
	}
	return out | states;
}

static void judge_chain(struct judged *judged, const struct listed_chain *chain)
{
	unsigned int jumps = WALK_JUMPS, left;
	struct way way = { .judged = judged, .hook = chain->hook, .jumps = &jumps };

	for (size_t i = 0; i < chain->count; i++)
		judge_rule(judged, chain, &judged->listing.rule[chain->first + i]);
	if (!*chain->hook)
		return;
	left = walk(chain, RULE_ANY, false, &way);
	if (chain->drops)
		way.dropped |= left;
	if (strcmp(chain->hook, "input") && strcmp(chain->hook, "forward"))
		return;
	if (way.dropped & RULE_UNTRACKED && way.tracked && !way.untracked)
		warn(judged, chain, NULL, "accepts by `ct state established` and drops the rest: bypassed packets "
		     "that no other rule accepts are lost; add `ct state untracked accept`, or rules "
		     "for both directions");
}

size_t ruleset_judge(FILE *to, const char *text, const struct bypass *bypass, size_t count,
		     const struct prefix *own, size_t own_count)
{
	struct judged judged = { .to = to, .bypass = bypass, .count = count, .own = own,
				 .own_count = own_count };

	if (!count)
		return 0;
	listing_read(text, &judged.listing);
	for (size_t i = 0; i < judged.listing.chain_count; i++)
		judge_chain(&judged, &judged.listing.chain[i]);
	listing_free(&judged.listing);
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
