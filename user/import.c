// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "import.h"
#include "import_chain.h"
#include "import_statement.h"

#define LINE_MAX_BYTES	1000000	/* a rule with more is left, with its line */
#define LEFT_BYTES	400	/* of a rule that is left so many are shown */

/* A rule that makes packets untracked. */
struct old_rule {
	size_t		number;		/* of its line */
	char		*line, *words;	/* owned; words: cut up, what match points into */
	struct match	match;
	struct statements statements;
	enum chain_hook	hook;
	bool		narrowed;	/* it holds for less than it says */
	char		why[200];	/* it is left; "": it is taken */
};

struct rules {
	struct old_rule	*at;		/* owned */
	size_t		count, room;
	struct chains	chains;
};

static int no_memory(struct fail *fail)
{
	return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
}

/* ---- lines --------------------------------------------------------------------------------- */

/* What stands before a line: spaces, and the counters of `iptables-save -c`. */
static size_t before_line(const char *text)
{
	size_t spaces = strspn(text, " \t"), counters = strspn(text + spaces, "[0123456789:");

	return text[spaces] == '[' && !strncmp(text + spaces + counters, "] ", 2) ?
	       spaces + counters + 2 : spaces;
}

/*
 * Calls each() with every line that is not empty, without what stands before it. It returns 0,
 * or the failure that stops the reading.
 */
static int lines_each(const char *text, struct rules *rules,
		      int (*each)(struct rules *rules, const char *line, size_t number,
				  struct fail *fail), struct fail *fail)
{
	int result = 0;

	chains_begin(&rules->chains);
	for (size_t number = 1; *text && !result; number++) {
		size_t length = strcspn(text, "\n"), before = before_line(text);

		if (before < length) {
			char *line = strndup(text + before, length - before);

			result = line ? each(rules, line, number, fail) : no_memory(fail);
			free(line);
		}
		text += length + (text[length] == '\n');
	}
	return result;
}

/* The first pass: which chains let packets by? Behind `notrack` they may, untracked as they are. */
static int line_learn(struct rules *rules, const char *line, size_t number, struct fail *fail)
{
	struct chain *chain = chains_line(&rules->chains, line);

	(void)number;
	if (rules->chains.failed)
		return no_memory(fail);
	if (chain && !line_untracks(line))
		chain_learn(chain, line);
	return 0;
}

/* ---- rules --------------------------------------------------------------------------------- */

static struct old_rule *rule_new(struct rules *rules, const char *line, size_t number)
{
	size_t room = rules->room ? rules->room * 2 : 16;
	struct old_rule *grown = rules->at;

	if (rules->count == rules->room) {
		grown = reallocarray(rules->at, room, sizeof(*grown));
		if (!grown)
			return NULL;
		rules->at = grown;
		rules->room = room;
	}
	grown[rules->count] = (struct old_rule){
		.number = number, .line = strdup(line), .words = strdup(line),
	};
	return &grown[rules->count++];
}

static void rules_free(struct rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		free(rules->at[i].line);
		free(rules->at[i].words);
		free(rules->at[i].statements.at);
	}
	free(rules->at);
	chains_free(&rules->chains);
}

/* The rule may hold for some of the packets only that it speaks of. */
static void rule_place(struct old_rule *rule, const struct chain *chain)
{
	if (chain->hook != CHAIN_CALLED && !chain->exception)
		return;
	rule->narrowed = true;
	if (chain->hook == CHAIN_CALLED)
		snprintf(rule->why, sizeof(rule->why), "is in a chain that others jump to");
	else
		snprintf(rule->why, sizeof(rule->why), "stands behind an exception in line %zu",
			 chain->exception);
}

static int rule_read(struct old_rule *rule, const struct chain *chain, unsigned int family,
		     struct fail *fail)
{
	int result;

	rule->hook = chain->hook;
	if (!rule->match.family)
		rule->match.family = family;
	result = statements_read(&rule->match, &rule->statements, fail);
	if (result > 0)
		snprintf(rule->why, sizeof(rule->why), "%s", rule->match.why);
	else
		rule_place(rule, chain);
	return result < 0 ? result : 0;
}

/* The second pass. */
static int line_read(struct rules *rules, const char *line, size_t number, struct fail *fail)
{
	struct chain *chain = chains_line(&rules->chains, line);
	struct old_rule *rule;

	if (!chain)
		return 0;
	if (!line_untracks(line)) {
		if (!chain->exception && chain_excepts(&rules->chains, chain, line))
			chain->exception = number;
		return 0;
	}
	rule = rule_new(rules, line, number);
	if (!rule || !rule->line || !rule->words)
		return no_memory(fail);
	if (strlen(line) > LINE_MAX_BYTES) {
		snprintf(rule->why, sizeof(rule->why), "is longer than a million bytes: split it");
		return 0;
	}
	if (*line == '-')
		match_iptables(rule->words, &rule->match);
	else
		match_nft(rule->words, &rule->match);
	return rule_read(rule, chain, rules->chains.family, fail);
}

/* ---- what they say together ---------------------------------------------------------------- */

static bool says(const struct old_rule *rule, const struct bypass *bypass)
{
	for (size_t i = 0; i < rule->statements.count; i++)
		if (bypass_same(&rule->statements.at[i], bypass))
			return true;
	return false;
}

/*
 * A statement means both directions. Where the rule for one of them is narrowed, that for the other
 * would bring it back as a whole. One at the same place for the same direction is not narrowed by it.
 */
static bool undoes(const struct old_rule *rule, const struct old_rule *narrowed)
{
	if (rule->hook == narrowed->hook &&
	    match_is_back(&rule->match) == match_is_back(&narrowed->match))
		return false;
	for (size_t i = 0; i < rule->statements.count; i++)
		if (says(narrowed, &rule->statements.at[i]))
			return true;
	return false;
}

static void rules_pair(struct rules *rules)
{
	for (size_t n = 0; n < rules->count; n++) {
		const struct old_rule *narrowed = &rules->at[n];

		for (size_t i = 0; narrowed->narrowed && i < rules->count; i++) {
			struct old_rule *rule = &rules->at[i];

			if (!rule->why[0] && undoes(rule, narrowed))
				snprintf(rule->why, sizeof(rule->why),
					 "says the same as line %zu, which is not taken",
					 narrowed->number);
		}
	}
}

/* What is left is shown in a line, so it is not shown in full. */
static void rule_leave(const struct old_rule *rule, const struct import *import)
{
	char shown[LEFT_BYTES], placed[256];

	snprintf(shown, sizeof(shown), "%s", rule->line);
	if (strlen(rule->line) >= sizeof(shown))
		memcpy(shown + sizeof(shown) - 4, "...", 4);
	snprintf(placed, sizeof(placed), "%s (line %zu)", rule->why, rule->number);
	import->leave(shown, placed, import->data);
}

static int rule_take(const struct old_rule *rule, const struct import *import, struct fail *fail)
{
	int result = 0;

	for (size_t i = 0; i < rule->statements.count && !result; i++)
		result = import->take(&rule->statements.at[i], import->data, fail);
	return result;
}

int import_rules(const char *text, const struct import *import, struct fail *fail)
{
	struct rules rules = {};
	int result = lines_each(text, &rules, line_learn, fail);

	if (!result)
		result = lines_each(text, &rules, line_read, fail);
	if (!result)
		rules_pair(&rules);
	for (size_t i = 0; i < rules.count && !result; i++) {
		if (rules.at[i].why[0])
			rule_leave(&rules.at[i], import);
		else
			result = rule_take(&rules.at[i], import, fail);
	}
	rules_free(&rules);
	return result;
}
