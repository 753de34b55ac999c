// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "apply.h"
#include "cli.h"

/* The limit that stands in the way of this one, or is it. */
static struct limit *limit_find(struct policy *policy, const struct limit *wanted)
{
	for (size_t i = 0; i < policy->limit_count; i++)
		if (limit_same_key(&policy->limit[i], wanted))
			return &policy->limit[i];
	return NULL;
}

static const char *from_words(const struct limit *limit)
{
	return limit->roles == 1 << ROLE_OUTSIDE ? "from outside" :
	       limit->roles == 1 << ROLE_INSIDE ? "from inside" : "from both sides";
}

/* One limit holds for both sides, the other for one of them. */
static int limit_overlaps(const struct limit *have, const struct limit *wanted, struct fail *fail)
{
	return fail_set(fail, EXIT_USAGE, "remove that one first: weir limit del; then add one for each side",
			"the limit overlaps one that holds %s, this one would hold %s",
			from_words(have), from_words(wanted));
}

static int limit_append(struct policy *policy, const struct limit *limit, struct fail *fail)
{
	struct limit *grown = reallocarray(policy->limit, policy->limit_count + 1, sizeof(*grown));

	if (!grown)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	grown[policy->limit_count++] = *limit;
	policy->limit = grown;
	return 0;
}

static int limit_add(struct policy *policy, void *data, struct fail *fail)
{
	const struct limit *wanted = data, *have = limit_find(policy, wanted);

	if (have && have->roles != wanted->roles)
		return limit_overlaps(have, wanted, fail);
	if (have)
		return fail_set(fail, EXIT_USAGE, "change it with: weir limit replace",
				"there is such a limit already");
	return limit_append(policy, data, fail);
}

static int limit_replace(struct policy *policy, void *data, struct fail *fail)
{
	const struct limit *wanted = data;
	struct limit *have = limit_find(policy, wanted);

	if (!have)
		return limit_append(policy, data, fail);
	if (have->roles != wanted->roles)
		return limit_overlaps(have, wanted, fail);
	*have = *wanted;
	return 0;
}

static int limit_del(struct policy *policy, void *data, struct fail *fail)
{
	const struct limit *wanted = data;
	struct limit *have = limit_find(policy, wanted);
	size_t after;

	if (!have || have->roles != wanted->roles)
		return fail_set(fail, EXIT_NO_ENTRY, "see them with: weir limit show",
				"there is no such limit");
	after = policy->limit + policy->limit_count - (have + 1);
	memmove(have, have + 1, after * sizeof(*have));
	policy->limit_count--;
	return 0;
}

static int limit_edit(struct cli *cli, bool rate,
		      int (*edit)(struct policy *policy, void *data, struct fail *fail))
{
	struct limit limit;
	int result;

	if (!cli->argc && !cli_need(cli, "prefix, from, per or total"))
		return -cli->fail.status;
	result = rate ? limit_parse(cli->argc, cli->argv, &limit, &cli->fail) :
		 limit_parse_key(cli->argc, cli->argv, &limit, &cli->fail);
	if (result)
		return result;
	return apply_edit(cli->instance, edit, &limit, &cli->fail);
}

int cmd_limit_add(struct cli *cli)
{
	return limit_edit(cli, true, limit_add);
}

int cmd_limit_replace(struct cli *cli)
{
	return limit_edit(cli, true, limit_replace);
}

int cmd_limit_del(struct cli *cli)
{
	return limit_edit(cli, false, limit_del);
}
