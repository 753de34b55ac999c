/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One command as it was typed. A command function reads its words from argv, makes one call, and
 * prints; it returns 0 or -EXIT_* with fail filled. The table of all commands is in main.c.
 */
#ifndef WEIR_CLI_H
#define WEIR_CLI_H

#include "fail.h"
#include "out.h"

struct cli {
	const char	*instance;
	struct out	out;
	int		argc;		/* words after the verb */
	char		**argv;
	char		**typed;	/* all of them, from the object on */
	struct fail	fail;
};

struct command {
	const char	*object;
	const char	*verb;		/* NULL: the object is the whole command */
	int		(*run)(struct cli *cli);
	const char	*usage;		/* the words after the verb; NULL: not listed, for programs */
	const char	*help;		/* one line */
};

extern const struct command commands[];
extern const size_t command_count;

/* Takes the next word, or NULL. */
const char *cli_next(struct cli *cli);
/* The same for the name of a file, or "-": what looks like an option is left, for cli_end() to say so. */
const char *cli_file(struct cli *cli);
/* Takes the next word; failing names what was expected. */
const char *cli_need(struct cli *cli, const char *expected);
/* After a word that was taken last could not be read: says behind which words it stood, and, where there
 * is no better remedy, how to see what can stand there. Returns -EXIT_*. */
int cli_bad(struct cli *cli);
/* Takes the next word if it is this one. */
bool cli_take(struct cli *cli, const char *word);
/* Fails on a word that is left over. */
int cli_end(struct cli *cli);
/* The index of word in words (NULL-terminated), or -EXIT_USAGE with a "did you mean". */
int cli_choose(struct cli *cli, const char *word, const char *what, const char *const *words);

/* Fails: there is no object of that name. */
int cli_no_object(struct cli *cli, const char *word);

/* cmd_*.c: one object each */
int cmd_link_attach(struct cli *cli);
int cmd_link_detach(struct cli *cli);
int cmd_link_show(struct cli *cli);
int cmd_mode_show(struct cli *cli);
int cmd_mode_monitor(struct cli *cli);
int cmd_mode_enforce(struct cli *cli);
int cmd_confirm(struct cli *cli);
int cmd_challenge(struct cli *cli);
int cmd_grace(struct cli *cli);
int cmd_bypass_add(struct cli *cli);
int cmd_bypass_del(struct cli *cli);
int cmd_bypass_import(struct cli *cli);
int cmd_bypass_mark(struct cli *cli);
int cmd_bypass_show(struct cli *cli);
int cmd_limit_add(struct cli *cli);
int cmd_limit_replace(struct cli *cli);
int cmd_limit_del(struct cli *cli);
int cmd_limit_suggest(struct cli *cli);
int cmd_limit_show(struct cli *cli);
int cmd_block_add(struct cli *cli);
int cmd_block_del(struct cli *cli);
int cmd_block_flush(struct cli *cli);
int cmd_block_load(struct cli *cli);
int cmd_block_get(struct cli *cli);
int cmd_block_show(struct cli *cli);
int cmd_trust_add(struct cli *cli);
int cmd_trust_del(struct cli *cli);
int cmd_trust_show(struct cli *cli);
int cmd_stats_show(struct cli *cli);
int cmd_source_top(struct cli *cli);
int cmd_source_get(struct cli *cli);
int cmd_status(struct cli *cli);
int cmd_health(struct cli *cli);
int cmd_config_load(struct cli *cli);
int cmd_config_show(struct cli *cli);
int cmd_config_diff(struct cli *cli);
int cmd_config_save(struct cli *cli);
int cmd_daemon(struct cli *cli);
int cmd_check(struct cli *cli);
int cmd_off(struct cli *cli);
int cmd_version(struct cli *cli);
int cmd_help(struct cli *cli);
int cmd_complete(struct cli *cli);

#endif
