// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "apply.h"
#include "bypass.h"
#include "cli.h"
#include "forward.h"
#include "import.h"
#include "ruleset.h"

/* The one that means the same flows, `fast` or not. */
static struct bypass *bypass_find(struct policy *policy, const struct bypass *wanted)
{
	for (size_t i = 0; i < policy->bypass_count; i++)
		if (bypass_same(&policy->bypass[i], wanted))
			return &policy->bypass[i];
	return NULL;
}

static int bypass_append(struct policy *policy, const struct bypass *bypass, struct fail *fail)
{
	struct bypass *grown = reallocarray(policy->bypass, policy->bypass_count + 1, sizeof(*grown));

	if (!grown)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	grown[policy->bypass_count++] = *bypass;
	policy->bypass = grown;
	return 0;
}

/* A policy has at most one of "X" and "X fast": says which of them is there, and how to remove it. */
static int fail_other(enum exit_status status, const struct bypass *have, struct fail *fail)
{
	char words[sizeof(fail->remedy) - 64], remedy[sizeof(fail->remedy)];
	FILE *to = fmemopen(words, sizeof(words), "w");

	if (!to)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	bypass_print(to, have);
	fclose(to);
	snprintf(remedy, sizeof(remedy), "to remove that one: weir bypass del %s", words);
	return fail_set(fail, status, remedy, status == EXIT_NO_ENTRY ?
			"there is no such bypass, only the one %s `fast`" :
			"there is such a bypass already, %s `fast`", have->fast ? "with" : "without");
}

static int edit_add(struct policy *policy, void *data, struct fail *fail)
{
	const struct bypass *bypass = data, *have = bypass_find(policy, bypass);

	if (have && have->fast != bypass->fast)
		return fail_other(EXIT_USAGE, have, fail);
	if (have)
		return fail_set(fail, EXIT_USAGE, "see them with: weir bypass show",
				"there is such a bypass already");
	return bypass_append(policy, bypass, fail);
}

static int edit_del(struct policy *policy, void *data, struct fail *fail)
{
	const struct bypass *wanted = data;
	struct bypass *have = bypass_find(policy, wanted);

	if (!have)
		return fail_set(fail, EXIT_NO_ENTRY, "see them with: weir bypass show",
				"there is no such bypass");
	if (have->fast != wanted->fast)
		return fail_other(EXIT_NO_ENTRY, have, fail);
	memmove(have, have + 1, (policy->bypass + policy->bypass_count - have - 1) * sizeof(*have));
	policy->bypass_count--;
	return 0;
}

static int edit_mark(struct policy *policy, void *data, struct fail *fail)
{
	(void)fail;
	policy->bypass_mark = *(const __u32 *)data;
	return 0;
}

static int words_read(struct cli *cli, struct bypass *bypass)
{
	if (!cli->argc && !cli_need(cli, "a protocol, port, to or from"))
		return -cli->fail.status;
	return bypass_parse(cli->argc, cli->argv, bypass, &cli->fail);
}

int cmd_bypass_add(struct cli *cli)
{
	struct bypass bypass;
	struct store store;

	if (words_read(cli, &bypass) ||
	    apply_edit(cli->instance, edit_add, &bypass, &cli->fail))
		return -cli->fail.status;
	ruleset_warn(stderr, &bypass, 1);
	if (bypass.fast && !store_open(cli->instance, STORE_READ, &store, &cli->fail)) {
		forward_warn(stderr, &bypass, 1, &store);
		store_close(&store);
	}
	return 0;
}

int cmd_bypass_del(struct cli *cli)
{
	struct bypass bypass;

	if (words_read(cli, &bypass))
		return -cli->fail.status;
	return apply_edit(cli->instance, edit_del, &bypass, &cli->fail);
}

int cmd_bypass_mark(struct cli *cli)
{
	const char *word = cli_need(cli, "a mark with one bit, as 0x10000000");
	__u32 mark;

	if (word && bypass_mark_parse(word, &mark, &cli->fail))
		return cli_bad(cli);
	if (!word || cli_end(cli))
		return -cli->fail.status;
	return apply_edit(cli->instance, edit_mark, &mark, &cli->fail);
}

static void bypass_row(struct cli *cli, const struct bypass *bypass)
{
	char text[PREFIX_TEXT], number[16];
	const char *name = protocol_name(bypass->protocol);

	snprintf(number, sizeof(number), "%u", bypass->protocol);
	out_text(&cli->out, name ? name : bypass->protocol ? number : NULL);
	out_text(&cli->out, bypass->ports.first ?
		 ports_print(&bypass->ports, text, sizeof(text)) : NULL);
	out_text(&cli->out, bypass->to.family ? prefix_print(&bypass->to, text, sizeof(text)) : NULL);
	out_text(&cli->out, bypass->from.family ?
		 prefix_print(&bypass->from, text, sizeof(text)) : NULL);
	out_text(&cli->out, bypass->fast ? "fast" : NULL);
}

static void bypass_table(struct cli *cli, const char *key, const struct policy *policy)
{
	static const struct out_column columns[] = {
		{ "protocol", "protocol", OUT_TEXT }, { "port", "port", OUT_TEXT },
		{ "to", "to", OUT_TEXT }, { "from", "from", OUT_TEXT },
		{ "forwarded", "forwarded", OUT_TEXT },
	};

	out_table_begin(&cli->out, key, columns, 5);
	for (size_t i = 0; i < policy->bypass_count; i++)
		bypass_row(cli, &policy->bypass[i]);
	out_table_end(&cli->out, "everything is tracked");
}

int cmd_bypass_show(struct cli *cli)
{
	struct policy policy;
	struct store store;
	int result;

	policy_init(&policy);
	if (cli_end(cli) || store_open(cli->instance, STORE_READ, &store, &cli->fail))
		return -cli->fail.status;
	result = apply_read(&store, &policy, &cli->fail);
	store_close(&store);
	if (result)
		return result;
	bypass_table(cli, NULL, &policy);
	policy_free(&policy);
	return 0;
}

/* ---- import -------------------------------------------------------------------------------- */

/* A rule that was not taken. */
struct left {
	char	*rule;
	char	*why;
};

struct imported {
	struct policy	policy;		/* what was taken, in its bypasses */
	struct left	*left;
	size_t		left_count;
	bool		lost;		/* no memory for one of them */
};

static int import_take(const struct bypass *bypass, void *data, struct fail *fail)
{
	struct imported *imported = data;

	if (bypass_find(&imported->policy, bypass))
		return 0;
	return bypass_append(&imported->policy, bypass, fail);
}

static void import_leave(const char *rule, const char *why, void *data)
{
	struct imported *imported = data;
	struct left *grown = reallocarray(imported->left, imported->left_count + 1, sizeof(*grown));

	if (!grown) {
		imported->lost = true;
		return;
	}
	imported->left = grown;
	grown += imported->left_count++;
	*grown = (struct left){ strdup(rule), strdup(why) };
	imported->lost |= !grown->rule || !grown->why;
}

static void imported_free(struct imported *imported)
{
	for (size_t i = 0; i < imported->left_count; i++) {
		free(imported->left[i].rule);
		free(imported->left[i].why);
	}
	free(imported->left);
	policy_free(&imported->policy);
}

/* Those that the policy has already stay. */
static int edit_import(struct policy *policy, void *data, struct fail *fail)
{
	const struct policy *taken = data;
	int result = 0;

	for (size_t i = 0; i < taken->bypass_count && !result; i++)
		if (!bypass_find(policy, &taken->bypass[i]))
			result = bypass_append(policy, &taken->bypass[i], fail);
	return result;
}

/* The whole of a stream; the caller frees it. NULL: errno says why. */
static char *stream_read(FILE *from)
{
	char *text = NULL, bytes[4096];
	size_t size, got;
	FILE *to = open_memstream(&text, &size);
	int error = 0;

	while (to && (got = fread(bytes, 1, sizeof(bytes), from)) > 0)
		fwrite(bytes, 1, got, to);
	if (ferror(from))
		error = errno;
	if (to)
		fclose(to);
	if (error) {
		free(text);
		text = NULL;
		errno = error;
	}
	return text;
}

static char *import_text(struct cli *cli, const char *path)
{
	FILE *from = !path || !strcmp(path, "-") ? stdin : fopen(path, "re");
	char *text = from ? stream_read(from) : NULL;

	if (!text)
		fail_set(&cli->fail, EXIT_USAGE, "name a file with rules, or have them from a pipe: "
			 "nft list ruleset | weir bypass import", "%s: %s",
			 from == stdin ? "standard input" : path, strerror(errno));
	if (from && from != stdin)
		fclose(from);
	return text;
}

/* Comments for whoever reads the lines, or runs them. */
static void left_print(FILE *to, const struct imported *imported)
{
	char shown[8192];

	for (size_t i = 0; i < imported->left_count; i++)
		fprintf(to, "# not taken, it %s: %s\n", imported->left[i].why,
			out_escape(imported->left[i].rule, shown, sizeof(shown)));
}

static void taken_print(FILE *to, const struct imported *imported)
{
	for (size_t i = 0; i < imported->policy.bypass_count; i++) {
		fprintf(to, "weir bypass add ");
		bypass_print(to, &imported->policy.bypass[i]);
		fputc('\n', to);
	}
}

static void imported_json(struct cli *cli, const struct imported *imported)
{
	static const struct out_column left[] = { { "rule", "rule", OUT_TEXT }, { "why", "why", OUT_TEXT } };

	out_object_begin(&cli->out, NULL, NULL);
	bypass_table(cli, "taken", &imported->policy);
	out_table_begin(&cli->out, "left", left, 2);
	for (size_t i = 0; i < imported->left_count; i++) {
		out_text(&cli->out, imported->left[i].rule);
		out_text(&cli->out, imported->left[i].why);
	}
	out_table_end(&cli->out, NULL);
	out_object_end(&cli->out);
}

static int import(struct cli *cli, const char *path, bool apply, struct imported *imported)
{
	const struct import import = { import_take, import_leave, imported };
	char *text = import_text(cli, path);
	int result;

	if (!text)
		return -cli->fail.status;
	result = import_rules(text, &import, &cli->fail);
	free(text);
	if (!result && imported->lost)
		result = fail_set(&cli->fail, EXIT_REFUSED, NULL, "out of memory");
	if (!result && apply)
		result = apply_edit(cli->instance, edit_import, &imported->policy, &cli->fail);
	return result;
}

int cmd_bypass_import(struct cli *cli)
{
	bool apply = cli_take(cli, "apply");
	const char *path = cli_file(cli);
	struct imported imported = {};
	int result;

	if (cli_end(cli))
		return -cli->fail.status;
	policy_init(&imported.policy);
	result = import(cli, path, apply, &imported);
	if (!cli->out.json)
		left_print(apply ? stderr : cli->out.to, &imported);
	if (!result && cli->out.json)
		imported_json(cli, &imported);
	else if (!result && !apply)
		taken_print(cli->out.to, &imported);
	if (!result && apply)
		ruleset_warn(stderr, imported.policy.bypass, imported.policy.bypass_count);
	imported_free(&imported);
	return result;
}
