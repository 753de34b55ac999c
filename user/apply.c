// SPDX-License-Identifier: GPL-2.0-only
#include <fnmatch.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "announce.h"
#include "apply.h"
#include "attach.h"
#include "clock.h"
#include "compile.h"
#include "conntrack.h"
#include "device.h"
#include "engage.h"
#include "forward.h"
#include "nat.h"
#include "netns.h"
#include "notrack.h"
#include "port.h"
#include "slot.h"

__u64 apply_now_ns(void)
{
	return monotonic_ns();
}

int apply_read(const struct store *store, struct policy *policy, struct fail *fail)
{
	struct arena arena = {};
	int result;

	policy_init(policy);
	if (store_policy_read(store, &arena, fail))
		return -fail->status;
	result = decompile(&arena, apply_now_ns(), policy, fail);
	if (!result)
		compiled_guard(&arena, &policy->guard);
	arena_free(&arena);
	return result;
}

/* Some of it stands in the public statistics too: readers, as the daemon is one, have no access to
 * the policy. */
static int policy_tell(const struct store *store, const struct policy *policy,
		       const struct arena *arena, struct fail *fail)
{
	struct run run;

	if (engage_tell(store, policy, arena, fail) || store_run_read(store, &run, fail))
		return -fail->status;
	run.mode = policy->mode;
	run.challenge_way = policy->challenge.way;
	run.conntrack = conntrack_settings();
	run.enforce_until_ns = policy->enforce_until_ns;
	run.tight_percent = policy->pressure.tight_percent;
	run.full_percent = policy->pressure.full_percent;
	run.reserve_percent = policy->pressure.reserve_percent;
	run.wanted_sources = policy->sources.sources;
	run.wanted_length6 = policy->sources.length6;
	return store_run_write(store, &run, fail);
}

/* Limits and block entries that are new begin with nothing spent and nothing counted. */
static int slots_clear(const struct store *store, const struct arena *before,
		       const struct arena *after, struct fail *fail)
{
	struct slots_fresh fresh;
	int result = slots_fresh(before, after, &fresh, fail);

	if (result)
		return result;
	result = store_budgets_clear(store, fresh.budget, fresh.budgets, fail);
	if (!result)
		result = store_hits_clear(store, fresh.hit, fresh.hits, fail);
	slots_fresh_free(&fresh);
	return result;
}

/* Compiles it into an empty arena; what is in force tells which budgets and counters to keep. */
static int prepare(const struct store *store, const struct policy *policy, struct arena *arena,
		   struct fail *fail)
{
	struct policy known = *policy;
	struct arena before = {};
	struct prefix *own;
	struct fail none;
	bool first = store_policy_read(store, &before, &none) != 0;
	int result;

	if (device_addresses(&own, &known.own_count))
		return fail_set(fail, EXIT_REFUSED, NULL, "can't list the addresses of this machine");
	known.own = own;
	nat_guard_find(&known);
	result = compile(&known, first ? NULL : &before, apply_now_ns(), arena, fail);
	if (!result)
		result = slots_clear(store, first ? NULL : &before, arena, fail);
	free(own);
	arena_free(&before);
	return result;
}

/* Switches over. What acts on the mark of bypassed packets is there before the first one, and goes
 * after the last. */
static int publish(struct store *store, const struct policy *policy, struct arena *arena,
		   struct fail *fail)
{
	bool bypass = policy->bypass_count;
	int result;

	((struct policy_head *)arena->bytes)->made_ns = realtime_ns();
	if (bypass && (notrack_put(store->instance, policy, NULL, fail) ||
		       attach_marks(store, true, fail)))
		return -fail->status;
	if (forward_tell(store, policy, fail) || ports_tell(store, policy, true, fail) ||
	    store_policy_write(store, arena, fail) || ports_tell(store, policy, false, fail))
		return -fail->status;
	notrack_settle(store->instance, policy);
	if (!bypass && (attach_marks(store, false, fail) || notrack_put(store->instance, policy, NULL, fail)))
		return -fail->status;
	result = policy_tell(store, policy, arena, fail);
	store_policy_sweep(store);
	return result;
}

static int put_in_force(struct store *store, const struct policy *policy, struct fail *fail)
{
	struct arena arena = {};
	int result = prepare(store, policy, &arena, fail);

	if (!result)
		result = publish(store, policy, &arena, fail);
	if (!result)
		result = announce_sync(policy, apply_now_ns(), fail);
	arena_free(&arena);
	return result;
}

/* The policy in force, to be changed: the caller frees and closes both, also after a failure. */
static int edit_open(const char *instance, struct store *store, struct policy *policy,
		     struct fail *fail)
{
	policy_init(policy);
	if (store_open(instance, STORE_WRITE, store, fail) || netns_check(store, fail))
		return -fail->status;
	return apply_read(store, policy, fail);
}

int apply_edit(const char *instance, int (*edit)(struct policy *policy, void *data, struct fail *fail),
	       void *data, struct fail *fail)
{
	struct policy policy;
	struct store store;
	int result;

	result = edit_open(instance, &store, &policy, fail);
	if (!result)
		result = edit(&policy, data, fail);
	if (!result)
		result = put_in_force(&store, &policy, fail);
	policy_free(&policy);
	store_close(&store);
	return result;
}

static bool is_there(const struct interface *wanted, const struct if_nameindex *device)
{
	for (; device->if_index; device++)
		if (!fnmatch(wanted->name, device->if_name, 0) || !strcmp(wanted->name, device->if_name))
			return true;
	return false;
}

static void list_add(char *list, size_t size, const char *name)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%s", used ? ", " : "", name);
}

static void list_missing(const struct policy *policy, const struct if_nameindex *devices,
			 struct apply_told *told)
{
	for (size_t i = 0; i < policy->interface_count; i++)
		if (!is_there(&policy->interface[i], devices))
			list_add(told->missing, sizeof(told->missing), policy->interface[i].name);
}

/* Attaches the devices that the policy speaks of. */
static int attach_wanted(struct store *store, const struct policy *policy,
			 const struct if_nameindex *device, struct fail *fail)
{
	__u32 slot;

	for (; device->if_index; device++) {
		const struct interface *wanted = port_statement(policy, device->if_name);
		struct attach_request request = { .name = device->if_name };

		if (!wanted || !strcmp(device->if_name, "lo"))
			continue;
		request.role = wanted->role;
		request.driver = wanted->driver;
		request.priority = wanted->priority;
		if (attach_dev(store, &request, &slot, fail))
			return -fail->status;
	}
	return 0;
}

/* The program that is there has come to stay, wherever it is. */
static void keep_program(struct dev *dev, const struct dev *now)
{
	dev->driver = now->driver;
	dev->turn = now->turn;
	dev->priority = now->priority;
	dev->flags = (dev->flags & ~DEV_NO_METADATA) | (now->flags & DEV_NO_METADATA);
}

/* After a failure: detaches what was attached since, and gives the others their facts back. */
static void devices_restore(struct store *store, struct dev before[DEV_MAX])
{
	struct dev now[DEV_MAX];
	struct fail ignored;

	if (store_devs_read(store, now, &ignored))
		return;
	for (int slot = 0; slot < DEV_MAX; slot++) {
		if (!memcmp(&before[slot], &now[slot], sizeof(now[slot])))
			continue;
		if (now[slot].ifindex != before[slot].ifindex)
			attach_detach(store, now[slot].name, &ignored);
		else
			keep_program(&before[slot], &now[slot]);
		store_dev_write(store, slot, &before[slot], &ignored);
	}
}

static int unwanted_detachable(const struct store *store, const struct policy *policy,
			       const struct dev devs[DEV_MAX], struct fail *fail)
{
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (devs[slot].ifindex && !port_statement(policy, devs[slot].name) &&
		    attach_detachable(store, slot, &devs[slot], fail))
			return -fail->status;
	return 0;
}

static void detach_unwanted(struct store *store, const struct policy *policy,
			    const struct dev before[DEV_MAX], struct apply_told *told)
{
	struct fail ignored;

	for (int slot = 0; slot < DEV_MAX; slot++)
		if (before[slot].ifindex && !port_statement(policy, before[slot].name) &&
		    !attach_detach(store, before[slot].name, &ignored))
			list_add(told->detached, sizeof(told->detached), before[slot].name);
}

/* The maps and an empty policy, for an instance that has none yet. */
static int instance_ready(struct store *store, const struct capacity *said, bool *fresh,
			  struct fail *fail)
{
	struct policy empty;

	*fresh = !store_complete(store);
	if (!*fresh)
		return netns_check(store, fail);
	policy_init(&empty);
	if (attach_create(store, said, fail))
		return -fail->status;
	return put_in_force(store, &empty, fail);
}

static int attach_one(struct store *store, struct attach_request *request, unsigned int keep,
		      struct fail *fail)
{
	const struct interface *said;
	struct dev before[DEV_MAX];
	struct interface *statement;
	struct arena arena = {};
	struct policy policy;
	__u32 slot;
	int result;

	if (apply_read(store, &policy, fail))
		return -fail->status;
	said = port_statement(&policy, request->name);
	if (said && (keep & APPLY_KEEP_ROLE))
		request->role = said->role;
	if (said && (keep & APPLY_KEEP_DRIVER))
		request->driver = said->driver;
	if (said && (keep & APPLY_KEEP_PRIORITY))
		request->priority = said->priority;
	statement = port_put(&policy, request->name);
	result = statement ? 0 : fail_set(fail, EXIT_REFUSED, NULL, "out of memory");
	if (!result) {
		statement->role = request->role;
		statement->driver = request->driver;
		statement->priority = request->priority;
		result = prepare(store, &policy, &arena, fail);
	}
	if (!result)
		result = store_devs_read(store, before, fail);
	if (!result) {
		result = attach_dev(store, request, &slot, fail);
		if (!result)
			result = publish(store, &policy, &arena, fail);
		if (result)
			devices_restore(store, before);
	}
	arena_free(&arena);
	policy_free(&policy);
	return result;
}

int apply_attach(const char *instance, struct attach_request *request, unsigned int keep,
		 struct fail *fail)
{
	struct fail ignored;
	struct store store;
	bool fresh;
	int result;

	if (!if_nametoindex(request->name))
		return fail_set(fail, EXIT_REFUSED, "see the names with: ip link",
				"%s: no such device", request->name);
	if (store_make(instance, &store, fail))
		return -fail->status;
	result = instance_ready(&store, &(struct capacity){}, &fresh, fail);
	if (!result)
		result = attach_one(&store, request, keep, fail);
	if (result && fresh)
		pin_remove(instance, &ignored);
	store_close(&store);
	return result;
}

int apply_detach(const char *instance, const char *name, struct fail *fail)
{
	struct policy policy;
	struct store store;
	int result;

	result = edit_open(instance, &store, &policy, fail);
	if (!result)
		result = attach_detach(&store, name, fail);
	if (!result) {
		port_drop(&policy, name);
		result = put_in_force(&store, &policy, fail);
	}
	policy_free(&policy);
	store_close(&store);
	return result;
}

/* The devices, then the switch, then the devices that are no longer wanted. */
static int switch_over(struct store *store, const struct policy *policy,
		       struct apply_told *told, struct fail *fail)
{
	struct if_nameindex *devices = if_nameindex();
	struct dev before[DEV_MAX];
	struct arena arena = {};
	int result;

	if (!devices)
		return fail_set(fail, EXIT_REFUSED, NULL, "can't list the devices");
	list_missing(policy, devices, told);
	result = store_devs_read(store, before, fail);
	if (!result)
		result = unwanted_detachable(store, policy, before, fail);
	if (!result)
		result = prepare(store, policy, &arena, fail);
	if (!result) {
		result = attach_wanted(store, policy, devices, fail);
		if (!result)
			result = publish(store, policy, &arena, fail);
		if (result)
			devices_restore(store, before);
	}
	if (!result) {
		detach_unwanted(store, policy, before, told);
		result = announce_sync(policy, apply_now_ns(), fail);
	}
	arena_free(&arena);
	if_freenameindex(devices);
	return result;
}

int apply_policy(struct store *store, const struct policy *policy, struct apply_told *told,
		 struct fail *fail)
{
	struct fail ignored;
	bool fresh;
	struct run run;
	int result = announce_check_all(policy, fail);

	*told = (struct apply_told){ 0 };
	if (result)
		return result;
	result = instance_ready(store, &policy->sources, &fresh, fail);
	if (!result)
		result = switch_over(store, policy, told, fail);
	if (result && fresh)
		pin_remove(store->instance, &ignored);
	if (!result && !store_run_read(store, &run, &ignored))
		capacity_differs(&run, told->later, sizeof(told->later));
	return result;
}
