// SPDX-License-Identifier: GPL-2.0-only
/* The table of all commands. Usage, help and completion come from it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "pin.h"
#include "value.h"

static const struct command commands[] = {
	{ "status", NULL, cmd_status, "", "what is attached, in which mode, and how full conntrack is" },
	{ "check", NULL, cmd_check, "[FILE]", "read a config and probe the kernel; change nothing" },
	{ "config", "show", cmd_config_show, "", "the policy in force, as a file that can be loaded" },
	{ "config", "load", cmd_config_load, "FILE", "put a file in force, all or nothing" },
	{ "config", "diff", cmd_config_diff, "[FILE]", "what loading the file would change" },
	{ "config", "save", cmd_config_save, "[FILE]", "write the policy in force to the file" },
	{ "mode", "show", cmd_mode_show, "", "monitor or enforce" },
	{ "mode", "monitor", cmd_mode_monitor, "", "count what would be dropped, drop nothing" },
	{ "mode", "enforce", cmd_mode_enforce, "[for TIME]", "drop; with a time, only for so long unless confirmed" },
	{ "confirm", NULL, cmd_confirm, "", "make `mode enforce for TIME` permanent" },
	{ "grace", NULL, cmd_grace, "[TIME]", "let strays pass for a while: after a failover or a flush" },
	{ "link", "show", cmd_link_show, "", "the devices weir is attached to" },
	{ "link", "attach", cmd_link_attach, "dev IF [role outside|inside] [driver auto|native|generic|tc]",
	  "attach to a device" },
	{ "link", "detach", cmd_link_detach, "dev IF", "detach from a device" },
	{ "limit", "show", cmd_limit_show, "", "the limits, and what they admitted and dropped" },
	{ "limit", "add", cmd_limit_add,
	  "[prefix P] [from outside|inside] per source|per aggregate|per destination|total RATE [burst N]",
	  "limit how fast new flows are opened" },
	{ "limit", "replace", cmd_limit_replace, "(as add)", "add it, or change its rate" },
	{ "limit", "del", cmd_limit_del, "(as add, without RATE)", "remove a limit" },
	{ "block", "show", cmd_block_show, "", "the block list" },
	{ "block", "add", cmd_block_add, "P [timeout T] [comment S]", "drop all packets from a prefix" },
	{ "block", "del", cmd_block_del, "P", "take a prefix off the block list" },
	{ "block", "get", cmd_block_get, "ADDR", "which entry covers an address" },
	{ "block", "flush", cmd_block_flush, "", "empty the block list" },
	{ "trust", "show", cmd_trust_show, "", "the trust list" },
	{ "trust", "add", cmd_trust_add, "P [timeout T] [comment S]", "never drop or limit a prefix" },
	{ "trust", "del", cmd_trust_del, "P", "take a prefix off the trust list" },
	{ "source", "top", cmd_source_top, "[sort new|drop] [limit N]", "who opens flows" },
	{ "source", "get", cmd_source_get, "ADDR", "what is known of one source" },
	{ "stats", "show", cmd_stats_show, "[by reason|dev]", "packets and bytes by device and reason" },
	{ "off", NULL, cmd_off, "", "detach from all devices and forget everything" },
	{ "version", NULL, cmd_version, "", "version of weir and of its ABI" },
	{ "help", NULL, cmd_help, "[OBJECT]", "this, or the verbs of one object" },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

const char *cli_next(struct cli *cli)
{
	if (!cli->argc)
		return NULL;
	cli->argc--;
	return *cli->argv++;
}

const char *cli_need(struct cli *cli, const char *expected)
{
	const char *word = cli_next(cli);

	if (!word)
		fail_set(&cli->fail, EXIT_USAGE, NULL, "expected %s", expected);
	return word;
}

bool cli_take(struct cli *cli, const char *word)
{
	if (!cli->argc || strcmp(cli->argv[0], word))
		return false;
	cli_next(cli);
	return true;
}

int cli_end(struct cli *cli)
{
	if (!cli->argc)
		return 0;
	return fail_set(&cli->fail, EXIT_USAGE, NULL, "%s: nothing more was expected", cli->argv[0]);
}

int cli_choose(struct cli *cli, const char *word, const char *what, const char *const *words)
{
	const char *near;
	char list[128] = "", remedy[192];

	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], word))
			return i;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "", words[i]);
	}
	near = value_nearest(word, words);
	if (near)
		snprintf(remedy, sizeof(remedy), "did you mean `%s`?", near);
	else
		snprintf(remedy, sizeof(remedy), "it is one of: %s", list);
	return fail_set(&cli->fail, EXIT_USAGE, remedy, "%s: not a %s", word, what);
}

static void usage_line(FILE *to, const struct command *command)
{
	fprintf(to, "  weir %s%s%s%s%s\n        %s\n", command->object, command->verb ? " " : "",
		command->verb ? command->verb : "", command->usage[0] ? " " : "", command->usage,
		command->help);
}

static bool usage_print(FILE *to, const char *object)
{
	bool found = false;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (object && strcmp(commands[i].object, object))
			continue;
		if (!found)
			fputs("usage: weir [-j] [-I INSTANCE] OBJECT [VERB] ...\n\n", to);
		found = true;
		usage_line(to, &commands[i]);
	}
	return found;
}

static int unknown_object(struct cli *cli, const char *word)
{
	const char *objects[COMMAND_COUNT + 1] = {};
	const char *near;
	char remedy[96] = "see them all with: weir help";

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		objects[i] = commands[i].object;
	near = value_nearest(word, objects);
	if (near)
		snprintf(remedy, sizeof(remedy), "did you mean `%s`?", near);
	return fail_set(&cli->fail, EXIT_USAGE, remedy, "%s: no such object", word);
}

int cmd_help(struct cli *cli)
{
	const char *object = cli_next(cli);

	if (cli_end(cli))
		return -cli->fail.status;
	if (!usage_print(cli->out.to, object))
		return unknown_object(cli, object);
	if (!object)
		fputs("\nOptions: -j JSON output, -I INSTANCE which instance (default: \"default\").\n"
		      "Exit status: 0 done, 1 usage or config, 2 the kernel refused, 3 not running, "
		      "4 no such entry.\n", cli->out.to);
	return 0;
}

int cmd_version(struct cli *cli)
{
	if (cli_end(cli))
		return -cli->fail.status;
	out_object_begin(&cli->out, NULL, NULL);
	out_field_text(&cli->out, "version", "version", WEIR_VERSION);
	out_field_number(&cli->out, "abi", "abi", WEIR_ABI);
	out_object_end(&cli->out);
	return 0;
}

/* The command that the first words name; takes them. NULL with the failure set. */
static const struct command *command_find(struct cli *cli)
{
	const char *object = cli_next(cli), *verbs[COMMAND_COUNT + 1] = {};
	const char *verb = cli->argc ? cli->argv[0] : "show";
	size_t count = 0;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].object, object))
			continue;
		if (!commands[i].verb)
			return &commands[i];
		if (!strcmp(commands[i].verb, verb)) {
			cli_next(cli);
			return &commands[i];
		}
		verbs[count++] = commands[i].verb;
	}
	if (!count)
		unknown_object(cli, object);
	else
		cli_choose(cli, verb, "verb of this object", verbs);
	return NULL;
}

static int run(struct cli *cli)
{
	const struct command *command;

	if (pin_instance_check(cli->instance, &cli->fail))
		return -cli->fail.status;
	command = command_find(cli);
	if (!command)
		return -cli->fail.status;
	return command->run(cli);
}

int main(int argc, char **argv)
{
	struct cli cli = { .instance = "default" };
	bool json = false;
	int option;

	while ((option = getopt(argc, argv, "+jI:hV")) != -1) {
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'I':
			cli.instance = optarg;
			break;
		case 'V':
			puts("weir " WEIR_VERSION);
			return EXIT_DONE;
		case 'h':
			usage_print(stdout, NULL);
			return EXIT_DONE;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		usage_print(stderr, NULL);
		return EXIT_USAGE;
	}
	out_init(&cli.out, stdout, json);
	cli.argc = argc - optind;
	cli.argv = argv + optind;
	if (run(&cli)) {
		fflush(stdout);
		fail_print(stderr, &cli.fail, isatty(STDERR_FILENO) && !getenv("NO_COLOR"));
		return cli.fail.status;
	}
	if (fflush(stdout) || ferror(stdout)) {
		perror("weir: standard output");
		return EXIT_REFUSED;
	}
	return EXIT_DONE;
}
