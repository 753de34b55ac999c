// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "diff.h"

/* The policy as one self-contained line a fact, sorted: "limit new-flows total 50/second". */
static char **facts_of(const struct policy *policy, size_t *count)
{
	char *text = NULL, *line, *rest, block[128] = "";
	char **facts = NULL;
	size_t size, room = 0;
	FILE *to = open_memstream(&text, &size);

	*count = 0;
	policy_print(to, policy, 0, true);
	fclose(to);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		size_t length;

		line += strspn(line, " \t");
		length = strlen(line);
		if (!strcmp(line, "}")) {
			block[0] = '\0';
			continue;
		}
		if (length && line[length - 1] == '{') {
			snprintf(block, sizeof(block), "%.*s", (int)length - 1, line);
			continue;
		}
		if (*count == room) {
			room = room ? room * 2 : 64;
			facts = reallocarray(facts, room, sizeof(*facts));
			if (!facts)
				abort();
		}
		if (asprintf(&facts[(*count)++], "%s%s", block, line) < 0)
			abort();
	}
	free(text);
	return facts;
}

static int fact_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void facts_free(char **facts, size_t count)
{
	while (count)
		free(facts[--count]);
	free(facts);
}

size_t policy_diff(FILE *to, const struct policy *before, const struct policy *after)
{
	size_t old_count, new_count, old = 0, new = 0, changes = 0;
	char **was = facts_of(before, &old_count), **is = facts_of(after, &new_count);

	if (old_count)
		qsort(was, old_count, sizeof(*was), fact_compare);
	if (new_count)
		qsort(is, new_count, sizeof(*is), fact_compare);
	while (old < old_count || new < new_count) {
		int order = old == old_count ? 1 : new == new_count ? -1 : strcmp(was[old], is[new]);

		if (order)
			changes += fprintf(to, "%c %s\n", order < 0 ? '-' : '+',
					   order < 0 ? was[old] : is[new]) > 0;
		old += order <= 0;
		new += order >= 0;
	}
	facts_free(was, old_count);
	facts_free(is, new_count);
	return changes;
}
