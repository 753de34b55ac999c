// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "policy.h"

static int entries_order(const struct entry *a, const struct entry *b)
{
	return prefix_compare(&a->prefix, &b->prefix);
}

/* of one prefix, what lasts longest comes first; comments decide the rest, so that the result
 * does not depend on the order of the input */
static int settle_order(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = prefix_compare(&a->prefix, &b->prefix);

	if (order)
		return order;
	if (a->until_ns != b->until_ns)
		return a->until_ns > b->until_ns ? -1 : 1;
	if (a->announce != b->announce)
		return a->announce ? -1 : 1;
	return strcmp(b->comment ? b->comment : "", a->comment ? a->comment : "");
}

/* number of the first entry whose prefix is not below */
static size_t entries_place(const struct entries *entries, const struct prefix *prefix)
{
	size_t low = 0, high = entries->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (prefix_compare(&entries->at[middle].prefix, prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct entry *entries_exact(const struct entries *entries, const struct prefix *prefix)
{
	size_t place = entries_place(entries, prefix);

	if (place == entries->count || prefix_compare(&entries->at[place].prefix, prefix))
		return NULL;
	return &entries->at[place];
}

bool entries_has(const struct entries *entries, const struct prefix *prefix)
{
	return entries_exact(entries, prefix);
}

static int entries_room(struct entries *entries, struct fail *fail)
{
	size_t room = entries->room ? 2 * entries->room : 16;
	struct entry *at;

	if (entries->count < entries->room)
		return 0;
	at = reallocarray(entries->at, room, sizeof(*at));
	if (!at)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory for %zu prefixes", room);
	entries->at = at;
	entries->room = room;
	return 0;
}

int entries_put(struct entries *entries, const struct entry *entry, struct fail *fail)
{
	size_t place = entries_place(entries, &entry->prefix);
	struct entry *old = entries_exact(entries, &entry->prefix);
	int status;

	if (old) {
		free(old->comment);
		*old = *entry;
		return 0;
	}
	status = entries_room(entries, fail);
	if (status)
		return status;
	memmove(&entries->at[place + 1], &entries->at[place],
		(entries->count - place) * sizeof(*entry));
	entries->at[place] = *entry;
	entries->count++;
	return 0;
}

int entries_remove(struct entries *entries, const struct prefix *prefix, struct fail *fail)
{
	struct entry *old = entries_exact(entries, prefix);
	const struct entry *covering = entries_find(entries, prefix, 0);
	char text[PREFIX_TEXT];

	if (!old) {
		fail_set(fail, EXIT_NO_ENTRY, "see what is with its verb show", "%s is not on the list",
			 prefix_print(prefix, text, sizeof(text)));
		if (covering)
			snprintf(fail->remedy, sizeof(fail->remedy), "it lies within %s, which is",
				 prefix_print(&covering->prefix, text, sizeof(text)));
		return -EXIT_NO_ENTRY;
	}
	free(old->comment);
	entries->count--;
	memmove(old, old + 1, (size_t)(&entries->at[entries->count] - old) * sizeof(*old));
	return 0;
}

const struct entry *entries_find(const struct entries *entries, const struct prefix *prefix,
				 __u64 now_ns)
{
	struct prefix outer = *prefix;

	for (;;) {
		const struct entry *entry = entries_exact(entries, &outer);

		if (entry && entry->until_ns > now_ns)
			return entry;
		if (!outer.length)
			return NULL;
		outer.length--;
		outer.addr[outer.length / 8] &= ~(0x80 >> outer.length % 8);
	}
}

int entries_append(struct entries *entries, const struct entry *entry, struct fail *fail)
{
	int status = entries_room(entries, fail);

	if (status)
		return status;
	entries->at[entries->count++] = *entry;
	return 0;
}

void entries_settle(struct entries *entries)
{
	size_t kept = 0;
	bool sorted = true;

	for (size_t i = 1; i < entries->count && sorted; i++)
		sorted = entries_order(&entries->at[i - 1], &entries->at[i]) < 0;
	if (sorted)
		return;
	qsort(entries->at, entries->count, sizeof(*entries->at), settle_order);
	for (size_t i = 0; i < entries->count; i++) {
		struct entry *entry = &entries->at[i];

		if (kept && !entries_order(&entries->at[kept - 1], entry))
			free(entry->comment);
		else
			entries->at[kept++] = *entry;
	}
	entries->count = kept;
}

void entries_free(struct entries *entries)
{
	for (size_t i = 0; i < entries->count; i++)
		free(entries->at[i].comment);
	free(entries->at);
	*entries = (struct entries){};
}
