// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "import.h"
#include "listing.h"
#include "rule_match.h"
#include "ruleset.h"

struct judged {
	FILE		*to;
	const struct policy *policy;
	size_t		warnings;
};

static void warn(struct judged *judged, const struct listed_chain *chain, const char *rule,
		 const char *why)
{
	listing_warn(judged->to, chain, rule, why);
	judged->warnings++;
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
	const struct policy *policy;
	bool		all;		/* what the rule says is bypassed */
	bool		known;		/* it can be said as a bypass */
};

static int covered_take(const struct bypass *bypass, void *data, struct fail *fail)
{
	struct covered *covered = data;
	bool found = false;

	(void)fail;
	for (size_t i = 0; i < covered->policy->bypass_count && !found; i++)
		found = bypass_covers(&covered->policy->bypass[i], bypass);
	covered->all &= found;
	return 0;
}

static void covered_leave(const char *rule, const char *why, void *data)
{
	struct covered *covered = data;

	(void)rule, (void)why;
	covered->known = false;
}

static void judge_notrack(struct judged *judged, const struct listed_chain *chain,
			  const char *rule)
{
	struct covered covered = { .policy = judged->policy, .all = true, .known = true };
	struct fail ignored;

	import_rules(rule, &(struct import){ covered_take, covered_leave, &covered }, &ignored);
	if (covered.known && covered.all)
		return;
	warn(judged, chain, rule, covered.known ? "makes flows untracked, and to weir their answers are strays: "
	     "`nft list ruleset | weir bypass import` says them as a bypass; or trust their addresses, or "
	     "say check { stray off }" : "makes flows untracked, and to weir their answers are strays: say "
	     "them as a bypass, by addresses and ports, or trust their addresses, or say check { stray off }");
}

static void judge_rule(struct judged *judged, const struct listed_chain *chain, const char *rule)
{
	bool zone = rule_has(rule, "zone set") && !rule_has(rule, "zone set 0");

	if (rule_has(rule, "notrack"))
		judge_notrack(judged, chain, rule);
	else if (rule_has(rule, "ct") && zone)
		warn(judged, chain, rule, "tracks flows in a zone where weir does not look, and to weir their answers "
		     "are strays: trust their addresses, or say check { stray off }");
	else if (strstr(rule, "xt target \"CT\"") || strstr(rule, "xt target \"NOTRACK\""))
		warn(judged, chain, rule, "may make flows untracked, or track them in a zone where weir does not look: "
		     "their answers are strays then; bypass them or trust their addresses, or say "
		     "check { stray off }");
}

size_t ruleset_judge_strays(FILE *to, const char *text, const struct policy *policy)
{
	struct judged judged = { .to = to, .policy = policy };
	struct listing listing;

	if (policy->check.stray == CHECK_OFF)
		return 0;
	listing_read(text, &listing);
	for (size_t i = 0; i < listing.chain_count; i++) {
		const struct listed_chain *chain = &listing.chain[i];

		for (size_t j = 0; j < chain->count; j++)
			judge_rule(&judged, chain, listing.rule[chain->first + j].text);
	}
	listing_free(&listing);
	return judged.warnings;
}
