// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include "apply.h"
#include "attach.h"
#include "clock.h"
#include "conntrack.h"
#include "device.h"
#include "follow.h"
#include "forward.h"
#include "netns.h"
#include "notify.h"
#include "port.h"

static void known_free(struct follow *follow)
{
	if (follow->known)
		if_freenameindex(follow->known);
	follow->known = NULL;
}

static const char *name_in(const struct if_nameindex *devices, __u32 ifindex)
{
	for (; devices && devices->if_index; devices++)
		if (devices->if_index == ifindex)
			return devices->if_name;
	return NULL;
}

static int slot_of(const struct dev devs[DEV_MAX], __u32 ifindex)
{
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (devs[slot].ifindex == ifindex)
			return slot;
	return -1;
}

/* Forgets what has gone, and renames; returns true when anything has changed. */
static bool follow_slots(struct store *store, const struct if_nameindex *devices,
			 struct dev devs[DEV_MAX])
{
	struct fail ignored;
	bool changed = false;

	for (int slot = 0; slot < DEV_MAX; slot++) {
		const char *name = name_in(devices, devs[slot].ifindex);

		if (!devs[slot].ifindex || (name && !strncmp(name, devs[slot].name, IF_NAMESIZE)))
			continue;
		changed = true;
		if (!name) {
			notify_log(LOG_NOTICE, "%s: the device has gone", devs[slot].name);
			attach_detach(store, devs[slot].name, &ignored);
			continue;
		}
		notify_log(LOG_NOTICE, "%s: is now named %s", devs[slot].name, name);
		memset(devs[slot].name, 0, sizeof(devs[slot].name));
		memcpy(devs[slot].name, name, strnlen(name, sizeof(devs[slot].name) - 1));
		store_dev_write(store, slot, &devs[slot], &ignored);
	}
	return changed;
}

/* Is there something to do about a device that a statement speaks of? */
static bool is_wanted(const struct follow *follow, const struct store *store,
		      const struct dev devs[DEV_MAX], const struct if_nameindex *device)
{
	const char *before = name_in(follow->known, device->if_index);
	int slot = slot_of(devs, device->if_index);

	if (slot >= 0 && strcmp(attach_state(store, slot, &devs[slot]), "gone"))
		return before && strcmp(before, device->if_name);	/* another statement, maybe */
	return slot >= 0 || !before || strcmp(before, device->if_name) ||
	       retry_has(&follow->retry, device->if_index);
}

static void complain(struct follow *follow, const char *what)
{
	if (!strcmp(follow->complaint, what))
		return;
	snprintf(follow->complaint, sizeof(follow->complaint), "%s", what);
	notify_log(LOG_ERR, "%s", what);
}

/* Once for each device: what hinders it may last. */
static void attach_failed(struct follow *follow, __u32 ifindex, bool held, const struct fail *fail)
{
	if (retry_add(&follow->retry, ifindex, held, realtime_ns()))
		notify_log(LOG_ERR, "%s: tried again until it is attached", fail->what);
}

static bool attach_one(struct follow *follow, struct store *store, const struct interface *statement,
		       const struct if_nameindex *device, bool held)
{
	struct attach_request request = {
		.name = device->if_name, .role = statement->role, .driver = statement->driver,
		.priority = statement->priority,
	};
	struct fail fail;
	__u32 slot;

	if (attach_dev(store, &request, &slot, &fail)) {
		attach_failed(follow, device->if_index, held, &fail);
		return false;
	}
	retry_drop(&follow->retry, device->if_index);
	notify_log(LOG_NOTICE, "%s: attached (driver %s)%s%s", device->if_name,
		   DRIVER_WORDS[request.used], request.note[0] ? ": " : "", request.note);
	return true;
}

static bool attach_new(struct follow *follow, struct store *store, const struct policy *policy,
		       const struct if_nameindex *device)
{
	struct dev devs[DEV_MAX];
	bool changed = false;
	struct fail ignored;

	if (store_devs_read(store, devs, &ignored))
		return false;
	retry_settle(&follow->retry, devs, device);
	for (; device->if_index; device++) {
		const struct interface *statement = port_statement(policy, device->if_name);

		if (!statement || !strcmp(device->if_name, "lo"))
			retry_drop(&follow->retry, device->if_index);
		else if (is_wanted(follow, store, devs, device))
			changed |= attach_one(follow, store, statement, device,
					      slot_of(devs, device->if_index) >= 0);
	}
	return changed;
}

static void follow_policy(struct follow *follow, struct store *store,
			  const struct if_nameindex *devices)
{
	struct dev devs[DEV_MAX];
	struct policy policy;
	struct fail fail;
	bool changed;

	if (store_devs_read(store, devs, &fail) || apply_read(store, &policy, &fail))
		return complain(follow, fail.what);
	changed = follow_slots(store, devices, devs);
	changed |= attach_new(follow, store, &policy, devices);
	if ((changed && attach_marks(store, policy.bypass_count, &fail)) ||
	    forward_follow(store, &policy, &fail) || ports_tell(store, &policy, false, &fail))
		complain(follow, fail.what);
	policy_free(&policy);
}

/* The devices, addresses and settings of another network namespace are not those we see. */
static bool is_ours(const struct store *store, struct run *run)
{
	struct fail ignored;

	return store_complete(store) && !store_run_read(store, run, &ignored) &&
	       netns_here() == run->netns;
}

void follow_devices(struct follow *follow)
{
	struct if_nameindex *devices = if_nameindex();
	struct fail ignored;
	struct store store;
	struct run run;

	if (!devices)
		return;
	if (!store_open(follow->instance, STORE_WRITE, &store, &ignored)) {
		if (is_ours(&store, &run))
			follow_policy(follow, &store, devices);
		store_close(&store);
	}
	known_free(follow);
	follow->known = devices;
}

static bool is_running(const struct follow *follow, struct run *run)
{
	struct fail ignored;
	struct store store;
	bool ours;

	if (store_open(follow->instance, STORE_STATS, &store, &ignored))
		return false;
	ours = is_ours(&store, run);
	store_close(&store);
	return ours;
}

static int edit_nothing(struct policy *policy, void *unused, struct fail *fail)
{
	(void)policy;
	(void)unused;
	(void)fail;
	return 0;
}

bool follow_addresses(struct follow *follow)
{
	bool first = !follow->own;
	struct prefix *own;
	struct fail fail;
	struct run run;
	size_t count;

	if (device_addresses(&own, &count))
		return false;
	if (!first && count == follow->own_count && !memcmp(own, follow->own, count * sizeof(*own))) {
		free(own);
		return true;
	}
	if (is_running(follow, &run)) {
		if (apply_edit(follow->instance, edit_nothing, NULL, &fail)) {
			complain(follow, fail.what);
			free(own);
			return false;
		}
		if (!first)
			notify_log(LOG_INFO, "the addresses of this machine have changed: the policy follows");
	}
	free(follow->own);
	follow->own = own;
	follow->own_count = count;
	return true;
}

/* The first look is no change: follow_addresses() puts the policy in force after its own. */
void follow_nat(struct follow *follow)
{
	bool first = !follow->nat.looked;
	struct fail fail;
	struct run run;

	follow->nat_late |= nat_changed(&follow->nat) && !first;
	if (!follow->nat_late)
		return;
	if (is_running(follow, &run)) {
		if (apply_edit(follow->instance, edit_nothing, NULL, &fail))
			return complain(follow, fail.what);
		notify_log(LOG_INFO, "sources are translated to other addresses or ports, or for "
			   "another time: the policy follows");
	}
	follow->nat_late = false;
}

void follow_conntrack(const struct follow *follow)
{
	__u32 settings = conntrack_settings();
	struct fail ignored;
	struct store store;
	struct run run;

	if (!is_running(follow, &run) || run.conntrack == settings ||
	    store_open(follow->instance, STORE_WRITE, &store, &ignored))
		return;
	/* once more, under the lock: others write there too */
	if (is_ours(&store, &run)) {
		run.conntrack = settings;
		store_run_write(&store, &run, &ignored);
	}
	store_close(&store);
}

void follow_free(struct follow *follow)
{
	known_free(follow);
	free(follow->own);
	follow->own = NULL;
}
