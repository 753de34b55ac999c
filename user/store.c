// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "clock.h"
#include "store_arena.h"
#include "store_map.h"

int kernel_said(struct fail *fail, const char *what, int error)
{
	const char *remedy = error == EPERM || error == EACCES ? "run it as root" : NULL;

	return fail_set(fail, EXIT_REFUSED, remedy, "%s: %s", what, strerror(error));
}

/* 0, or -EXIT_ABSENT when the instance was removed while we waited. */
static int lock_take(struct store *store, struct fail *fail)
{
	struct stat held, there;

	store->lock = open(store->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->lock < 0 && errno != ENOENT)
		return kernel_said(fail, store->directory, errno);
	if (store->lock >= 0 && (flock(store->lock, LOCK_EX) || fstat(store->lock, &held)))
		return kernel_said(fail, store->directory, errno);
	if (store->lock >= 0 && stat(store->directory, &there) == 0 && there.st_ino == held.st_ino)
		return 0;
	store_close(store);
	return fail_set(fail, EXIT_ABSENT, NULL, "instance %s has just been removed",
			store->instance);
}

int store_open(const char *instance, enum store_access access, struct store *store,
	       struct fail *fail)
{
	*store = (struct store){ .access = access, .lock = -1 };
	if (access != STORE_STATS && geteuid() != 0)
		return fail_set(fail, EXIT_REFUSED, "run it as root", "instance %s: not root", instance);
	if (pin_find(instance, store->directory, sizeof(store->directory), fail))
		return -fail->status;
	snprintf(store->instance, sizeof(store->instance), "%s", instance);
	return access == STORE_WRITE ? lock_take(store, fail) : 0;
}

int store_make(const char *instance, struct store *store, struct fail *fail)
{
	int result;

	*store = (struct store){ .access = STORE_WRITE, .lock = -1 };
	if (geteuid() != 0)
		return fail_set(fail, EXIT_REFUSED, "run it as root", "instance %s: not root", instance);
	snprintf(store->instance, sizeof(store->instance), "%s", instance);
	do {
		if (pin_make(instance, store->directory, sizeof(store->directory), fail))
			return -fail->status;
		result = lock_take(store, fail);
	} while (result == -EXIT_ABSENT);
	return result;
}

void store_close(struct store *store)
{
	if (store->lock >= 0)
		close(store->lock);
	store->lock = -1;
}

int map_open(const struct store *store, const char *name, struct fail *fail)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts);
	char path[PIN_PATH + 32];
	int fd;

	opts.file_flags = store->access == STORE_STATS ? BPF_F_RDONLY : 0;
	snprintf(path, sizeof(path), "%s/%s", store->directory, name);
	fd = bpf_obj_get_opts(path, &opts);
	if (fd >= 0)
		return fd;
	if (errno == ENOENT)
		return fail_set(fail, EXIT_ABSENT, "attach it: weir link attach dev IF",
				"instance %s has no map %s", store->instance, name);
	return kernel_said(fail, path, errno);
}

int entry_read(const struct store *store, const char *map, __u32 key, void *value, struct fail *fail)
{
	int fd = map_open(store, map, fail), error = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &key, value))
		error = errno;
	close(fd);
	return error ? kernel_said(fail, map, error) : 0;
}

int entry_write(const struct store *store, const char *map, __u32 key, const void *value,
		struct fail *fail)
{
	int fd = map_open(store, map, fail), error = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_update_elem(fd, &key, value, BPF_ANY))
		error = errno;
	close(fd);
	return error ? kernel_said(fail, map, error) : 0;
}

bool store_complete(const struct store *store)
{
	struct fail ignored;
	__u32 id;

	return entry_read(store, MAP_POLICY, 0, &id, &ignored) == 0;
}

int map_entries(int fd, __u32 *entries)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -1;
	*entries = info.max_entries;
	return 0;
}

int store_map_shape(const struct store *store, const char *map, struct store_shape *shape,
		    struct fail *fail)
{
	int fd = map_open(store, map, fail), error = 0;
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (fd < 0)
		return fd;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		error = errno;
	close(fd);
	*shape = (struct store_shape){
		info.type, info.key_size, info.value_size, info.max_entries, info.map_flags,
	};
	return error ? kernel_said(fail, map, error) : 0;
}

int store_policy_id(const struct store *store, __u32 *id, struct fail *fail)
{
	return entry_read(store, MAP_POLICY, 0, id, fail);
}

int store_policy_read(const struct store *store, struct arena *arena, struct fail *fail)
{
	int fd = map_open(store, MAP_POLICY, fail), error;

	if (fd < 0)
		return fd;
	error = arena_fetch(fd, arena);
	close(fd);
	return error ? kernel_said(fail, "policy in force", -error) : 0;
}

int store_policy_write(const struct store *store, struct arena *arena, struct fail *fail)
{
	int fd = map_open(store, MAP_POLICY, fail), error;

	if (fd < 0)
		return fd;
	error = arena_publish(fd, arena, monotonic_ns);
	close(fd);
	return error ? kernel_said(fail, "new policy", -error) : 0;
}

void store_policy_sweep(const struct store *store)
{
	struct fail ignored;
	int fd = map_open(store, MAP_POLICY, &ignored);

	if (fd < 0)
		return;
	arena_sweep(fd);
	close(fd);
}

int store_run_read(const struct store *store, struct run *run, struct fail *fail)
{
	return entry_read(store, MAP_RUN, 0, run, fail);
}

int store_run_write(const struct store *store, const struct run *run, struct fail *fail)
{
	return entry_write(store, MAP_RUN, 0, run, fail);
}

int store_pressure_read(const struct store *store, struct pressure_now *now, struct fail *fail)
{
	return entry_read(store, MAP_PRESSURE, 0, now, fail);
}

int store_pressure_write(const struct store *store, const struct pressure_now *now,
			 struct fail *fail)
{
	return entry_write(store, MAP_PRESSURE, 0, now, fail);
}

int store_routes_read(const struct store *store, struct routes_now *now, struct fail *fail)
{
	return entry_read(store, MAP_ROUTES, 0, now, fail);
}

int store_routes_write(const struct store *store, const struct routes_now *now, struct fail *fail)
{
	return entry_write(store, MAP_ROUTES, 0, now, fail);
}

int store_secret_read(const struct store *store, struct secret *secret, struct fail *fail)
{
	return entry_read(store, MAP_SECRET, 0, secret, fail);
}

int store_secret_write(const struct store *store, const struct secret *secret, struct fail *fail)
{
	return entry_write(store, MAP_SECRET, 0, secret, fail);
}

int store_devs_read(const struct store *store, struct dev devs[DEV_MAX], struct fail *fail)
{
	__u32 slots[DEV_MAX], count = DEV_MAX, batch;
	int fd = map_open(store, MAP_DEV, fail), error = 0;

	if (fd < 0)
		return fd;
	/* with one call: the daemon does so twenty times a second */
	if (bpf_map_lookup_batch(fd, NULL, &batch, slots, devs, &count, NULL) && errno != ENOENT)
		error = errno;
	close(fd);
	return error ? kernel_said(fail, MAP_DEV, error) : 0;
}

int store_dev_write(const struct store *store, __u32 slot, const struct dev *dev, struct fail *fail)
{
	return entry_write(store, MAP_DEV, slot, dev, fail);
}
