// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "apply.h"
#include "daemon.h"
#include "expiry.h"
#include "forward.h"
#include "heartbeat.h"
#include "notify.h"
#include "pin.h"
#include "privilege.h"
#include "routes.h"
#include "ruleset.h"
#include "warnings.h"
#include "watch.h"

static const struct daemon_part parts[] = {
	{ "heartbeat", heartbeat_start, heartbeat_stop },
	{ "expiry", expiry_start, expiry_stop },
	{ "routes", routes_start, routes_stop },
	{ "watch", watch_start, watch_stop },
};
#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))

/* Pins are opened by their owner, root, and a map is written through its fd: neither needs a
 * capability. nf_conntrack's sysctls and netlink want this one. */
#define PRIVILEGES CAPABILITY(CAP_NET_ADMIN)

/* ---- one daemon an instance ---- */

#define LOCK_PATH (sizeof(PIN_LOCKS) + INSTANCE_MAX + 16)

static void lock_path(const char *instance, char path[LOCK_PATH])
{
	snprintf(path, LOCK_PATH, PIN_LOCKS "/daemon-%s.lock", instance);
}

/* The file may have been removed by the daemon before us between our open and our lock. */
static bool is_still(const char *path, int fd)
{
	struct stat there, ours;

	return stat(path, &there) == 0 && fstat(fd, &ours) == 0 && there.st_ino == ours.st_ino &&
	       there.st_dev == ours.st_dev;
}

/* Who holds the lock, as it wrote there; a text without digits where it has not yet. */
static int lock_held(const char *path, const char *instance, struct fail *fail)
{
	char pid[16] = "", remedy[64] = "end that one first";
	FILE *from = fopen(path, "re");

	if (from && fscanf(from, "%15[0-9]", pid) == 1)
		snprintf(remedy, sizeof(remedy), "end that one first: kill %s", pid);
	if (from)
		fclose(from);
	return fail_set(fail, EXIT_REFUSED, remedy, "a daemon of instance %s runs already%s%s", instance,
			*pid ? ", as process " : "", pid);
}

/* Says who holds it: for others to read, so a failure is none of ours. */
static void lock_sign(int fd)
{
	char pid[16];
	int length = snprintf(pid, sizeof(pid), "%d\n", (int)getpid());

	if (!ftruncate(fd, 0))
		(void)!pwrite(fd, pid, length, 0);
}

/* The lock goes when the process does. Returns its fd, or a failure. */
static int lock_take(const char *instance, struct fail *fail)
{
	char path[LOCK_PATH];
	int fd;

	lock_path(instance, path);
	if (mkdir(PIN_LOCKS, 0755) && errno != EEXIST)
		return fail_set(fail, EXIT_REFUSED, "run it as root", PIN_LOCKS ": %s", strerror(errno));
	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return fail_set(fail, EXIT_REFUSED, "run it as root", "%s: %s", path,
					strerror(errno));
		if (flock(fd, LOCK_EX | LOCK_NB))
			break;
		if (is_still(path, fd))
			return fd;
		close(fd);
	}
	close(fd);
	return lock_held(path, instance, fail);
}

static void lock_remove(const char *instance)
{
	char path[LOCK_PATH];

	lock_path(instance, path);
	unlink(path);
}

/* ---- signals ---- */

static void signal_ready(void *data)
{
	struct daemon *daemon = data;

	loop_stop(&daemon->loop);	/* the signal need not be read: it is the last one */
}

/* SIGTERM and SIGINT become readable; a reader of the log that goes away is no reason to end. */
static int signals_open(struct daemon *daemon, struct loop_source *source, struct fail *fail)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*source = (struct loop_source){ .ready = signal_ready, .data = daemon };
	source->fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (source->fd < 0)
		return fail_set(fail, EXIT_REFUSED, NULL, "signalfd: %s", strerror(errno));
	return loop_add(&daemon->loop, source, fail);
}

/* ---- background ---- */

/*
 * The parent waits until the child tells that it is ready, or how it failed, and then has the
 * child's result; *ready is where the child tells it, or -1 in the parent.
 */
static int background(int *ready, struct fail *fail)
{
	int pipe_fd[2];
	pid_t child;

	if (pipe2(pipe_fd, O_CLOEXEC) || (child = fork()) < 0)
		return fail_set(fail, EXIT_REFUSED, NULL, "can't go to the background: %s",
				strerror(errno));
	if (child == 0) {
		close(pipe_fd[0]);
		setsid();
		*ready = pipe_fd[1];
		return 0;
	}
	close(pipe_fd[1]);
	*ready = -1;
	if (read(pipe_fd[0], fail, sizeof(*fail)) == sizeof(*fail))
		return -fail->status;
	return fail_set(fail, EXIT_REFUSED, NULL, "the daemon ended before it was ready");
}

static void background_ready(int ready)
{
	const struct fail done = { .status = EXIT_DONE };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)!write(ready, &done, sizeof(done));
	close(ready);
	(void)!chdir("/");
	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
}

/* ---- the daemon ---- */

static int parts_start(struct daemon *daemon, size_t *started, struct fail *fail)
{
	for (*started = 0; *started < PART_COUNT; ++*started)
		if (parts[*started].start(daemon, fail))
			return -fail->status;
	return 0;
}

static void warning_log(const char *what, const char *details, void *unused)
{
	(void)unused;
	notify_log(LOG_WARNING, "%s%s%s", what, details[0] ? ": " : "", details);
}

/* What `weir config load` prints of the rules and devices of this machine. */
static void load_warn(const struct store *store, const struct policy *policy)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return;
	forward_warn(to, policy->bypass, policy->bypass_count, store);
	ruleset_warn(to, policy->bypass, policy->bypass_count);
	fclose(to);
	warnings_each(text, warning_log, NULL);
	free(text);
}

static int load(const char *instance, const char *file, struct fail *fail)
{
	struct apply_told told;
	struct policy policy;
	struct store store;
	int result;

	if (!file)
		return 0;
	if (policy_read(file, apply_now_ns(), false, &policy, fail))
		return -fail->status;
	result = store_make(instance, &store, fail);
	if (!result)
		result = apply_policy(&store, &policy, &told, fail);
	if (!result) {
		notify_log(LOG_INFO, "%s is in force", file);
		load_warn(&store, &policy);
	}
	store_close(&store);
	policy_free(&policy);
	if (result)
		return result;
	if (told.missing[0])
		notify_log(LOG_WARNING, "not there, so not attached: %s", told.missing);
	if (told.later[0])
		notify_log(LOG_WARNING, "the instance was made with other sources than the file wants: %s", told.later);
	if (told.detached[0])
		notify_log(LOG_WARNING, "detached, since %s does not name it: %s", file, told.detached);
	return 0;
}

/* ready: see background(), or -1 in the foreground */
static int serve(struct daemon *daemon, const char *file, int ready, struct fail *fail)
{
	struct loop_source signals = { .fd = -1 };
	size_t started = 0;
	int result;

	result = load(daemon->instance, file, fail);
	if (!result)
		result = loop_open(&daemon->loop, fail);
	if (!result)
		result = signals_open(daemon, &signals, fail);
	if (!result)
		result = parts_start(daemon, &started, fail);
	if (!result)
		result = privilege_drop(PRIVILEGES, fail);
	if (!result) {
		if (ready >= 0)
			background_ready(ready);
		notify_state("READY=1");
		notify_log(LOG_INFO, "daemon of instance %s is running", daemon->instance);
		result = loop_run(&daemon->loop, fail);
		notify_state("STOPPING=1");
	} else if (ready >= 0) {
		(void)!write(ready, fail, sizeof(*fail));
		close(ready);
	}
	while (started)
		parts[--started].stop(daemon);
	loop_close(&daemon->loop);
	return result;
}

int daemon_run(const char *instance, const char *file, bool here, struct fail *fail)
{
	struct daemon daemon = { .instance = instance, .loop.epoll = -1 };
	int lock, result, ready = -1;

	if (geteuid() != 0)
		return fail_set(fail, EXIT_REFUSED, "run it as root", "not root");
	here = here || notify_wanted();
	daemon.here = here;
	lock = lock_take(instance, fail);
	if (lock < 0)
		return lock;
	if (!here) {
		if (background(&ready, fail))
			return -fail->status;
		if (ready < 0)
			return 0;
	}
	lock_sign(lock);
	notify_log_open(here);
	result = serve(&daemon, file, ready, fail);
	lock_remove(instance);
	if (result && !here) {
		notify_log(LOG_ERR, "%s", fail->what);
		fail_quiet(fail, fail->status);		/* the parent says it */
	}
	return result;
}
