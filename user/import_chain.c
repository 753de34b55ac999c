// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "import_chain.h"

#define NAME_BYTES 256	/* more than both programs take */

/* What becomes of the packets that a rule matches. */
struct verdict {
	bool	accepts;		/* no chain of this table sees them any more */
	bool	returns;		/* they leave this chain */
	char	calls[NAME_BYTES];	/* the chain they go through; "": none */
};

/* ---- verdicts ------------------------------------------------------------------------------ */

/* The word at *rest, cut at what stands between words; what is in quotes is none. False: the end. */
static bool word_next(const char **rest, char word[NAME_BYTES])
{
	const char *at = *rest, *between = " \t,{}:;";
	size_t length = 0;

	for (at += strspn(at, between); *at == '"'; at += strspn(at, between)) {
		at += 1 + strcspn(at + 1, "\"");
		at += *at == '"';
	}
	while (at[length] && !strchr(between, at[length]) && at[length] != '"')
		length++;
	*rest = at + length;
	if (length >= NAME_BYTES)
		length = NAME_BYTES - 1;
	memcpy(word, at, length);
	word[length] = '\0';
	return length;
}

static bool is_among(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

/* A map of verdicts that has a name may say anything. */
static struct verdict nft_verdict(const char *line)
{
	static const char *const accepts[] = { "accept", "queue", "goto", "vmap", NULL };
	struct verdict verdict = {};
	char word[NAME_BYTES];
	bool called = false;

	while (word_next(&line, word)) {
		verdict.returns |= !strcmp(word, "return");
		if (called && !verdict.calls[0])
			memcpy(verdict.calls, word, sizeof(verdict.calls));
		else if (called)
			verdict.accepts = true;		/* a second one: not worth to tell apart */
		if (is_among(word, accepts))
			verdict.accepts |= strcmp(word, "vmap") || line[strspn(line, " ")] == '@';
		called = !strcmp(word, "jump");
	}
	return verdict;
}

static struct verdict iptables_verdict(const char *line)
{
	static const char *const accepts[] = { "ACCEPT", "QUEUE", "NFQUEUE", NULL };
	/* those that change or note something, and the packet goes on, or that end it */
	static const char *const passes[] = {
		"NOTRACK", "CT", "LOG", "NFLOG", "ULOG", "MARK", "CONNMARK", "TRACE", "TCPMSS", "DSCP",
		"TOS", "TTL", "HL", "SET", "AUDIT", "SECMARK", "CONNSECMARK", "CLASSIFY", "TEE", "DROP",
		"REJECT", "CHECKSUM", "TPROXY", "RATEEST", "IDLETIMER", "ECN", "TCPOPTSTRIP", NULL };
	struct verdict verdict = {};
	char word[NAME_BYTES], last[NAME_BYTES] = "";

	while (word_next(&line, word)) {
		verdict.accepts |= !strcmp(last, "-g");
		if (!strcmp(last, "-j")) {
			verdict.accepts |= is_among(word, accepts);
			verdict.returns |= !strcmp(word, "RETURN");
			if (!verdict.accepts && !verdict.returns && !is_among(word, passes))
				memcpy(verdict.calls, word, sizeof(verdict.calls));
		}
		memcpy(last, word, sizeof(last));
	}
	return verdict;
}

static struct verdict verdict_of(const char *line)
{
	return *line == '-' ? iptables_verdict(line) : nft_verdict(line);
}

bool line_untracks(const char *line)
{
	char word[NAME_BYTES], last[NAME_BYTES] = "";
	bool iptables = *line == '-';

	while (word_next(&line, word)) {
		if (!strcmp(word, iptables ? "--notrack" : "notrack") ||
		    (!strcmp(last, "-j") && !strcmp(word, "NOTRACK")))
			return true;
		memcpy(last, word, sizeof(last));
	}
	return false;
}

/* ---- chains -------------------------------------------------------------------------------- */

static struct chain *chain_find(const struct chains *chains, const char *name)
{
	for (struct chain *chain = chains->first; chain; chain = chain->next)
		if (chain->section == chains->section && !strcmp(chain->name, name))
			return chain;
	return NULL;
}

static struct chain *chain_get(struct chains *chains, const char *name, enum chain_hook hook)
{
	struct chain *chain = chain_find(chains, name);

	if (chain)
		return chain;
	chain = calloc(1, sizeof(*chain) + strlen(name) + 1);
	if (!chain) {
		chains->failed = true;
		return NULL;
	}
	strcpy(chain->name, name);
	chain->section = chains->section;
	chain->hook = hook;
	chain->next = chains->first;
	chains->first = chain;
	return chain;
}

void chains_begin(struct chains *chains)
{
	chains->section = 0;
	chains->now = NULL;
	chains->own = false;
	chains->family = 0;
}

/* "-A CHAIN ..." */
static struct chain *iptables_line(struct chains *chains, const char *line)
{
	char name[NAME_BYTES];

	line += 3;
	if (!word_next(&line, name))
		return NULL;
	return chain_get(chains, name, !strcmp(name, "PREROUTING") ? CHAIN_PREROUTING :
			 !strcmp(name, "OUTPUT") ? CHAIN_OUTPUT : CHAIN_CALLED);
}

/* "type filter hook prerouting priority raw; ..." */
static void head_line(struct chain *chain, const char *line)
{
	const char *hook = strstr(line, " hook ");

	if (hook)
		chain->hook = strncmp(hook + 6, "output", 6) ? CHAIN_PREROUTING : CHAIN_OUTPUT;
}

/* A line within a table. */
static struct chain *chain_line(struct chains *chains, const char *line)
{
	char name[NAME_BYTES];

	if (!strncmp(line, "-A ", 3))
		return iptables_line(chains, line);
	if (!strncmp(line, "chain ", 6) && strchr(line, '{')) {
		line += 6;
		chains->now = word_next(&line, name) ? chain_get(chains, name, CHAIN_CALLED) : NULL;
		return NULL;
	}
	if (*line == '}') {
		chains->now = NULL;
		return NULL;
	}
	if (chains->now && !strncmp(line, "type ", 5)) {
		head_line(chains->now, line);
		return NULL;
	}
	if (!strncmp(line, "policy ", 7))
		return NULL;
	return chains->now ? chains->now : chain_get(chains, "", CHAIN_PASTED);
}

/* "table ip NAME {" of nft, "*raw" of iptables-save, whose first remark says which family it is for. */
static void table_line(struct chains *chains, const char *line)
{
	if (*line == 't')
		chains->family = !strncmp(line, "table ip ", 9) ? 4 :
				 !strncmp(line, "table ip6 ", 10) ? 6 : 0;
	chains->section++;
	chains->now = NULL;
	chains->own = !strncmp(line, "table inet weir_", 16);
}

static void remark_line(struct chains *chains, const char *line)
{
	static const char by[] = "# Generated by ";

	if (!strncmp(line, by, strlen(by)))
		chains->family = strncmp(line + strlen(by), "ip6", 3) ? 4 : 6;
	else if (!strncmp(line, "# Completed on ", 15))
		chains->family = 0;
}

struct chain *chains_line(struct chains *chains, const char *line)
{
	if (*line == '#')
		remark_line(chains, line);
	else if (*line == '*' || !strncmp(line, "table ", 6))
		table_line(chains, line);
	else if (!chains->own)
		return chain_line(chains, line);
	return NULL;
}
void chain_learn(struct chain *chain, const char *line)
{
	struct verdict verdict = verdict_of(line);

	chain->accepts |= verdict.accepts || verdict.calls[0];
}

bool chain_excepts(const struct chains *chains, const struct chain *chain, const char *line)
{
	struct verdict verdict = verdict_of(line);
	const struct chain *called;

	if (chain->hook == CHAIN_CALLED || verdict.accepts || verdict.returns || !verdict.calls[0])
		return verdict.accepts || verdict.returns;
	called = chain_find(chains, verdict.calls);
	return !called || called->accepts;
}

void chains_free(struct chains *chains)
{
	struct chain *next;

	for (struct chain *chain = chains->first; chain; chain = next) {
		next = chain->next;
		free(chain);
	}
	*chains = (struct chains){};
}
