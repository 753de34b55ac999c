// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store.h"

static int kernel_said(struct fail *fail, const char *what, int error)
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

/* The fd of a pinned map; the caller closes it. */
static int map_open(const struct store *store, const char *name, struct fail *fail)
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

static int entry_read(const struct store *store, const char *map, __u32 key, void *value,
		      struct fail *fail)
{
	int fd = map_open(store, map, fail), error = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_lookup_elem(fd, &key, value))
		error = errno;
	close(fd);
	return error ? kernel_said(fail, map, error) : 0;
}

static int entry_write(const struct store *store, const char *map, __u32 key, const void *value,
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

static int map_entries(int fd, __u32 *entries)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -1;
	*entries = info.max_entries;
	return 0;
}

int store_policy_id(const struct store *store, __u32 *id, struct fail *fail)
{
	return entry_read(store, MAP_POLICY, 0, id, fail);
}

int store_policy_read(const struct store *store, struct arena *arena, struct fail *fail)
{
	__u32 id, lines;
	void *view;
	int fd;

	if (entry_read(store, MAP_POLICY, 0, &id, fail))
		return -fail->status;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0)
		return kernel_said(fail, "policy in force", errno);
	view = map_entries(fd, &lines) ? MAP_FAILED :
	       mmap(NULL, (size_t)lines * POLICY_LINE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (view == MAP_FAILED)
		return kernel_said(fail, "policy in force", errno);
	*arena = (struct arena){ .bytes = view, .lines = lines };
	return 0;
}

/* A new inner map with the arena's bytes in it. Returns its fd, or -1 with errno. */
static int arena_publish(const struct arena *arena)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	size_t size = arena->lines * POLICY_LINE;
	void *view;
	int fd;

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "weir_policy", sizeof(__u32), POLICY_LINE,
			    arena->lines, &opts);
	if (fd < 0)
		return -1;
	view = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (view == MAP_FAILED) {
		close(fd);
		return -1;
	}
	memcpy(view, arena->bytes, size);
	munmap(view, size);
	return fd;
}

int store_policy_write(const struct store *store, const struct arena *arena, struct fail *fail)
{
	int fd = arena_publish(arena), result;

	if (fd < 0)
		return kernel_said(fail, "new policy", errno);
	result = entry_write(store, MAP_POLICY, 0, &fd, fail);
	close(fd);
	return result;
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
	int fd = map_open(store, MAP_DEV, fail), error = 0;

	if (fd < 0)
		return fd;
	for (__u32 slot = 0; slot < DEV_MAX && !error; slot++)
		if (bpf_map_lookup_elem(fd, &slot, &devs[slot]))
			error = errno;
	close(fd);
	return error ? kernel_said(fail, MAP_DEV, error) : 0;
}

int store_dev_write(const struct store *store, __u32 slot, const struct dev *dev, struct fail *fail)
{
	return entry_write(store, MAP_DEV, slot, dev, fail);
}

static void sum_counters(struct counter *sum, const struct counter *cpu, int cpus)
{
	*sum = (struct counter){};
	for (int i = 0; i < cpus; i++) {
		sum->packets += cpu[i].packets;
		sum->bytes += cpu[i].bytes;
	}
}

int store_counters_read(const struct store *store, struct counter **counters, struct fail *fail)
{
	int fd = map_open(store, MAP_COUNTER, fail), cpus = libbpf_num_possible_cpus();
	struct counter *cpu, *sum;
	__u32 count = COUNTER_MAX, batch;
	int error = 0;

	if (fd < 0)
		return fd;
	cpu = calloc((size_t)COUNTER_MAX * cpus, sizeof(*cpu));
	sum = calloc(COUNTER_MAX, sizeof(*sum));
	__u32 *keys = calloc(COUNTER_MAX, sizeof(*keys));
	if (!cpu || !sum || !keys)
		error = ENOMEM;
	else if (bpf_map_lookup_batch(fd, NULL, &batch, keys, cpu, &count, NULL) && errno != ENOENT)
		error = errno;
	close(fd);
	for (__u32 i = 0; i < count && !error; i++)
		sum_counters(&sum[keys[i]], cpu + (size_t)i * cpus, cpus);
	free(cpu);
	free(keys);
	if (!error) {
		*counters = sum;
		return 0;
	}
	free(sum);
	return kernel_said(fail, MAP_COUNTER, error);
}

int store_counters_clear(const struct store *store, __u32 slot, struct fail *fail)
{
	int fd = map_open(store, MAP_COUNTER, fail), error = 0;
	struct counter *zero;

	if (fd < 0)
		return fd;
	zero = calloc(libbpf_num_possible_cpus(), sizeof(*zero));
	if (!zero)
		error = ENOMEM;
	for (__u32 i = COUNTER_INDEX(slot, 0, 0); i < COUNTER_INDEX(slot + 1, 0, 0) && !error; i++)
		if (bpf_map_update_elem(fd, &i, zero, BPF_ANY))
			error = errno;
	free(zero);
	close(fd);
	return error ? kernel_said(fail, MAP_COUNTER, error) : 0;
}

int store_audits_read(const struct store *store, struct audit audits[AUDIT_MAX], struct fail *fail)
{
	int fd = map_open(store, MAP_AUDIT, fail), cpus = libbpf_num_possible_cpus(), error = 0;
	struct audit cpu[cpus];

	if (fd < 0)
		return fd;
	for (__u32 i = 0; i < AUDIT_MAX && !error; i++) {
		audits[i] = (struct audit){};
		if (bpf_map_lookup_elem(fd, &i, cpu))
			error = errno;
		for (int j = 0; j < cpus && !error; j++) {
			audits[i].asked += cpu[j].asked;
			audits[i].established += cpu[j].established;
		}
	}
	close(fd);
	return error ? kernel_said(fail, MAP_AUDIT, error) : 0;
}

/* Sums an entry of so many words over the CPUs. */
static int entry_sum(const struct store *store, const char *map, __u32 key, size_t words,
		     __u64 *sum, struct fail *fail)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 cpu[cpus * words];

	if (entry_read(store, map, key, cpu, fail))
		return -fail->status;
	memset(sum, 0, words * sizeof(*sum));
	for (size_t i = 0; i < cpus * words; i++)
		sum[i % words] += cpu[i];
	return 0;
}

int store_hit_read(const struct store *store, __u32 slot, struct counter *sum, struct fail *fail)
{
	return entry_sum(store, MAP_HIT, slot, sizeof(*sum) / 8, (__u64 *)sum, fail);
}

int store_budget_use_read(const struct store *store, __u32 slot, struct budget_use *sum,
			  struct fail *fail)
{
	return entry_sum(store, MAP_BUDGET_USE, slot, sizeof(*sum) / 8, (__u64 *)sum, fail);
}

/* Zeroes entries of a map whose values, of all CPUs together, are not larger than zero[]. */
static int entries_clear(const struct store *store, const char *map, const __u32 *key,
			 size_t count, const void *zero, struct fail *fail)
{
	int fd = count ? map_open(store, map, fail) : -1, error = 0;

	if (!count)
		return 0;
	if (fd < 0)
		return fd;
	for (size_t i = 0; i < count && !error; i++)
		if (bpf_map_update_elem(fd, &key[i], zero, BPF_ANY))
			error = errno;
	close(fd);
	return error ? kernel_said(fail, map, error) : 0;
}

int store_budgets_clear(const struct store *store, const __u32 *slot, size_t count,
			struct fail *fail)
{
	struct budget_use *zero = calloc(libbpf_num_possible_cpus(), sizeof(*zero));
	const struct budget none = {};
	int result;

	if (!zero)
		return kernel_said(fail, MAP_BUDGET_USE, ENOMEM);
	result = entries_clear(store, MAP_BUDGET, slot, count, &none, fail);
	if (!result)
		result = entries_clear(store, MAP_BUDGET_USE, slot, count, zero, fail);
	free(zero);
	return result;
}

int store_hits_clear(const struct store *store, const __u32 *slot, size_t count, struct fail *fail)
{
	struct counter *zero = calloc(libbpf_num_possible_cpus(), sizeof(*zero));
	int result;

	if (!zero)
		return kernel_said(fail, MAP_HIT, ENOMEM);
	result = entries_clear(store, MAP_HIT, slot, count, zero, fail);
	free(zero);
	return result;
}

int store_engaged_read(const struct store *store, struct engage *engage, struct fail *fail)
{
	return entry_read(store, MAP_ENGAGED, 0, engage, fail);
}

int store_challenge_use_read(const struct store *store, struct challenge_use *sum,
			     struct fail *fail)
{
	return entry_sum(store, MAP_CHALLENGE_USE, 0, sizeof(*sum) / 8, (__u64 *)sum, fail);
}

/* Maps a whole array read-only. Returns NULL with *fail filled. */
static const void *array_view(const struct store *store, const char *map, size_t value_size,
			      size_t *entries, struct fail *fail)
{
	int fd = map_open(store, map, fail);
	void *view = MAP_FAILED;
	__u32 count = 0;

	if (fd < 0)
		return NULL;
	if (map_entries(fd, &count) == 0)
		view = mmap(NULL, count * value_size, PROT_READ, MAP_SHARED, fd, 0);
	if (view == MAP_FAILED)
		kernel_said(fail, map, errno);
	close(fd);
	*entries = count;
	return view == MAP_FAILED ? NULL : view;
}

int store_sources_open(const struct store *store, struct store_sources *view, struct fail *fail)
{
	size_t more;

	*view = (struct store_sources){};
	view->line = array_view(store, MAP_SOURCE, sizeof(*view->line), &view->lines, fail);
	if (!view->line)
		return -fail->status;
	view->more = array_view(store, MAP_SOURCE_MORE, sizeof(*view->more), &more, fail);
	if (view->more)
		return 0;
	store_sources_close(view);
	return -fail->status;
}

void store_sources_close(struct store_sources *view)
{
	if (view->line)
		munmap((void *)view->line, view->lines * sizeof(*view->line));
	if (view->more)
		munmap((void *)view->more, view->lines * SOURCE_WAYS * sizeof(*view->more));
	*view = (struct store_sources){};
}
