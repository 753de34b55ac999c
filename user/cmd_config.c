// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "apply.h"
#include "cli.h"
#include "diff.h"
#include "forward.h"
#include "ruleset.h"
#include "session.h"

#define CONFIG_FILE "/etc/weir/weir.conf"

/* The policy in force. */
static int policy_get(struct cli *cli, struct policy *policy)
{
	struct store store;
	int result;

	policy_init(policy);
	if (store_open(cli->instance, STORE_READ, &store, &cli->fail))
		return -cli->fail.status;
	result = apply_read(&store, policy, &cli->fail);
	store_close(&store);
	return result;
}

/* The policy as a file, with the limit that nobody wrote as a comment. */
static void config_print(FILE *to, const struct policy *policy)
{
	policy_print(to, policy, apply_now_ns(), true);
	if (!policy->guard.rate.count)
		return;
	fputs("# by default, for the source ports of masquerading: ", to);
	limit_print(to, &policy->guard);
	fputc('\n', to);
}

int cmd_config_show(struct cli *cli)
{
	struct policy policy;
	char *text = NULL;
	size_t size;
	FILE *to;

	if (cli_end(cli) || policy_get(cli, &policy))
		return -cli->fail.status;
	to = open_memstream(&text, &size);
	config_print(to, &policy);
	fclose(to);
	policy_free(&policy);
	if (cli->out.json) {
		out_object_begin(&cli->out, NULL, NULL);
		out_field_text(&cli->out, "config", "config", text);
		out_object_end(&cli->out);
	} else {
		fputs(text, cli->out.to);
	}
	free(text);
	return 0;
}

static void told_print(const struct apply_told *told, const char *instance, const char *path)
{
	char shown[4 * sizeof(told->missing)], file[1024], call[INSTANCE_CALL];

	if (told->missing[0])
		fprintf(stderr, "weir: warning: not there, so not attached: %s\n",
			out_escape(told->missing, shown, sizeof(shown)));
	if (told->later[0])
		fprintf(stderr, "weir: warning: the instance was made with other sources than the file wants: %s\n"
			"  to change that, make it anew: %s off, then %s config load %s\n",
			told->later, pin_call(instance, call), call, out_escape(path, file, sizeof(file)));
	if (told->detached[0])
		fprintf(stderr, "weir: detached, since %s does not name it: %s\n",
			out_escape(path, file, sizeof(file)),
			out_escape(told->detached, shown, sizeof(shown)));
}

int cmd_config_load(struct cli *cli)
{
	const char *path = cli_need(cli, "a config file");
	struct apply_told told;
	struct policy policy;
	struct store store;
	int result;

	if (!path || cli_end(cli) ||
	    policy_read(path, apply_now_ns(), false, &policy, &cli->fail))
		return -cli->fail.status;
	result = store_make(cli->instance, &store, &cli->fail);
	if (!result)
		result = apply_policy(&store, &policy, &told, &cli->fail);
	/* always: the rules may have changed since the same file was loaded */
	if (!result)
		forward_warn(stderr, policy.bypass, policy.bypass_count, &store);
	store_close(&store);
	if (!result) {
		ruleset_warn(stderr, policy.bypass, policy.bypass_count);
		session_warn(stderr, cli->instance, &policy, apply_now_ns());
	}
	policy_free(&policy);
	if (!result)
		told_print(&told, cli->instance, path);
	return result;
}

int cmd_config_diff(struct cli *cli)
{
	const char *path = cli_file(cli);
	struct policy before, after;
	size_t size, changes;
	char *text = NULL;
	FILE *to;

	if (cli_end(cli) ||
	    policy_read(path ? path : CONFIG_FILE, apply_now_ns(), false, &after, &cli->fail))
		return -cli->fail.status;
	if (policy_get(cli, &before)) {
		policy_free(&after);
		return -cli->fail.status;
	}
	to = open_memstream(&text, &size);
	changes = policy_diff(to, &before, &after, apply_now_ns());
	fclose(to);
	policy_free(&before);
	policy_free(&after);
	if (cli->out.json) {
		out_object_begin(&cli->out, NULL, NULL);
		out_field_number(&cli->out, "changes", "changes", changes);
		out_field_text(&cli->out, "diff", "diff", text);
		out_object_end(&cli->out);
	} else {
		fputs(changes ? text : "no difference\n", cli->out.to);
	}
	free(text);
	return 0;
}

/* The file that a save may replace; the caller frees it. A link stays, and leads there. */
static char *save_target(const char *path, struct fail *fail)
{
	struct stat stat_of;
	char *target;

	if (!*path || !strcmp(path, "-") || (!stat(path, &stat_of) && !S_ISREG(stat_of.st_mode))) {
		fail_set(fail, EXIT_USAGE, "name a file; to print it: weir config show",
			 "config save: \"%.256s\" is not a regular file", path);
		return NULL;
	}
	target = realpath(path, NULL);
	if (!target && errno == ENOENT)
		target = strdup(path);
	if (!target)
		fail_set(fail, EXIT_REFUSED, NULL, "%.256s: %s", path, strerror(errno));
	return target;
}

/* Writes beside the file and renames: a full disk or a crash leaves the old file as it was. */
static int save_as(const char *path, const struct policy *policy, struct fail *fail)
{
	char temporary[PATH_MAX];
	int fd, error = 0;
	FILE *to;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
		return fail_set(fail, EXIT_USAGE, NULL, "%s: name is too long", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	to = fd < 0 ? NULL : fdopen(fd, "w");
	if (!to) {
		error = errno;
		if (fd >= 0) {
			close(fd);
			unlink(temporary);
		}
		return fail_set(fail, EXIT_REFUSED, error == ENOENT ? "make its directory first" : NULL,
				"%s: %s", path, strerror(error));
	}
	config_print(to, policy);
	if (fflush(to) || ferror(to) || fsync(fd) || fchmod(fd, 0600))
		error = errno;
	if (fclose(to) && !error)
		error = errno;
	if (!error && rename(temporary, path))
		error = errno;
	if (!error)
		return 0;
	unlink(temporary);
	return fail_set(fail, EXIT_REFUSED, error == ENOSPC ? "make room, then save again" : NULL,
			"%s: not saved, the old file is as it was: %s", path, strerror(error));
}

int cmd_config_save(struct cli *cli)
{
	const char *path = cli_file(cli);
	struct policy policy;
	char *target;
	int result;

	if (cli_end(cli) || policy_get(cli, &policy))
		return -cli->fail.status;
	target = save_target(path ? path : CONFIG_FILE, &cli->fail);
	result = target ? save_as(target, &policy, &cli->fail) : -cli->fail.status;
	free(target);
	policy_free(&policy);
	return result;
}
