// SPDX-License-Identifier: GPL-2.0-only
/* What the datapath has counted and remembers: of packets, limits, list entries and sources. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "capacity.h"
#include "store_map.h"

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

int store_budget_read(const struct store *store, __u32 slot, struct budget *budget, struct fail *fail)
{
	return entry_read(store, MAP_BUDGET, slot, budget, fail);
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

int store_engaged_read(const struct store *store, struct engage engaged[ENGAGE_MAX],
		       struct fail *fail)
{
	int fd = map_open(store, MAP_ENGAGED, fail), error = 0;

	if (fd < 0)
		return fd;
	for (__u32 slot = 0; slot < ENGAGE_MAX && !error; slot++)
		if (bpf_map_lookup_elem(fd, &slot, &engaged[slot]))
			error = errno;
	close(fd);
	return error ? kernel_said(fail, MAP_ENGAGED, error) : 0;
}

int store_engaged_write(const struct store *store, __u32 slot, const struct engage *engage,
			struct fail *fail)
{
	return entry_write(store, MAP_ENGAGED, slot, engage, fail);
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
	struct run run;
	size_t more;

	*view = (struct store_sources){};
	if (store_run_read(store, &run, fail) ||
	    store_secret_read(store, &view->keys.secret, fail))
		return -fail->status;
	view->keys.length6 = capacity_made(&run).length6;
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

int store_groups_open(const struct store *store, struct store_groups *view, struct fail *fail)
{
	view->line = array_view(store, MAP_GROUP, sizeof(*view->line), &view->lines, fail);
	return view->line ? 0 : -fail->status;
}

void store_groups_close(struct store_groups *view)
{
	if (view->line)
		munmap((void *)view->line, view->lines * sizeof(*view->line));
	*view = (struct store_groups){};
}
