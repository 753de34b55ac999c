// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "engage.h"
#include "slot.h"

static struct engage engage_of(const struct prefix *prefix, const struct rate *rate)
{
	struct engage engage = {
		.count = rate->count, .per_ns = rate->per_ns,
		.family = prefix->family, .length = prefix->length,
	};

	memcpy(engage.addr, prefix->addr, sizeof(engage.addr));
	return engage;
}

static struct prefix prefix_of(const struct engage *engage)
{
	struct prefix prefix = { .family = engage->family, .length = engage->length };

	memcpy(prefix.addr, engage->addr, sizeof(prefix.addr));
	return prefix;
}

static bool same_place(const struct engage *a, const struct engage *b)
{
	struct prefix x = prefix_of(a), y = prefix_of(b);

	return engage_used(a) == engage_used(b) && !prefix_compare(&x, &y);
}

static int slot_tell(const struct store *store, __u32 slot, const struct engage *was,
		     struct engage *is, struct fail *fail)
{
	const __u32 budgets[] = { BUDGET_ENGAGE + slot, BUDGET_RELEASE + slot };

	if (same_place(was, is)) {
		is->until_ns = was->until_ns;
		is->since_ns = was->since_ns;
		is->times = was->times;
	} else if (store_budgets_clear(store, budgets, 2, fail)) {
		return -fail->status;
	}
	if (!memcmp(was, is, sizeof(*is)))
		return 0;
	return store_engaged_write(store, slot, is, fail);
}

int engage_tell(const struct store *store, const struct policy *policy, const struct arena *arena,
		struct fail *fail)
{
	static const struct prefix everywhere;
	const struct challenge_conf *challenge = &policy->challenge;
	struct engage was[ENGAGE_MAX], is[ENGAGE_MAX] = {};
	int result = store_engaged_read(store, was, fail);

	is[0] = engage_of(&everywhere, &challenge->engage);
	for (size_t i = 0; i < challenge->to_count; i++) {
		__u32 slot = slot_of_rule(arena, engage_rule_number(policy, i));

		is[slot % ENGAGE_MAX] = engage_of(&challenge->to[i].prefix, &challenge->to[i].rate);
	}
	for (__u32 slot = 0; slot < ENGAGE_MAX && !result; slot++)
		result = slot_tell(store, slot, &was[slot], &is[slot], fail);
	return result;
}

bool engage_used(const struct engage *engage)
{
	return engage->count;
}

char *engage_where(const struct engage *engage, char *out, size_t size)
{
	struct prefix prefix = prefix_of(engage);

	if (prefix.family)
		return prefix_print(&prefix, out, size);
	snprintf(out, size, "everywhere");
	return out;
}
