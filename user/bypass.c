// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "bypass.h"

enum dimension {
	BY_TO, BY_FROM, BY_PORTS, DIMENSIONS,
};

__u32 bypass_mark(const struct policy *policy)
{
	return policy->bypass_mark ? policy->bypass_mark : BYPASS_MARK;
}

/* ---- comparing ----------------------------------------------------------------------------- */

static int compare_prefixes(const struct prefix *a, size_t a_count, const struct prefix *b,
			    size_t b_count)
{
	if (a_count != b_count)
		return a_count < b_count ? -1 : 1;
	for (size_t i = 0; i < a_count; i++) {
		int order = prefix_compare(&a[i], &b[i]);

		if (order)
			return order;
	}
	return 0;
}

static int compare_ports(const void *left, const void *right)
{
	const struct ports *a = left, *b = right;

	return a->first != b->first ? a->first - b->first : a->last - b->last;
}

static int compare_port_lists(const struct bypass_group *a, const struct bypass_group *b)
{
	if (a->port_count != b->port_count)
		return a->port_count < b->port_count ? -1 : 1;
	for (size_t i = 0; i < a->port_count; i++) {
		int order = compare_ports(&a->ports[i], &b->ports[i]);

		if (order)
			return order;
	}
	return 0;
}

/* The order in which groups that differ only in one dimension stand together. */
static int compare_groups(const void *left, const void *right, void *dimension)
{
	const struct bypass_group *a = left, *b = right;
	enum dimension but = *(enum dimension *)dimension;
	int order = a->protocol - b->protocol;

	if (!order)
		order = a->fast - b->fast;
	if (!order && but != BY_PORTS)
		order = compare_port_lists(a, b);
	if (!order && but != BY_TO)
		order = compare_prefixes(a->to, a->to_count, b->to, b->to_count);
	if (!order && but != BY_FROM)
		order = compare_prefixes(a->from, a->from_count, b->from, b->from_count);
	return order;
}

static int compare_prefix(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

/* ---- joining ------------------------------------------------------------------------------- */

/* Moves the elements of *from behind those of *to. False: no memory; nothing has changed. */
static bool list_join(void **to, size_t *to_count, void **from, size_t *from_count, size_t size)
{
	char *grown = reallocarray(*to, *to_count + *from_count, size);

	if (!grown)
		return false;
	memcpy(grown + *to_count * size, *from, *from_count * size);
	*to = grown;
	*to_count += *from_count;
	free(*from);
	*from = NULL;
	*from_count = 0;
	return true;
}

/* Sorts, and leaves out what another one covers. */
static void prefixes_settle(struct prefix *at, size_t *count)
{
	size_t kept = 0;

	qsort(at, *count, sizeof(*at), compare_prefix);
	for (size_t i = 0; i < *count; i++)
		if (!kept || !prefix_covers(&at[kept - 1], &at[i]))
			at[kept++] = at[i];
	*count = kept;
}

static void ports_settle(struct ports *at, size_t *count)
{
	size_t kept = 0;

	qsort(at, *count, sizeof(*at), compare_ports);
	for (size_t i = 0; i < *count; i++) {
		if (kept && at[i].first <= at[kept - 1].last + 1) {
			if (at[i].last > at[kept - 1].last)
				at[kept - 1].last = at[i].last;
			continue;
		}
		at[kept++] = at[i];
	}
	*count = kept;
}

static bool group_join(struct bypass_group *to, struct bypass_group *from, enum dimension dimension)
{
	if (dimension == BY_TO)
		return list_join((void **)&to->to, &to->to_count, (void **)&from->to, &from->to_count,
				 sizeof(*to->to));
	if (dimension == BY_FROM)
		return list_join((void **)&to->from, &to->from_count, (void **)&from->from,
				 &from->from_count, sizeof(*to->from));
	return list_join((void **)&to->ports, &to->port_count, (void **)&from->ports,
			 &from->port_count, sizeof(*to->ports));
}

static void group_settle(struct bypass_group *group)
{
	prefixes_settle(group->to, &group->to_count);
	prefixes_settle(group->from, &group->from_count);
	ports_settle(group->ports, &group->port_count);
}

static void group_free(struct bypass_group *group)
{
	free(group->to);
	free(group->from);
	free(group->ports);
}

static bool groups_join(struct bypass_groups *groups, enum dimension dimension)
{
	size_t kept = 0;

	qsort_r(groups->at, groups->count, sizeof(*groups->at), compare_groups, &dimension);
	for (size_t i = 1; i < groups->count; i++) {
		if (compare_groups(&groups->at[kept], &groups->at[i], &dimension)) {
			kept++;
			if (kept != i) {
				groups->at[kept] = groups->at[i];
				groups->at[i] = (struct bypass_group){ 0 };
			}
			continue;
		}
		if (!group_join(&groups->at[kept], &groups->at[i], dimension))
			return false;
		group_free(&groups->at[i]);
		groups->at[i] = (struct bypass_group){ 0 };
	}
	groups->count = groups->count ? kept + 1 : 0;
	for (size_t i = 0; i < groups->count; i++)
		group_settle(&groups->at[i]);
	return true;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* One element of each list, "everything" too: what is equal can be compared and joined. */
static bool group_of(const struct bypass *bypass, struct bypass_group *group)
{
	*group = (struct bypass_group){
		.protocol = bypass->protocol, .fast = bypass->fast,
		.ports = malloc(sizeof(*group->ports)), .port_count = 1,
		.to = malloc(sizeof(*group->to)), .to_count = 1,
		.from = malloc(sizeof(*group->from)), .from_count = 1,
	};
	if (!group->ports || !group->to || !group->from)
		return false;
	*group->ports = bypass->ports;
	*group->to = bypass->to;
	*group->from = bypass->from;
	return true;
}

/* "Everything" stands first in a settled list: it is then the whole list. */
static void group_finish(struct bypass_group *group)
{
	group->any_port = !group->ports[0].first;
	if (group->any_port)
		group->port_count = 0;
	if (!group->to[0].family)
		group->to_count = 0;
	if (!group->from[0].family)
		group->from_count = 0;
}

void bypass_groups_free(struct bypass_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		group_free(&groups->at[i]);
	free(groups->at);
	*groups = (struct bypass_groups){ 0 };
}

int bypass_gather(const struct policy *policy, struct bypass_groups *groups, struct fail *fail)
{
	bool enough = true;

	*groups = (struct bypass_groups){
		.at = calloc(policy->bypass_count + 1, sizeof(*groups->at)),
	};
	if (!groups->at)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	for (size_t i = 0; i < policy->bypass_count && enough; i++)
		enough = group_of(&policy->bypass[i], &groups->at[groups->count++]);
	for (enum dimension i = BY_TO; i < DIMENSIONS && enough; i++)
		enough = groups_join(groups, i);
	if (!enough) {
		bypass_groups_free(groups);
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	}
	for (size_t i = 0; i < groups->count; i++)
		group_finish(&groups->at[i]);
	if (groups->count <= BYPASS_GROUPS_MAX)
		return 0;
	fail_set(fail, EXIT_USAGE, "give more of them the same addresses or the same ports",
		 "%zu kinds of bypass: at most %d are possible", groups->count, BYPASS_GROUPS_MAX);
	bypass_groups_free(groups);
	return -fail->status;
}
