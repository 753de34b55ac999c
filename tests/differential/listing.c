// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "listing.h"

#define SLACK_S		10	/* the tables are read one after the other */

static void __attribute__((noreturn)) die(const char *why)
{
	fprintf(stderr, "differential: conntrack -L: %s\n", why);
	exit(1);
}

static int by_what(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->is, ((const struct entry *)b)->is);
}

/* Ports that NAT has to make up are random, so what a flow was translated to is left out. */
static void cut_translation(char *line)
{
	char *from = strstr(line, " src="), *to;

	from = from ? strstr(from + 1, " src=") : NULL;
	if (!from)
		die(line);
	to = from + strcspn(from, "[m");	/* a flag, the mark, or the end */
	memmove(from, to, strlen(to) + 1);
}

/* "tcp 6 431999 ESTABLISHED src=... src=... [ASSURED] mark=0 use=1": the third word is the time. */
static void entry_of(char *line, struct entry *entry)
{
	char *use = strstr(line, " use=");
	int time = 0, rest = 0;

	sscanf(line, "%*s %*u %n%ld %n", &time, &entry->left_s, &rest);
	if (!rest || !use)
		die(line);
	*use = 0;
	memmove(line + time, line + rest, strlen(line + rest) + 1);
	cut_translation(line);
	entry->is = line;
}

struct listing listing_read(void)
{
	struct listing listing = {};
	FILE *list = popen("for f in ipv4 ipv6; do conntrack -L -f $f 2>/dev/null || exit 1; done", "r");
	char *line = NULL;
	size_t room = 0;

	if (!list)
		die("does not run");
	while (getline(&line, &room, list) > 0) {
		listing.entry = realloc(listing.entry, (listing.count + 1) * sizeof(*listing.entry));
		if (!listing.entry)
			die("no memory");
		entry_of(line, &listing.entry[listing.count++]);
		line = NULL;
	}
	free(line);
	if (pclose(list))
		die("failed");
	qsort(listing.entry, listing.count, sizeof(*listing.entry), by_what);
	return listing;
}

void listing_free(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->entry[i].is);
	free(listing->entry);
}

/* One that is about to be forgotten may be gone in the other table. */
static bool lone(const struct entry *entry, const char *where)
{
	if (entry->left_s <= SLACK_S)
		return false;
	printf("entry %s: %ld s, %s\n", where, entry->left_s, entry->is);
	return true;
}

unsigned long listings_differ(const struct listing *alone, const struct listing *behind)
{
	const struct entry *a = alone->entry, *b = behind->entry;
	const struct entry *a_end = a + alone->count, *b_end = b + behind->count;
	unsigned long differ = 0;

	while (a < a_end || b < b_end) {
		int order = a == a_end ? 1 : b == b_end ? -1 : by_what(a, b);

		if (!order && labs(a->left_s - b->left_s) > SLACK_S) {
			printf("entry for %ld s, behind weir for %ld s: %s\n", a->left_s, b->left_s, a->is);
			differ++;
		}
		if (order < 0)
			differ += lone(a, "without weir alone");
		if (order > 0)
			differ += lone(b, "behind weir alone");
		a += order <= 0;
		b += order >= 0;
	}
	return differ;
}
