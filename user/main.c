// SPDX-License-Identifier: GPL-2.0-only
/* The table of all commands: usage, help, completion and the manual come from it. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "pin.h"
#include "value.h"

#define BYPASS_KEY "[proto] [tcp|udp|...] [port N[-M]] [to P] [from P] [fast]"
#define LIMIT_KEY \
	"[prefix P] [from outside|inside] per source|per aggregate|per destination|total"

const struct command commands[] = {
	{ "status", NULL, cmd_status, "", "what is attached, in which mode, and how full conntrack is" },
	{ "health", NULL, cmd_health, "",
	  "for monitoring: is it enforcing, with nothing wrong? else why not, and exit status 1, 2 or 3" },
	{ "check", NULL, cmd_check, "[FILE]", "read a config and probe the kernel; change nothing" },
	{ "config", "show", cmd_config_show, "", "the policy in force, as a file that can be loaded" },
	{ "config", "load", cmd_config_load, "FILE", "put a file in force, all or nothing" },
	{ "config", "diff", cmd_config_diff, "[FILE]", "what loading the file would change" },
	{ "config", "save", cmd_config_save, "[FILE]", "write the policy in force to the file" },
	{ "mode", "show", cmd_mode_show, "", "monitor or enforce" },
	{ "mode", "monitor", cmd_mode_monitor, "", "count what would be dropped, drop nothing" },
	{ "mode", "enforce", cmd_mode_enforce, "[for TIME]", "drop; with a time, only for so long unless confirmed" },
	{ "confirm", NULL, cmd_confirm, "", "make `mode enforce for TIME` permanent" },
	{ "challenge", "show", cmd_challenge, "", "whether strangers have to prove themselves, and how many did" },
	{ "grace", NULL, cmd_grace, "[TIME]", "let strays pass for a while: after a failover or a flush" },
	{ "link", "show", cmd_link_show, "", "the devices weir is attached to" },
	{ "link", "attach", cmd_link_attach,
	  "dev IF [role outside|inside] [driver auto|native|generic|tc|chain] [priority N]",
	  "attach to a device" },
	{ "link", "detach", cmd_link_detach, "dev IF", "detach from a device" },
	{ "limit", "show", cmd_limit_show, "", "the limits, how much of each is used, and the most that was" },
	{ "limit", "suggest", cmd_limit_suggest, "[after TIME]",
	  "limits above what sources are known to have done; TIME: weir runs so long at least (10m)" },
	{ "limit", "add", cmd_limit_add, LIMIT_KEY " RATE [burst N]",
	  "limit how fast new flows are opened" },
	{ "limit", "replace", cmd_limit_replace, LIMIT_KEY " RATE [burst N]",
	  "add it, or change its rate" },
	{ "limit", "del", cmd_limit_del, LIMIT_KEY, "remove a limit" },
	{ "bypass", "show", cmd_bypass_show, "", "the flows that skip connection tracking" },
	{ "bypass", "add", cmd_bypass_add, BYPASS_KEY, "let flows skip connection tracking" },
	{ "bypass", "del", cmd_bypass_del, BYPASS_KEY, "have them tracked again" },
	{ "bypass", "import", cmd_bypass_import, "[apply] [FILE]",
	  "NOTRACK rules of iptables-save or nft as weir's; prints them, or applies them" },
	{ "bypass", "mark", cmd_bypass_mark, "MARK", "the bit of the packet mark that is used for it" },
	{ "block", "show", cmd_block_show, "", "the block list" },
	{ "block", "add", cmd_block_add, "P [timeout T] [comment S] [announce]", "drop all packets from a prefix" },
	{ "block", "del", cmd_block_del, "P", "take a prefix off the block list" },
	{ "block", "load", cmd_block_load, "FILE [timeout T] [--skip-bad] [--replace]",
	  "add the prefixes of a list, one a line (-: standard input)" },
	{ "block", "get", cmd_block_get, "ADDR", "which entry covers an address" },
	{ "block", "flush", cmd_block_flush, "", "empty the block list" },
	{ "trust", "show", cmd_trust_show, "", "the trust list" },
	{ "trust", "add", cmd_trust_add, "P [timeout T] [comment S]", "never drop or limit a prefix" },
	{ "trust", "del", cmd_trust_del, "P", "take a prefix off the trust list" },
	{ "source", "top", cmd_source_top, "[sort new|drop] [limit N]", "who opens flows" },
	{ "source", "get", cmd_source_get, "ADDR", "what is known of one source" },
	{ "stats", "show", cmd_stats_show, "[by reason|dev]", "packets and bytes by device and reason" },
	{ "daemon", NULL, cmd_daemon, "[-f] [FILE]",
	  "watch conntrack for the datapath; load FILE first; -f: in the foreground" },
	{ "off", NULL, cmd_off, "", "detach from all devices and forget everything" },
	{ "version", NULL, cmd_version, "", "version of weir and of its ABI" },
	{ "help", NULL, cmd_help, "[OBJECT]", "this, or the verbs of one object" },
	{ "complete", NULL, cmd_complete, NULL, "the words that a shell may offer next" },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))
const size_t command_count = COMMAND_COUNT;

const char *cli_next(struct cli *cli)
{
	if (!cli->argc)
		return NULL;
	cli->argc--;
	return *cli->argv++;
}

const char *cli_file(struct cli *cli)
{
	if (cli->argc && cli->argv[0][0] == '-' && cli->argv[0][1])
		return NULL;
	return cli_next(cli);
}

/* end: behind the last word that is right */
static int place(struct cli *cli, char **end)
{
	char what[sizeof(cli->fail.what)], where[160] = "";

	for (char **word = cli->typed; word < end; word++)
		snprintf(where + strlen(where), sizeof(where) - strlen(where), "%s%s",
			 word > cli->typed ? " " : "", *word);
	snprintf(what, sizeof(what), "%s", cli->fail.what);
	snprintf(cli->fail.what, sizeof(cli->fail.what), "%s: %.300s", where, what);
	if (!cli->fail.remedy[0])
		snprintf(cli->fail.remedy, sizeof(cli->fail.remedy), "see its words with: weir help %.64s",
			 cli->typed[0]);
	return -cli->fail.status;
}

int cli_bad(struct cli *cli)
{
	return place(cli, cli->argv - 1);
}

const char *cli_need(struct cli *cli, const char *expected)
{
	const char *word = cli_next(cli);

	if (!word) {
		fail_set(&cli->fail, EXIT_USAGE, NULL, "expected %s", expected);
		place(cli, cli->argv);
	}
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
	char remedy[128];

	if (!cli->argc)
		return 0;
	if (cli->argv[0][0] == '-')
		snprintf(remedy, sizeof(remedy), "options stand before the object: weir -j status");
	else
		snprintf(remedy, sizeof(remedy), "see its words with: weir help %.64s", cli->typed[0]);
	return fail_set(&cli->fail, EXIT_USAGE, remedy, "%s: nothing more was expected", cli->argv[0]);
}

int cli_choose(struct cli *cli, const char *word, const char *what, const char *const *words)
{
	const char *near;
	char list[200] = "", remedy[256];

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
	return fail_set(&cli->fail, EXIT_USAGE, remedy, "%s: not %s %s", word,
			strchr("aeio", what[0]) ? "an" : "a", what);
}

/* The command that the first words name; takes them. An object alone shows itself: its verb is
 * `show`, or the first one. NULL with the failure set. */
static const struct command *command_find(struct cli *cli)
{
	const char *object = cli_next(cli), *verbs[COMMAND_COUNT + 1] = {};
	const struct command *shown = NULL;
	const char *verb = cli->argc ? cli->argv[0] : NULL;
	size_t count = 0;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].object, object))
			continue;
		if (!commands[i].verb)
			return &commands[i];
		if (verb && !strcmp(commands[i].verb, verb)) {
			cli_next(cli);
			return &commands[i];
		}
		if (!shown || !strcmp(commands[i].verb, "show"))
			shown = &commands[i];
		verbs[count++] = commands[i].verb;
	}
	if (!count)
		cli_no_object(cli, object);
	else if (verb)
		cli_choose(cli, verb, "verb of this object", verbs);
	else
		return shown;
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

/*
 * The options before the object. A long one comes as '-' with its name: "-:" is an option that
 * takes a value. word: what stands for the command instead, or NULL.
 */
static int options_read(int argc, char **argv, struct cli *cli, bool *json, char **word)
{
	int option;

	while ((option = getopt(argc, argv, "+:jI:hV-:")) != -1) {
		bool help = option == '-' && !strcmp(optarg, "help");
		bool version = option == '-' && !strcmp(optarg, "version");

		if (option == 'j')
			*json = true;
		else if (option == 'I')
			cli->instance = optarg;
		else if (option == 'h' || help)
			*word = "help";
		else if (option == 'V' || version)
			*word = "version";
		else if (option == ':')
			return fail_set(&cli->fail, EXIT_USAGE, "as in: weir -I NAME status",
					"-%c: expected the name of an instance", optopt);
		else
			return fail_set(&cli->fail, EXIT_USAGE, "see them with: weir help",
					"%s: no such option", argv[optind - 1]);
	}
	return 0;
}

/* Does a command begin there, to be typed for an instance? */
static bool is_command(const char *words)
{
	size_t length = strspn(words, "abcdefghijklmnopqrstuvwxyz");

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strlen(commands[i].object) == length && !memcmp(commands[i].object, words, length))
			return strcmp(commands[i].object, "help") && strcmp(commands[i].object, "version");
	return false;
}

/* A remedy is typed as it stands there: its commands name the instance. */
static void remedy_for_instance(struct fail *fail, const char *instance)
{
	static const char weir[] = "weir ";
	char remedy[sizeof(fail->remedy)], call[INSTANCE_CALL];
	size_t used = 0;

	for (const char *at = fail->remedy; *at && used < sizeof(remedy); ) {
		bool found = !strncmp(at, weir, strlen(weir)) && is_command(at + strlen(weir));

		if (found)
			used += snprintf(remedy + used, sizeof(remedy) - used, "%s ", pin_call(instance, call));
		else
			remedy[used++] = *at;
		at += found ? strlen(weir) : 1;
	}
	if (used >= sizeof(remedy))
		return;		/* no room: better without the name than cut off */
	remedy[used] = '\0';
	memcpy(fail->remedy, remedy, used + 1);
}

static int finish(struct cli *cli, int result)
{
	const char *no_color = getenv("NO_COLOR");

	if (!result && (fflush(stdout) || ferror(stdout)))
		result = fail_set(&cli->fail, EXIT_REFUSED, NULL, "standard output: %s",
				  strerror(errno));
	if (!result)
		return EXIT_DONE;
	fflush(stdout);
	if (strlen(cli->instance) < INSTANCE_MAX)
		remedy_for_instance(&cli->fail, cli->instance);
	if (cli->fail.what[0])
		fail_print(stderr, &cli->fail, isatty(STDERR_FILENO) && !(no_color && *no_color));
	return cli->fail.status;
}

/*
 * A stream that was closed must not become the next file that is opened, or a map. It stays one that
 * can't be used: what is to be read can only be written, and the other way round.
 */
static void streams_hold(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
	struct cli cli = { .instance = "default" };
	char *word = NULL, *nothing = "help";
	bool json = false;

	streams_hold();
	/* large lists go back to the kernel as they are freed, and grow without being copied */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
	if (options_read(argc, argv, &cli, &json, &word))
		return finish(&cli, -cli.fail.status);
	out_init(&cli.out, stdout, json);
	cli.argc = word ? 1 : argc - optind;
	cli.argv = cli.typed = word ? &word : argv + optind;
	if (cli.argc)
		return finish(&cli, run(&cli));
	cli.argc = 1;
	cli.argv = cli.typed = &nothing;
	cli.out.to = stderr;
	run(&cli);
	return EXIT_USAGE;
}
