// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "diff.h"

/* one self-contained line: "limit new-flows total 50/second" */
struct fact {
	char	*line;
	char	*key;		/* the same without the time that is left, which runs */
};

/* Takes the word behind the mark out of the line, unless the mark stands in a string. */
static void time_cut(char *line, const char *mark)
{
	char *at = strstr(line, mark), *quote = strchr(line, '"');

	if (!at || (quote && quote < at))
		return;
	at += strlen(mark);
	memmove(at, at + strcspn(at, " "), strlen(at + strcspn(at, " ")) + 1);
}

static struct fact fact_of(const char *block, const char *line)
{
	struct fact fact;

	if (asprintf(&fact.line, "%s%s", block, line) < 0)
		abort();
	fact.key = strdup(fact.line);
	if (!fact.key)
		abort();
	time_cut(fact.key, "mode enforce for ");
	time_cut(fact.key, " timeout ");
	return fact;
}

static struct fact *facts_of(const struct policy *policy, __u64 now_ns, size_t *count)
{
	char *text = NULL, *line, *rest, block[128] = "";
	struct fact *facts = NULL;
	size_t size, room = 0;
	FILE *to = open_memstream(&text, &size);

	*count = 0;
	policy_print(to, policy, now_ns, true);
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
		facts[(*count)++] = fact_of(block, line);
	}
	free(text);
	return facts;
}

static int fact_compare(const void *a, const void *b)
{
	return strcmp(((const struct fact *)a)->key, ((const struct fact *)b)->key);
}

static void facts_free(struct fact *facts, size_t count)
{
	while (count--) {
		free(facts[count].line);
		free(facts[count].key);
	}
	free(facts);
}

size_t policy_diff(FILE *to, const struct policy *before, const struct policy *after,
		   __u64 now_ns)
{
	size_t old_count, new_count, old = 0, new = 0, changes = 0;
	struct fact *was = facts_of(before, now_ns, &old_count);
	struct fact *is = facts_of(after, now_ns, &new_count);

	if (old_count)
		qsort(was, old_count, sizeof(*was), fact_compare);
	if (new_count)
		qsort(is, new_count, sizeof(*is), fact_compare);
	while (old < old_count || new < new_count) {
		int order = old == old_count ? 1 : new == new_count ? -1 :
			    fact_compare(&was[old], &is[new]);

		if (order)
			changes += fprintf(to, "%c %s\n", order < 0 ? '-' : '+',
					   order < 0 ? was[old].line : is[new].line) > 0;
		old += order <= 0;
		new += order >= 0;
	}
	facts_free(was, old_count);
	facts_free(is, new_count);
	return changes;
}
