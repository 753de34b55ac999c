// SPDX-License-Identifier: GPL-2.0-only
#include <fnmatch.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "apply.h"
#include "attach.h"
#include "compile.h"
#include "conntrack.h"

__u64 apply_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

int apply_read(const struct store *store, struct policy *policy, struct fail *fail)
{
	struct arena arena = {};
	int result;

	policy_init(policy);
	if (store_policy_read(store, &arena, fail))
		return -fail->status;
	result = decompile(&arena, apply_now_ns(), policy, fail);
	arena_free(&arena);
	return result;
}

/* The mode stands in the public statistics too: readers have no access to the policy. */
static int mode_tell(const struct store *store, const struct policy *policy, struct fail *fail)
{
	struct run run;

	if (store_run_read(store, &run, fail))
		return -fail->status;
	run.mode = policy->mode;
	run.conntrack = conntrack_settings();
	run.enforce_until_ns = policy->enforce_until_ns;
	return store_run_write(store, &run, fail);
}

/* Compiles and switches over; before is empty for the first policy of an instance. */
static int put_in_force(struct store *store, const struct policy *policy, struct fail *fail)
{
	struct arena before = {}, arena = {};
	struct fail none;
	bool first = store_policy_read(store, &before, &none) != 0;
	int result;

	result = compile(policy, first ? NULL : &before, apply_now_ns(), &arena, fail);
	if (!result)
		result = store_policy_write(store, &arena, fail);
	if (!result)
		result = mode_tell(store, policy, fail);
	arena_free(&before);
	arena_free(&arena);
	return result;
}

int apply_edit(const char *instance, int (*edit)(struct policy *policy, void *data, struct fail *fail),
	       void *data, struct fail *fail)
{
	struct policy policy;
	struct store store;
	int result;

	if (store_open(instance, STORE_WRITE, &store, fail))
		return -fail->status;
	result = apply_read(&store, &policy, fail);
	if (!result)
		result = edit(&policy, data, fail);
	if (!result)
		result = put_in_force(&store, &policy, fail);
	policy_free(&policy);
	store_close(&store);
	return result;
}

/* The first statement whose name or glob matches; NULL: the policy does not speak of the device. */
static const struct interface *interface_of(const struct policy *policy, const char *device)
{
	for (size_t i = 0; i < policy->interface_count; i++)
		if (!strcmp(policy->interface[i].name, device))
			return &policy->interface[i];
	for (size_t i = 0; i < policy->interface_count; i++)
		if (!fnmatch(policy->interface[i].name, device, 0))
			return &policy->interface[i];
	return NULL;
}

static bool is_there(const struct interface *wanted, const struct if_nameindex *device)
{
	for (; device->if_index; device++)
		if (!fnmatch(wanted->name, device->if_name, 0) || !strcmp(wanted->name, device->if_name))
			return true;
	return false;
}

static void list_missing(const struct policy *policy, const struct if_nameindex *devices,
			 char *missing, size_t size)
{
	missing[0] = '\0';
	for (size_t i = 0; i < policy->interface_count; i++) {
		const struct interface *wanted = &policy->interface[i];
		size_t used = strlen(missing);

		if (!is_there(wanted, devices))
			snprintf(missing + used, size - used, "%s%s", used ? ", " : "", wanted->name);
	}
}

/* Attaches the devices that the policy speaks of; on failure detaches what this call attached. */
static int attach_wanted(struct store *store, const struct policy *policy,
			 const struct if_nameindex *device, const struct dev before[DEV_MAX],
			 struct fail *fail)
{
	const struct if_nameindex *first = device;
	struct fail ignored;
	__u32 slot;

	for (; device->if_index; device++) {
		const struct interface *wanted = interface_of(policy, device->if_name);
		struct attach_request request = { .name = device->if_name };

		if (!wanted || !strcmp(device->if_name, "lo"))
			continue;
		request.role = wanted->role;
		request.driver = wanted->driver;
		if (attach_dev(store, &request, &slot, fail))
			break;
	}
	if (!device->if_index)
		return 0;
	for (; first != device; first++)
		if (interface_of(policy, first->if_name) && attach_slot(before, first->if_name) < 0)
			attach_detach(store, first->if_name, &ignored);
	return -fail->status;
}

static void detach_unwanted(struct store *store, const struct policy *policy,
			    const struct dev before[DEV_MAX])
{
	struct fail ignored;

	for (int slot = 0; slot < DEV_MAX; slot++)
		if (before[slot].ifindex && !interface_of(policy, before[slot].name))
			attach_detach(store, before[slot].name, &ignored);
}

/* An instance belongs to the network namespace it was made in, as its devices do. */
static int netns_check(struct store *store, struct fail *fail)
{
	struct stat here;
	struct run run;

	if (store_run_read(store, &run, fail))
		return -fail->status;
	if (stat("/proc/self/ns/net", &here) || here.st_ino == run.netns)
		return 0;
	return fail_set(fail, EXIT_REFUSED,
			"use another instance (-I NAME), or end that one first: weir off",
			"instance %s belongs to another network namespace", store->instance);
}

/* The maps and an empty policy, for an instance that has none yet. */
static int instance_ready(struct store *store, struct fail *fail)
{
	struct policy empty;

	if (store_complete(store))
		return netns_check(store, fail);
	policy_init(&empty);
	if (attach_create(store, SOURCES_DEFAULT, fail))
		return -fail->status;
	return put_in_force(store, &empty, fail);
}

/* Adds the statement, or replaces the one of that name. */
static int interface_put(struct policy *policy, const struct interface *interface, struct fail *fail)
{
	struct interface *grown;

	for (size_t i = 0; i < policy->interface_count; i++) {
		struct interface *have = &policy->interface[i];

		if (strcmp(have->name, interface->name))
			continue;
		have->role = interface->role;
		have->driver = interface->driver;
		return 0;
	}
	grown = realloc(policy->interface, (policy->interface_count + 1) * sizeof(*grown));
	if (!grown)
		return fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	grown[policy->interface_count++] = *interface;
	policy->interface = grown;
	return 0;
}

int apply_attach(const char *instance, const struct interface *interface, struct fail *fail)
{
	struct attach_request request = { interface->name, interface->role, interface->driver };
	struct policy policy;
	struct store store;
	__u32 slot;
	int result;

	policy_init(&policy);
	if (!if_nametoindex(interface->name))
		return fail_set(fail, EXIT_REFUSED, "see the names with: ip link",
				"%s: no such device", interface->name);
	if (store_make(instance, &store, fail))
		return -fail->status;
	result = instance_ready(&store, fail);
	if (!result)
		result = apply_read(&store, &policy, fail);
	if (!result)
		result = interface_put(&policy, interface, fail);
	if (!result)
		result = attach_dev(&store, &request, &slot, fail);
	if (!result)
		result = put_in_force(&store, &policy, fail);
	policy_free(&policy);
	store_close(&store);
	return result;
}

/* A device that was attached by a glob has no statement: the glob stays for the others. */
static void interface_drop(struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->interface_count; i++) {
		if (strcmp(policy->interface[i].name, name))
			continue;
		free(policy->interface[i].sources);
		memmove(&policy->interface[i], &policy->interface[i + 1],
			(--policy->interface_count - i) * sizeof(*policy->interface));
		return;
	}
}

int apply_detach(const char *instance, const char *name, struct fail *fail)
{
	struct policy policy;
	struct store store;
	int result;

	if (store_open(instance, STORE_WRITE, &store, fail))
		return -fail->status;
	result = apply_read(&store, &policy, fail);
	if (!result)
		result = attach_detach(&store, name, fail);
	if (!result) {
		interface_drop(&policy, name);
		result = put_in_force(&store, &policy, fail);
	}
	policy_free(&policy);
	store_close(&store);
	return result;
}

int apply_policy(struct store *store, const struct policy *policy, char *missing, size_t size,
		 struct fail *fail)
{
	struct if_nameindex *devices;
	struct dev before[DEV_MAX];
	int result;

	if (instance_ready(store, fail))
		return -fail->status;
	devices = if_nameindex();
	if (!devices)
		return fail_set(fail, EXIT_REFUSED, NULL, "can't list the devices");
	list_missing(policy, devices, missing, size);
	result = store_devs_read(store, before, fail);
	if (!result)
		result = attach_wanted(store, policy, devices, before, fail);
	if (!result)
		result = put_in_force(store, policy, fail);
	if (!result)
		detach_unwanted(store, policy, before);
	if_freenameindex(devices);
	return result;
}

/* The policy as one self-contained line a fact, sorted: "limit new-flows total 50/second". */
static char **facts_of(const struct policy *policy, size_t *count)
{
	char *text = NULL, *line, *rest, block[128] = "";
	char **facts = NULL;
	size_t size, room = 0;
	FILE *to = open_memstream(&text, &size);

	*count = 0;
	policy_print(to, policy, 0, true);
	fclose(to);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		size_t length;

		line += strspn(line, " \t");
		length = strlen(line);
		if (!strcmp(line, "}")) {
			block[0] = '\0';
			continue;
		}
		if (length && line[length - 1] == '{') {
			snprintf(block, sizeof(block), "%.*s", (int)length - 1, line);
			continue;
		}
		if (*count == room) {
			room = room ? room * 2 : 64;
			facts = reallocarray(facts, room, sizeof(*facts));
			if (!facts)
				abort();
		}
		if (asprintf(&facts[(*count)++], "%s%s", block, line) < 0)
			abort();
	}
	free(text);
	return facts;
}

static int fact_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void facts_free(char **facts, size_t count)
{
	while (count)
		free(facts[--count]);
	free(facts);
}

size_t apply_diff(FILE *to, const struct policy *before, const struct policy *after)
{
	size_t old_count, new_count, old = 0, new = 0, changes = 0;
	char **was = facts_of(before, &old_count), **is = facts_of(after, &new_count);

	if (old_count)
		qsort(was, old_count, sizeof(*was), fact_compare);
	if (new_count)
		qsort(is, new_count, sizeof(*is), fact_compare);
	while (old < old_count || new < new_count) {
		int order = old == old_count ? 1 : new == new_count ? -1 : strcmp(was[old], is[new]);

		if (order)
			changes += fprintf(to, "%c %s\n", order < 0 ? '-' : '+',
					   order < 0 ? was[old] : is[new]) > 0;
		old += order <= 0;
		new += order >= 0;
	}
	facts_free(was, old_count);
	facts_free(is, new_count);
	return changes;
}
