// SPDX-License-Identifier: GPL-2.0-only
/* The trust list and the block list: the same verbs on two lists. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "announce.h"
#include "apply.h"
#include "cli.h"
#include "compile.h"
#include "list.h"
#include "session.h"

struct list_edit {
	const char	*instance;
	bool		trust;
	struct entry	entry;
};

struct list_load {
	const char	*instance;
	const char	*path;
	__u64		until_ns;
	bool		skip_bad, replace;
	struct list_read read;
	size_t		entries;	/* on the list, afterwards */
};

static struct entries *list_of(struct policy *policy, bool trust)
{
	return trust ? &policy->trust : &policy->block;
}

static int entry_put(struct policy *policy, void *data, struct fail *fail)
{
	struct list_edit *edit = data;

	if (edit->entry.announce && announce_check(policy, &edit->entry, fail))
		return -fail->status;
	if (entries_put(list_of(policy, edit->trust), &edit->entry, fail))
		return -fail->status;
	if (edit->entry.announce && policy->mode != MODE_ENFORCE)
		fputs("weir: it will be announced in enforce mode: this is monitor mode\n", stderr);
	session_warn(stderr, edit->instance, policy, apply_now_ns());
	return 0;
}

static int entry_remove(struct policy *policy, void *data, struct fail *fail)
{
	struct list_edit *edit = data;

	return entries_remove(list_of(policy, edit->trust), &edit->entry.prefix, fail);
}

static int list_empty(struct policy *policy, void *data, struct fail *fail)
{
	(void)data;
	(void)fail;
	entries_free(&policy->block);
	policy->block = (struct entries){};
	return 0;
}

/* What takes time is said, to who waits for it. */
static void progress(const char *step, const char *path)
{
	char shown[256];

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "%s %s ...\n", step, out_escape(path, shown, sizeof(shown)));
}

static int list_join(struct policy *policy, void *data, struct fail *fail)
{
	struct list_load *load = data;

	progress("reading", load->path);
	if (load->replace)
		list_empty(policy, NULL, fail);
	if (list_read(load->path, load->skip_bad, load->until_ns, &policy->block, &load->read, fail))
		return -fail->status;
	load->entries = policy->block.count;
	session_warn(stderr, load->instance, policy, apply_now_ns());
	progress("putting in force", load->path);
	return 0;
}

static int list_add(struct cli *cli, bool trust)
{
	struct list_edit edit = { .instance = cli->instance, .trust = trust };

	if (!cli->argc && !cli_need(cli, "a prefix"))
		return -cli->fail.status;
	if (entry_parse(cli->argc, cli->argv, apply_now_ns(), &edit.entry, &cli->fail))
		return -cli->fail.status;
	if (trust && edit.entry.announce)
		return fail_set(&cli->fail, EXIT_USAGE, NULL, "only what is blocked can be announced");
	return apply_edit(cli->instance, entry_put, &edit, &cli->fail);
}

static int list_del(struct cli *cli, bool trust)
{
	struct list_edit edit = { .trust = trust };
	const char *word = cli_need(cli, "a prefix");

	if (word && prefix_parse(word, &edit.entry.prefix, &cli->fail))
		return cli_bad(cli);
	if (!word || cli_end(cli))
		return -cli->fail.status;
	return apply_edit(cli->instance, entry_remove, &edit, &cli->fail);
}

static const struct out_column entry_columns[] = {
	{ "prefix", "prefix", OUT_TEXT }, { "ends in", "ends_in", OUT_TEXT },
	{ "comment", "comment", OUT_TEXT }, { "announced", "announced", OUT_TEXT },
	{ "packets", "packets", OUT_NUMBER },
};
#define TRUST_COLUMNS	3
#define BLOCK_COLUMNS	5

static void entry_row(struct cli *cli, const struct entry *entry, __u64 now)
{
	char text[PREFIX_TEXT];

	out_text(&cli->out, prefix_print(&entry->prefix, text, sizeof(text)));
	out_text(&cli->out, entry->until_ns == ~0ULL ? NULL :
		 duration_print(entry->until_ns - now, text, sizeof(text)));
	out_text(&cli->out, entry->comment);
}

/* The policy in force, and the counters of its block entries. */
struct in_force {
	struct store	store;
	struct policy	policy;
	__u16		*hit;		/* of each block entry; 0: none of its own */
};

static int in_force_fill(struct cli *cli, struct in_force *in_force)
{
	struct arena arena = {};
	int result = store_policy_read(&in_force->store, &arena, &cli->fail);

	if (!result)
		result = decompile(&arena, apply_now_ns(), &in_force->policy, &cli->fail);
	if (!result) {
		in_force->hit = calloc(in_force->policy.block.count + 1, sizeof(*in_force->hit));
		if (in_force->hit)
			compiled_hits(&arena, &in_force->policy.block, in_force->hit);
		else
			result = fail_set(&cli->fail, EXIT_REFUSED, NULL, "out of memory");
	}
	arena_free(&arena);
	return result;
}

static void in_force_free(struct in_force *in_force)
{
	free(in_force->hit);
	policy_free(&in_force->policy);
	store_close(&in_force->store);
}

/* On failure there is nothing to free. */
static int in_force_get(struct cli *cli, struct in_force *in_force)
{
	*in_force = (struct in_force){};
	policy_init(&in_force->policy);
	if (store_open(cli->instance, STORE_READ, &in_force->store, &cli->fail))
		return -cli->fail.status;
	if (in_force_fill(cli, in_force) == 0)
		return 0;
	in_force_free(in_force);
	return -cli->fail.status;
}

static void block_row(struct cli *cli, const struct in_force *in_force, const struct entry *entry,
		      __u64 now)
{
	__u16 slot = in_force->hit[entry - in_force->policy.block.at];
	struct counter hits;
	struct fail none;

	entry_row(cli, entry, now);
	out_text(&cli->out, entry->announce ? "yes" : NULL);
	if (slot && !store_hit_read(&in_force->store, slot, &hits, &none))
		out_number(&cli->out, hits.packets);
	else
		out_absent(&cli->out);
}

static int list_show(struct cli *cli, bool trust)
{
	__u64 now = apply_now_ns();
	const struct entries *entries;
	struct in_force in_force;

	if (cli_end(cli) || in_force_get(cli, &in_force))
		return -cli->fail.status;
	entries = list_of(&in_force.policy, trust);
	out_table_begin(&cli->out, NULL, entry_columns, trust ? TRUST_COLUMNS : BLOCK_COLUMNS);
	for (size_t i = 0; i < entries->count; i++) {
		if (entries->at[i].until_ns <= now)
			continue;
		if (trust)
			entry_row(cli, &entries->at[i], now);
		else
			block_row(cli, &in_force, &entries->at[i], now);
	}
	out_table_end(&cli->out, trust ? "nobody is trusted" : "nothing is blocked");
	in_force_free(&in_force);
	return 0;
}

int cmd_block_get(struct cli *cli)
{
	const char *word = cli_need(cli, "an address or a prefix");
	__u64 now = apply_now_ns();
	const struct entry *entry;
	struct in_force in_force;
	struct prefix prefix;

	if (word && prefix_parse(word, &prefix, &cli->fail))
		return cli_bad(cli);
	if (!word || cli_end(cli) || in_force_get(cli, &in_force))
		return -cli->fail.status;
	entry = entries_find(&in_force.policy.block, &prefix, now);
	if (entry) {
		out_table_begin(&cli->out, NULL, entry_columns, BLOCK_COLUMNS);
		block_row(cli, &in_force, entry, now);
		out_table_end(&cli->out, NULL);
	} else {
		fail_set(&cli->fail, EXIT_NO_ENTRY, NULL, "%s: not blocked", word);
	}
	in_force_free(&in_force);
	return entry ? 0 : -cli->fail.status;
}

int cmd_block_flush(struct cli *cli)
{
	if (cli_end(cli))
		return -cli->fail.status;
	return apply_edit(cli->instance, list_empty, NULL, &cli->fail);
}

static int load_words(struct cli *cli, struct list_load *load)
{
	static const char *const words[] = { "timeout", "--skip-bad", "--replace", NULL };
	const char *word;
	__u64 timeout;

	load->path = cli_need(cli, "a file with one prefix a line");
	if (!load->path)
		return -cli->fail.status;
	while ((word = cli_next(cli))) {
		int choice = cli_choose(cli, word, "option", words);

		if (choice < 0)
			return choice;
		load->skip_bad |= choice == 1;
		load->replace |= choice == 2;
		if (choice)
			continue;
		word = cli_need(cli, "a duration, as in 1d");
		if (!word)
			return -cli->fail.status;
		if (duration_parse(word, &timeout, &cli->fail))
			return cli_bad(cli);
		if (!timeout) {
			fail_set(&cli->fail, EXIT_USAGE, "to block for good, leave the timeout out",
				 "a time of 0 is over at once");
			return cli_bad(cli);
		}
		load->until_ns = apply_now_ns() + timeout;
	}
	return 0;
}

int cmd_block_load(struct cli *cli)
{
	struct list_load load = { .instance = cli->instance, .until_ns = ~0ULL };

	if (load_words(cli, &load) ||
	    apply_edit(cli->instance, list_join, &load, &cli->fail))
		return -cli->fail.status;
	out_object_begin(&cli->out, NULL, NULL);
	out_field_number(&cli->out, "prefixes read", "prefixes", load.read.prefixes);
	out_field_number(&cli->out, "bad lines skipped", "bad", load.read.bad);
	out_field_number(&cli->out, "entries on the list", "entries", load.entries);
	out_object_end(&cli->out);
	if (load.read.bad)
		fail_print(stderr, &load.read.first_bad, 0);
	return 0;
}

int cmd_block_add(struct cli *cli)
{
	return list_add(cli, false);
}

int cmd_block_del(struct cli *cli)
{
	return list_del(cli, false);
}

int cmd_block_show(struct cli *cli)
{
	return list_show(cli, false);
}

int cmd_trust_add(struct cli *cli)
{
	return list_add(cli, true);
}

int cmd_trust_del(struct cli *cli)
{
	return list_del(cli, true);
}

int cmd_trust_show(struct cli *cli)
{
	return list_show(cli, true);
}
