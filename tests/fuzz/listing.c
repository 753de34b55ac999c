// SPDX-License-Identifier: GPL-2.0-only
/* Listings of nft and iptables-save: what is made of NOTRACK rules are statements that can be typed,
 * and a pool of source ports is one that has some. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "import.h"
#include "snat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
	if (!held)
		abort();
}

/* What is printed as a command reads to the same statement. */
static int take(const struct bypass *bypass, void *data, struct fail *fail)
{
	char *text = NULL, *words[16], *rest;
	struct bypass again;
	int count = 0;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	(void)data;
	must(to);
	bypass_print(to, bypass);
	fclose(to);
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	must(!bypass_parse(count, words, &again, fail));
	must(bypass_same(bypass, &again));
	free(text);
	return 0;
}

static void leave(const char *rule, const char *why, void *data)
{
	(void)data;
	must(*rule && *why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct import import = { take, leave, NULL };
	char *text = strndup((const char *)data, size);
	struct snat_pool pool;
	struct fail fail;

	must(!import_rules(text, &import, &fail));
	if (snat_smallest(text, &pool)) {
		must(pool.addresses && pool.addresses <= SNAT_ADDRESSES_MAX);
		must(pool.ports && pool.ports <= 65536);
	}
	free(text);
	return 0;
}
