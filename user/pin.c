// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include "pin.h"

#define LASTING_ROOT "/proc/1/root"

int pin_instance_check(const char *instance, struct fail *fail)
{
	size_t length = strlen(instance);
	bool good = length > 0 && length < INSTANCE_MAX && isalnum((unsigned char)instance[0]);

	for (size_t i = 0; good && i < length; i++)
		good = isalnum((unsigned char)instance[i]) || strchr("._-", instance[i]);
	if (good)
		return 0;
	return fail_set(fail, EXIT_USAGE,
			"use up to 31 letters, digits, '.', '_' and '-', beginning with a letter or digit",
			"\"%s\": not a name for an instance", instance);
}

const char *pin_call(const char *instance, char call[INSTANCE_CALL])
{
	bool named = strcmp(instance, "default");

	snprintf(call, INSTANCE_CALL, "weir%s%s", named ? " -I " : "", named ? instance : "");
	return call;
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

/* The mount as this process can reach it, or NULL: in its own namespace, or in that of pid 1. */
static const char *base_find(void)
{
	if (is_bpffs(PIN_BASE))
		return PIN_BASE;
	if (is_bpffs(LASTING_ROOT PIN_BASE))
		return LASTING_ROOT PIN_BASE;
	return NULL;
}

/* Statistics are for the group weir; without one, for root's. */
static gid_t stats_group(void)
{
	const struct group *group = getgrnam("weir");

	return group ? group->gr_gid : 0;
}

/* In the namespace that lasts. Returns an errno, 0 when done. */
static int base_mount_here(void)
{
	int lock;

	if ((mkdir("/run/weir", 0755) && errno != EEXIST) ||
	    (mkdir(PIN_BASE, 0755) && errno != EEXIST))
		return errno;
	lock = open("/run/weir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX))
		return errno;
	if (is_bpffs(PIN_BASE))
		return 0;	/* another command was faster */
	if (mount("bpf", PIN_BASE, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0750"))
		return errno;
	return chown(PIN_BASE, 0, stats_group()) ? errno : 0;
}

/*
 * A mount made in a private mount namespace dies with it, and the pins with the mount: a child
 * makes it in the namespace of pid 1. Where that namespace can't be entered, ours has to do.
 */
static int base_mount(void)
{
	int status, lasting;
	pid_t child = fork();

	if (child < 0)
		return errno;
	if (child == 0) {
		umask(022);
		lasting = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
		if (lasting >= 0)
			(void)!setns(lasting, CLONE_NEWNS);
		_exit(base_mount_here());
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

/* Pins are code and power over all traffic: others must not have been able to place them. */
static int owner_check(const char *directory, struct fail *fail)
{
	struct stat st;

	if (stat(directory, &st))
		return fail_set(fail, EXIT_REFUSED, NULL, "%s: %s", directory, strerror(errno));
	if (st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	return fail_set(fail, EXIT_REFUSED, "find out who made it, then remove it as root",
			"%s: not owned by root, or writable by others", directory);
}

static int directory_make(const char *directory, struct fail *fail)
{
	if (mkdir(directory, 0750) == 0) {
		if (chown(directory, 0, stats_group()) == 0 && chmod(directory, 0750) == 0)
			return 0;
	} else if (errno == EEXIST) {
		return owner_check(directory, fail);
	}
	return fail_set(fail, EXIT_REFUSED, errno == EPERM || errno == EACCES ? "run it as root" : NULL,
			"%s: can't make it: %s", directory, strerror(errno));
}

int pin_find(const char *instance, char *directory, size_t size, struct fail *fail)
{
	const char *base = base_find();

	if (pin_instance_check(instance, fail))
		return -fail->status;
	if (base)
		snprintf(directory, size, "%s/%s/v%d", base, instance, WEIR_ABI);
	if (base && access(directory, X_OK) == 0)
		return owner_check(directory, fail);
	if ((base && errno == EACCES) || (!base && access(PIN_BASE, X_OK) && errno == EACCES))
		return fail_set(fail, EXIT_REFUSED, "run it as root, or as a member of the group weir",
				"instance %s: permission denied", instance);
	return fail_set(fail, EXIT_ABSENT, "attach it first: weir link attach dev IF, or weir config load FILE",
			"instance %s is not running", instance);
}

int pin_make(const char *instance, char *directory, size_t size, struct fail *fail)
{
	const char *base = base_find();
	int error;

	if (pin_instance_check(instance, fail))
		return -fail->status;
	if (!base) {
		error = base_mount();
		base = base_find();
		if (error || !base)
			return fail_set(fail, EXIT_REFUSED,
					error == EPERM || error == EACCES ? "run it as root" : NULL,
					"%s: can't mount a BPF file system: %s", PIN_BASE,
					strerror(error ? error : ENOENT));
	}
	snprintf(directory, size, "%s/%s", base, instance);
	if (directory_make(directory, fail))
		return -fail->status;
	snprintf(directory, size, "%s/%s/v%d", base, instance, WEIR_ABI);
	return directory_make(directory, fail);
}

static int remove_pins(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;

	if (!dir)
		return errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	return rmdir(directory) ? errno : 0;
}

int pin_remove(const char *instance, struct fail *fail)
{
	char directory[PIN_PATH];
	int error;

	if (pin_find(instance, directory, sizeof(directory), fail))
		return -fail->status;
	error = remove_pins(directory);
	if (error)
		return fail_set(fail, EXIT_REFUSED, NULL, "%s: %s", directory, strerror(error));
	*strrchr(directory, '/') = '\0';
	rmdir(directory);	/* stays when another version of weir keeps pins beside ours */
	return 0;
}

int pin_each(void (*each)(const char *instance, void *data), void *data)
{
	const char *base = base_find();
	DIR *dir = base ? opendir(base) : NULL;
	struct dirent *entry;
	int count = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir))) {
		/* the file system also has a few files of the kernel's own */
		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
			continue;
		each(entry->d_name, data);
		count++;
	}
	closedir(dir);
	return count;
}

int pin_mode(const char *path, bool stats, struct fail *fail)
{
	if (chmod(path, stats ? 0640 : 0600) == 0 && chown(path, 0, stats ? stats_group() : 0) == 0)
		return 0;
	return fail_set(fail, EXIT_REFUSED, NULL, "%s: can't set its mode: %s", path, strerror(errno));
}
