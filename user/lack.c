// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "attach.h"
#include "lack.h"
#include "port.h"
#include "record.h"
#include "store.h"

static bool is_there(const char *name, const struct if_nameindex *device)
{
	for (; device->if_index; device++)
		if (!strcmp(device->if_name, name))
			return true;
	return false;
}

static void add(struct lack lack[LACK_MAX], size_t *count, const char *name, enum role role, bool there)
{
	if (*count == LACK_MAX)
		return;
	lack[*count] = (struct lack){ .role = role, .there = there };
	snprintf(lack[*count].name, sizeof(lack->name), "%s", name);
	++*count;
}

size_t lacks_of(const struct policy *policy, const struct dev devs[DEV_MAX],
		const struct if_nameindex *devices, struct lack lack[LACK_MAX])
{
	char name[sizeof(lack->name)];
	size_t count = 0;

	for (size_t i = 0; i < policy->interface_count; i++)
		if (port_name(&policy->interface[i], name) && !is_there(name, devices) &&
		    attach_slot(devs, name) < 0)
			add(lack, &count, name, policy->interface[i].role, false);
	for (; devices->if_index; devices++) {
		const struct interface *said = port_statement(policy, devices->if_name);

		/* nothing attaches to lo unless it is told to */
		if (said && strcmp(devices->if_name, "lo") && attach_slot(devs, devices->if_name) < 0)
			add(lack, &count, devices->if_name, said->role, true);
	}
	return count;
}

size_t lacks_read(const char *instance, const struct dev devs[DEV_MAX], struct lack lack[LACK_MAX])
{
	struct if_nameindex *devices = NULL;
	struct arena arena = {};
	struct policy policy;
	struct store store;
	struct fail ignored;
	size_t count = 0;

	if (store_open(instance, STORE_READ, &store, &ignored))
		return 0;
	if (!store_policy_read(&store, &arena, &ignored) && !record_read_text(&arena, &policy, &ignored)) {
		devices = if_nameindex();
		if (devices)
			count = lacks_of(&policy, devs, devices, lack);
		policy_free(&policy);
	}
	if (devices)
		if_freenameindex(devices);
	arena_free(&arena);
	store_close(&store);
	return count;
}
