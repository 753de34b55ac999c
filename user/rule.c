// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "rule.h"

/* ---- words --------------------------------------------------------------------------------- */

struct word {
	const char	*at;
	size_t		length;		/* 0: there is none */
};

/* "..." is one word, { ... } too. */
static struct word word_next(const char **rest)
{
	struct word word = { .at = *rest + strspn(*rest, " ,") };
	const char close = *word.at == '{' ? '}' : *word.at == '"' ? '"' : '\0';
	const char *end = close ? strchr(word.at + 1, close) : NULL;

	word.length = end ? (size_t)(end + 1 - word.at) : strcspn(word.at, " ");
	*rest = word.at + word.length;
	return word;
}

static bool word_is(struct word word, const char *text)
{
	return word.length == strlen(text) && !strncmp(word.at, text, word.length);
}

static bool take(const char **rest, const char *text)
{
	const char *after = *rest;

	if (!word_is(word_next(&after), text))
		return false;
	*rest = after;
	return true;
}

/* ---- states -------------------------------------------------------------------------------- */

static unsigned int state_of(struct word word)
{
	static const char *const words[] = {
		"invalid", "established", "related", "new", "untracked", NULL
	};

	for (unsigned int i = 0; words[i]; i++)
		if (word_is(word, words[i]))
			return 1U << i;
	return 0;
}

/* "established,related" or "{ established, related }"; 0: it says something else as well */
static unsigned int states_of(struct word list)
{
	const char *at = list.at, *end = list.at + list.length;
	unsigned int states = 0;

	while (at < end) {
		struct word word = { at, strcspn(at, " ,{}") };
		unsigned int state;

		if (word.at + word.length > end)
			word.length = end - word.at;
		at += word.length ? word.length : 1;
		state = state_of(word);
		if (word.length && !state)
			return 0;
		states |= state;
	}
	return states;
}

/*
 * What stands behind "ct state". nft lists `!= established,related` as "!= established | related",
 * and a mask as "established / established,related". 0: it can't be read, and *rest stays.
 */
static unsigned int states_read(const char **rest)
{
	const char *at = *rest;
	bool negated = take(&at, "!=") || take(&at, "!");
	unsigned int states = states_of(word_next(&at));

	while (states && take(&at, "|"))
		states |= states_of(word_next(&at));
	if (states && take(&at, "/"))
		word_next(&at);
	if (!states || take(&at, "."))
		return 0;
	*rest = at;
	return negated ? RULE_ANY & ~states : states;
}

/* ---- verdicts ------------------------------------------------------------------------------ */

/* Reads the rest of what begins with the word; false: it is no verdict. */
static bool verdict_read(struct word word, const char **rest, struct rule_branch *branch)
{
	if (word_is(word, "accept"))
		branch->verdict = RULE_ACCEPT;
	else if (word_is(word, "drop") || word_is(word, "reject"))
		branch->verdict = RULE_DROP;
	else if (word_is(word, "return"))
		branch->verdict = RULE_RETURN;
	else if (word_is(word, "jump") || word_is(word, "goto"))
		branch->verdict = word_is(word, "jump") ? RULE_JUMP : RULE_GOTO;
	else
		return false;
	if (word_is(word, "reject"))
		*rest += strlen(*rest);		/* with what: nothing else comes behind it */
	if (branch->verdict < RULE_JUMP)
		return true;
	word = word_next(rest);
	branch->chain = word.at;
	branch->chain_length = word.length;
	return true;
}

/* "{ established : accept, invalid : jump odd }"; states: its keys are those */
static void map_read(struct word map, bool states, const struct rule_branch *base, struct rule_says *rule)
{
	const char *at = map.at + 1, *end = map.at + map.length - 1;

	rule->count = 0;
	while (map.length > 2 && at < end && rule->count < RULE_BRANCHES) {
		const char *stop = memchr(at, ',', end - at), *colon = strstr(at, " : "), *verdict;
		struct rule_branch branch = *base;
		struct word word;

		stop = stop ? stop : end - (end[-1] == ' ');
		if (!colon || colon >= stop)
			return;
		verdict = colon + 3;
		word = (struct word){ verdict, strcspn(verdict, " ,}") };
		verdict = word.at + word.length;
		verdict_read(word, &verdict, &branch);
		if (branch.chain && branch.chain + branch.chain_length > stop)
			branch.chain_length = stop - branch.chain;
		if (states) {
			branch.states &= states_of((struct word){ at, colon - at });
			branch.said = true;
		}
		rule->branch[rule->count++] = branch;
		at = stop + 1;
	}
}

/* ---- statements that let everything by ----------------------------------------------------- */

/* "counter", "counter packets 1 bytes 2", "counter name lab" */
static void counter_skip(const char **rest)
{
	if (take(rest, "name"))
		word_next(rest);
	else if (take(rest, "packets"))
		for (int i = 0; i < 3; i++)
			word_next(rest);
}

/* "log prefix "x" level info flags tcp sequence,options" */
static void log_skip(const char **rest)
{
	static const char *const words[] = { "prefix", "level", "group", "snaplen", "queue-threshold", NULL };
	size_t i;

	for (;;) {
		for (i = 0; words[i] && !take(rest, words[i]); i++)
			;
		if (!words[i]) {
			if (!take(rest, "flags"))
				return;
			(void)(take(rest, "tcp") || take(rest, "ip"));
		}
		word_next(rest);
	}
}

/* ---- a rule -------------------------------------------------------------------------------- */

static void states_take(const char **rest, struct rule_branch *base, struct rule_says *rule)
{
	unsigned int states;

	if (take(rest, "vmap")) {
		map_read(word_next(rest), true, base, rule);
		return;
	}
	states = states_read(rest);
	if (!states) {
		rule->plain = false;
		return;
	}
	base->states &= states;
	base->said = true;
	*rule->branch = *base;
}

void rule_read(const char *text, struct rule_says *rule)
{
	struct rule_branch base = { .states = RULE_ANY };
	const char *rest = text;
	struct word word;

	rule->plain = true;
	rule->count = 1;
	rule->branch[0] = base;
	while ((word = word_next(&rest)).length) {
		if (word_is(word, "counter"))
			counter_skip(&rest);
		else if (word_is(word, "log"))
			log_skip(&rest);
		else if (word_is(word, "comment"))
			word_next(&rest);
		else if (word_is(word, "vmap"))
			map_read(word_next(&rest), false, &base, rule);
		else if (word_is(word, "ct") && take(&rest, "state"))
			states_take(&rest, &base, rule);
		/* how iptables-nft lists it where nft does not know the words of iptables */
		else if (word_is(word, "xt") && take(&rest, "target") && take(&rest, "\"REJECT\""))
			rule->branch[0].verdict = RULE_DROP;
		else if (!verdict_read(word, &rest, &rule->branch[0]))
			rule->plain = false;
	}
}
