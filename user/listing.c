// SPDX-License-Identifier: GPL-2.0-only
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <string.h>
#include "listing.h"
#include "out.h"

#define GROWTH 256	/* elements */

/* Room for one more; false: no memory. */
static bool grow(void **array, size_t count, size_t size)
{
	void *grown;

	if (count % GROWTH)
		return true;
	grown = reallocarray(*array, count + GROWTH, size);
	if (grown)
		*array = grown;
	return grown;
}

/* The name of an iptables target or match is no less than a word of nft. */
static bool is_target(const char *text, const char *quote)
{
	static const char *const words[] = { "xt target ", "xt match ", NULL };

	for (size_t i = 0; words[i]; i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(quote - text) >= length && !strncmp(quote - length, words[i], length))
			return true;
	}
	return false;
}

/* Blanks what stands in quotes and ends each line as a string, as strtok_r() does in the text. */
static void words_cut(char *text)
{
	for (char *at = strchr(text, '"'); at; at = strchr(at + 1, '"')) {
		size_t length = strcspn(at + 1, "\"\n");

		if (at[1 + length] != '"')
			continue;
		if (!is_target(text, at))
			memset(at + 1, '_', length);
		at += length + 1;
	}
	for (char *at = strchr(text, '\n'); at; at = strchr(at + 1, '\n'))
		*at = '\0';
}

static bool chain_add(struct listing *listing, const char *table, const char *name)
{
	if (!grow((void **)&listing->chain, listing->chain_count, sizeof(*listing->chain)))
		return false;
	listing->chain[listing->chain_count++] = (struct listed_chain){
		.table = table, .name = name, .hook = "", .first = listing->rule_count,
		.family = !strncmp(table, "ip ", 3) ? 4 : !strncmp(table, "ip6 ", 4) ? 6 : 0,
	};
	return true;
}

/* "type filter hook input priority filter; policy drop;" */
static void head_read(struct listed_chain *chain, char *line)
{
	char *hook = strstr(line, " hook ");

	chain->drops = strstr(line, "policy drop");
	if (!hook)
		return;
	chain->hook = hook + 6;
	hook[6 + strcspn(hook + 6, " ")] = '\0';
}

static bool rule_add(struct listing *listing, char *line)
{
	if (!strncmp(line, "type ", 5)) {
		head_read(&listing->chain[listing->chain_count - 1], line);
		return true;
	}
	if (!grow((void **)&listing->rule, listing->rule_count, sizeof(*listing->rule)))
		return false;
	listing->rule[listing->rule_count++] = (struct listed_rule){
		.text = line, .words = listing->words + (line - listing->text),
	};
	listing->chain[listing->chain_count - 1].count++;
	return true;
}

/* table: that of the lines before; in_chain: they are rules */
static bool line_read(struct listing *listing, char *line, const char **table, bool *in_chain)
{
	char *brace = strrchr(line, '{');

	if (brace && brace > line && brace[1] == '\0')
		brace[-1] = '\0';
	if (!strncmp(line, "table ", 6)) {
		*table = line + 6;
		*in_chain = false;
	} else if (!strcmp(line, "\t}")) {
		*in_chain = false;
	} else if (!strncmp(line, "\tchain ", 7)) {
		*in_chain = !strstr(*table, " weir_");
		return !*in_chain || chain_add(listing, *table, line + 7);
	} else if (*in_chain) {
		return rule_add(listing, line + strspn(line, "\t"));
	}
	return true;
}

void listing_read(const char *text, struct listing *listing)
{
	const char *table = "";
	bool in_chain = false;
	char *line, *rest;

	*listing = (struct listing){ .text = strdup(text), .words = strdup(text) };
	if (!listing->text || !listing->words)
		return listing_free(listing);
	words_cut(listing->words);
	for (line = strtok_r(listing->text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (line_read(listing, line, &table, &in_chain))
			continue;
		listing_free(listing);
		return;
	}
}

void listing_free(struct listing *listing)
{
	free(listing->text);
	free(listing->words);
	free(listing->chain);
	free(listing->rule);
	*listing = (struct listing){};
}

const struct listed_chain *listing_jump(const struct listing *listing, const struct listed_chain *from,
					const char *name, size_t length)
{
	for (size_t i = 0; i < listing->chain_count; i++) {
		const struct listed_chain *chain = &listing->chain[i];

		if (chain->table == from->table && !strncmp(chain->name, name, length) &&
		    !chain->name[length])
			return chain;
	}
	return NULL;
}

void listing_warn(FILE *to, const struct listed_chain *chain, const char *rule, const char *why)
{
	char place[400], shown[1200], text[2048];

	snprintf(place, sizeof(place), "table %s, chain %s", chain->table, chain->name);
	fprintf(to, "weir: warning: %s", out_escape(place, shown, sizeof(shown)));
	if (rule)
		fprintf(to, ": `%s`", out_escape(rule, text, sizeof(text)));
	fprintf(to, "\n  %s\n", why);
}

char *listing_text(void)
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
