// SPDX-License-Identifier: GPL-2.0-only
/* What weir says of its own commands: help, completion, version. */
#include <string.h>
#include "abi.h"
#include "cli.h"
#include "value.h"

/* A command that is for programs is found, but not listed. */
static bool is_listed(const struct command *command, const char *object)
{
	return command->usage && (!object || !strcmp(command->object, object));
}

static void usage_line(FILE *to, const struct command *command)
{
	fprintf(to, "  weir %s%s%s%s%s\n        %s\n", command->object, command->verb ? " " : "",
		command->verb ? command->verb : "", command->usage[0] ? " " : "", command->usage,
		command->help);
}

static void usage_print(FILE *to, const char *object)
{
	fputs("usage: weir [-j] [-I INSTANCE] OBJECT [VERB] ...\n\n", to);
	for (size_t i = 0; i < command_count; i++)
		if (is_listed(&commands[i], object))
			usage_line(to, &commands[i]);
	if (!object)
		fputs("\nOptions: -j JSON output, -I INSTANCE which instance (default: \"default\").\n"
		      "Exit status: 0 done, 1 usage or config, 2 the kernel refused, 3 not running, "
		      "4 no such entry.\n", to);
}

static void usage_json(struct cli *cli, const char *object)
{
	static const struct out_column columns[] = {
		{ "object", "object", OUT_TEXT }, { "verb", "verb", OUT_TEXT },
		{ "words", "words", OUT_TEXT }, { "help", "help", OUT_TEXT },
	};

	out_table_begin(&cli->out, NULL, columns, 4);
	for (size_t i = 0; i < command_count; i++) {
		if (!is_listed(&commands[i], object))
			continue;
		out_text(&cli->out, commands[i].object);
		out_text(&cli->out, commands[i].verb);
		out_text(&cli->out, commands[i].usage);
		out_text(&cli->out, commands[i].help);
	}
	out_table_end(&cli->out, NULL);
}

int cli_no_object(struct cli *cli, const char *word)
{
	const char *objects[command_count + 1];
	const char *near;
	char remedy[96] = "see them all with: weir help";
	size_t count = 0;

	for (size_t i = 0; i < command_count; i++)
		if (is_listed(&commands[i], NULL))
			objects[count++] = commands[i].object;
	objects[count] = NULL;
	near = value_nearest(word, objects);
	if (near)
		snprintf(remedy, sizeof(remedy), "did you mean `%s`?", near);
	return fail_set(&cli->fail, EXIT_USAGE, remedy, "%s: no such object", word);
}

int cmd_help(struct cli *cli)
{
	const char *object = cli_next(cli);
	bool found = false;

	if (cli_end(cli))
		return -cli->fail.status;
	for (size_t i = 0; i < command_count; i++)
		found |= is_listed(&commands[i], object);
	if (!found)
		return cli_no_object(cli, object);
	if (cli->out.json)
		usage_json(cli, object);
	else
		usage_print(cli->out.to, object);
	return 0;
}

/* The words of a usage text that stand for themselves, a line each: "[driver auto|native]". */
static void complete_usage(FILE *to, const char *usage)
{
	char text[256], *rest, *word;

	snprintf(text, sizeof(text), "%s", usage);
	for (word = strtok_r(text, " []|", &rest); word; word = strtok_r(NULL, " []|", &rest))
		if (word[0] >= 'a' && word[0] <= 'z')
			fprintf(to, "%s\n", word);
}

/* weir complete [OBJECT [VERB]]: objects, the verbs of one, or the words of one command */
int cmd_complete(struct cli *cli)
{
	const char *object = cli_next(cli), *verb = object ? cli_next(cli) : NULL;

	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = &commands[i];

		if (!is_listed(command, object))
			continue;
		if (!object && (!i || strcmp(command->object, commands[i - 1].object)))
			fprintf(cli->out.to, "%s\n", command->object);
		else if (object && command->verb && !verb)
			fprintf(cli->out.to, "%s\n", command->verb);
		else if (object && (!command->verb || (verb && !strcmp(command->verb, verb))))
			complete_usage(cli->out.to, command->usage);
	}
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
