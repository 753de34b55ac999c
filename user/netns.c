// SPDX-License-Identifier: GPL-2.0-only
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "attach.h"
#include "netns.h"

#define PATH_SIZE 256

__u64 netns_here(void)
{
	struct stat here;

	return stat("/proc/self/ns/net", &here) == 0 ? here.st_ino : 0;
}

/* Where a mount holds it, as `ip netns` makes them: its root is "net:[INODE]". */
static bool find_mount(const char *mounts, const char *root, __u64 inode, char path[PATH_SIZE])
{
	char line[1024], name[64], at[PATH_SIZE - 16], wanted[64];
	FILE *file = fopen(mounts, "re");
	bool found = false;

	snprintf(wanted, sizeof(wanted), "net:[%llu]", (unsigned long long)inode);
	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*s %*s %*s %63s %239s", name, at) == 2 && !strcmp(name, wanted);
	if (file)
		fclose(file);
	if (found)
		snprintf(path, PATH_SIZE, "%s%s", root, at);
	return found;
}

static bool find_process(__u64 inode, char path[PATH_SIZE])
{
	struct stat there;
	bool found = false;
	glob_t all;

	if (glob("/proc/[0-9]*/ns/net", GLOB_NOSORT, NULL, &all))
		return false;
	for (size_t i = 0; i < all.gl_pathc && !found; i++) {
		found = stat(all.gl_pathv[i], &there) == 0 && there.st_ino == inode;
		if (found)
			snprintf(path, PATH_SIZE, "%s", all.gl_pathv[i]);
	}
	globfree(&all);
	return found;
}

/* A file that leads there; false: it has ended, or nothing that we can see holds it. */
static bool find(__u64 inode, char path[PATH_SIZE])
{
	return find_mount("/proc/self/mountinfo", "", inode, path) ||
	       find_mount("/proc/1/mountinfo", "/proc/1/root", inode, path) || find_process(inode, path);
}

/* A program behind a dispatcher has no link to ask: it is there as long as its namespace. */
static bool is_attached(const struct store *store, bool alive)
{
	struct dev devs[DEV_MAX];
	struct fail ignored;

	if (store_devs_read(store, devs, &ignored))
		return true;
	for (int slot = 0; slot < DEV_MAX; slot++) {
		if (!devs[slot].ifindex)
			continue;
		if (devs[slot].driver == DRIVER_CHAIN ? alive :
		    strcmp(attach_state(store, slot, &devs[slot]), "gone") != 0)
			return true;
	}
	return false;
}

static int refuse(const struct store *store, const char *path, const char *way, struct fail *fail)
{
	char remedy[sizeof(fail->remedy)], call[INSTANCE_CALL];

	snprintf(remedy, sizeof(remedy), "%s%s%s%s%s off", way, *path ? "nsenter --net=" : "", path,
		 *path ? " " : "", pin_call(store->instance, call));
	return fail_set(fail, EXIT_REFUSED, remedy,
			"instance %s belongs to another network namespace", store->instance);
}

int netns_check(struct store *store, struct fail *fail)
{
	char path[PATH_SIZE] = "";
	__u64 here = netns_here();
	struct run run;
	bool alive;

	if (store_run_read(store, &run, fail))
		return -fail->status;
	if (!here || here == run.netns)
		return 0;
	alive = find(run.netns, path);
	if (is_attached(store, alive))
		return refuse(store, path, "use another instance (-I NAME), or end that one first: ", fail);
	run.netns = here;
	return store_run_write(store, &run, fail);
}

int netns_check_off(const struct store *store, struct fail *fail)
{
	char path[PATH_SIZE] = "";
	struct fail ignored;
	__u64 here = netns_here();
	struct run run;

	/* one that was made by halves can be ended from anywhere */
	if (store_run_read(store, &run, &ignored) || !here || here == run.netns)
		return 0;
	if (!find(run.netns, path) || !is_attached(store, true))
		return 0;
	return refuse(store, path, "end it there: ", fail);
}
