// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "announce.h"
#include "device.h"
#include "rtnl.h"

#define FOREVER (~0U)	/* as a metric */

static bool touches(const struct prefix *a, const struct prefix *b)
{
	return prefix_covers(a, b) || prefix_covers(b, a);
}

/* ---- what may be announced ----------------------------------------------------------------- */

struct home {
	struct prefix	*own;
	size_t		own_count;
};

static int home_read(struct home *home, struct fail *fail)
{
	if (device_addresses(&home->own, &home->own_count))
		return fail_set(fail, EXIT_REFUSED, NULL, "can't list the addresses of this machine");
	return 0;
}

static int check(const struct policy *policy, const struct home *home, const struct entry *entry,
		 struct fail *fail)
{
	const struct prefix *prefix = &entry->prefix;
	unsigned int floor = prefix->family == 4 ? ANNOUNCE_FLOOR4 : ANNOUNCE_FLOOR6;
	char text[PREFIX_TEXT], other[PREFIX_TEXT];

	prefix_print(prefix, text, sizeof(text));
	if (!policy->check.blackhole_table)
		return fail_set(fail, EXIT_USAGE, "say into which: check { blackhole table N }",
				"%s: there is no table to announce it in", text);
	if (prefix->length < floor)
		return fail_set(fail, EXIT_USAGE, NULL,
				"%s: too much to announce: /%u is the shortest", text, floor);
	for (size_t i = 0; i < home->own_count; i++)
		if (touches(prefix, &home->own[i]))
			return fail_set(fail, EXIT_USAGE, NULL, "%s: holds %s, which is this machine",
					text, prefix_print(&home->own[i], other, sizeof(other)));
	for (size_t i = 0; i < policy->trust.count; i++)
		if (touches(prefix, &policy->trust.at[i].prefix))
			return fail_set(fail, EXIT_USAGE, NULL, "%s: touches %s, which is trusted", text,
					prefix_print(&policy->trust.at[i].prefix, other, sizeof(other)));
	return 0;
}

static size_t announced(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->block.count; i++)
		count += policy->block.at[i].announce;
	return count;
}

int announce_check(const struct policy *policy, const struct entry *entry, struct fail *fail)
{
	struct home home = { 0 };
	int result;

	if (announced(policy) >= ANNOUNCE_MAX && !entries_has(&policy->block, &entry->prefix))
		return fail_set(fail, EXIT_REFUSED, "take others off first",
				"%d entries are announced already", ANNOUNCE_MAX);
	result = home_read(&home, fail);
	if (!result)
		result = check(policy, &home, entry, fail);
	free(home.own);
	return result;
}

int announce_check_all(const struct policy *policy, struct fail *fail)
{
	size_t count = announced(policy);
	struct home home = { 0 };
	int result;

	if (!count)
		return 0;
	if (count > ANNOUNCE_MAX)
		return fail_set(fail, EXIT_USAGE, NULL, "%zu entries to announce: at most %d are possible",
				count, ANNOUNCE_MAX);
	result = home_read(&home, fail);
	for (size_t i = 0; i < policy->block.count && !result; i++)
		if (policy->block.at[i].announce)
			result = check(policy, &home, &policy->block.at[i], fail);
	free(home.own);
	return result;
}

/* ---- routes -------------------------------------------------------------------------------- */

/* The second at which an entry ends, or at which the policy stops to be enforced. */
static __u32 end_of(const struct policy *policy, const struct entry *entry)
{
	__u64 until_ns = entry->until_ns, seconds;

	if (policy->enforce_until_ns && policy->enforce_until_ns < until_ns)
		until_ns = policy->enforce_until_ns;
	seconds = until_ns / 1000000000ULL + 1;
	return until_ns == ~0ULL || seconds >= FOREVER ? FOREVER : seconds;
}

static bool in_force(const struct policy *policy, __u64 now_ns)
{
	return policy && policy->mode == MODE_ENFORCE && policy->check.blackhole_table &&
	       (!policy->enforce_until_ns || now_ns < policy->enforce_until_ns);
}

/* The routes there should be. A trusted prefix or an address that came later takes one back. */
static int wanted_of(const struct policy *policy, __u64 now_ns, struct holes *wanted,
		     struct fail *fail)
{
	struct home home = { 0 };
	struct fail refused;

	*wanted = (struct holes){ 0 };
	if (!in_force(policy, now_ns) || !announced(policy))
		return 0;
	wanted->at = calloc(announced(policy), sizeof(*wanted->at));
	if (!wanted->at)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	if (home_read(&home, fail)) {
		free(wanted->at);
		return -fail->status;
	}
	for (size_t i = 0; i < policy->block.count && wanted->count < ANNOUNCE_MAX; i++) {
		const struct entry *entry = &policy->block.at[i];
		struct hole *hole = &wanted->at[wanted->count];

		if (!entry->announce || entry->until_ns <= now_ns ||
		    check(policy, &home, entry, &refused))
			continue;
		hole->prefix = entry->prefix;
		hole->table = policy->check.blackhole_table;
		hole->metric = end_of(policy, entry);
		wanted->count++;
	}
	free(home.own);
	return 0;
}

static bool holds(const struct holes *holes, const struct hole *hole)
{
	for (size_t i = 0; i < holes->count; i++)
		if (!prefix_compare(&holes->at[i].prefix, &hole->prefix) &&
		    holes->at[i].table == hole->table && holes->at[i].metric == hole->metric)
			return true;
	return false;
}

/* What is new comes before the old one goes: an entry that lasts longer leaves no gap. */
static int settle(const struct holes *there, const struct holes *wanted, struct fail *fail)
{
	int result = 0;

	for (size_t i = 0; i < wanted->count && !result; i++) {
		const struct hole *hole = &wanted->at[i];

		if (!holds(there, hole))
			result = rtnl_hole_add(ANNOUNCE_PROTOCOL, hole, fail);
	}
	for (size_t i = 0; i < there->count && !result; i++)
		if (!holds(wanted, &there->at[i]))
			result = rtnl_hole_del(ANNOUNCE_PROTOCOL, &there->at[i], fail);
	return result;
}

int announce_sync(const struct policy *policy, __u64 now_ns, struct fail *fail)
{
	struct holes there, wanted;
	int result = wanted_of(policy, now_ns, &wanted, fail);

	if (result)
		return result;
	result = rtnl_holes(ANNOUNCE_PROTOCOL, &there, fail);
	if (!result) {
		result = settle(&there, &wanted, fail);
		free(there.at);
	}
	free(wanted.at);
	return result;
}

int announce_expire(__u64 now_ns, struct fail *fail)
{
	__u32 now = now_ns / 1000000000ULL;
	struct holes there;
	int result = rtnl_holes(ANNOUNCE_PROTOCOL, &there, fail);

	if (result)
		return result;
	for (size_t i = 0; i < there.count && !result; i++)
		if (there.at[i].metric <= now)
			result = rtnl_hole_del(ANNOUNCE_PROTOCOL, &there.at[i], fail);
	free(there.at);
	return result;
}
