// SPDX-License-Identifier: GPL-2.0-only
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "device.h"
#include "port.h"

const struct interface *port_statement(const struct policy *policy, const char *device)
{
	for (size_t i = 0; i < policy->interface_count; i++)
		if (!strcmp(policy->interface[i].name, device))
			return &policy->interface[i];
	for (size_t i = 0; i < policy->interface_count; i++)
		if (!fnmatch(policy->interface[i].name, device, 0))
			return &policy->interface[i];
	return NULL;
}

/* The pattern that matches this name alone. */
static void pattern_of(const char *name, char *pattern, size_t size)
{
	size_t used = 0;

	for (; *name && used + 3 < size; name++) {
		if (strchr("*?[]\\", *name))
			pattern[used++] = '\\';
		pattern[used++] = *name;
	}
	pattern[used] = '\0';
}

bool port_name(const struct interface *statement, char name[static sizeof(statement->name)])
{
	size_t used = 0;

	for (const char *at = statement->name; *at; at++) {
		if (strchr("*?[", *at))
			return false;
		if (*at == '\\' && at[1])
			at++;
		name[used++] = *at;
	}
	name[used] = '\0';
	return true;
}

struct interface *port_put(struct policy *policy, const char *name)
{
	struct interface *grown, fresh = {};

	pattern_of(name, fresh.name, sizeof(fresh.name));
	for (size_t i = 0; i < policy->interface_count; i++)
		if (!strcmp(policy->interface[i].name, fresh.name))
			return &policy->interface[i];
	grown = reallocarray(policy->interface, policy->interface_count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	policy->interface = grown;
	grown[policy->interface_count] = fresh;
	return &grown[policy->interface_count++];
}

void port_drop(struct policy *policy, const char *name)
{
	char pattern[sizeof(policy->interface->name)];

	pattern_of(name, pattern, sizeof(pattern));
	for (size_t i = 0; i < policy->interface_count; i++) {
		if (strcmp(policy->interface[i].name, pattern))
			continue;
		free(policy->interface[i].sources);
		memmove(&policy->interface[i], &policy->interface[i + 1],
			(--policy->interface_count - i) * sizeof(*policy->interface));
		return;
	}
}

static struct dev dev_as_said(const struct dev *now, const struct interface *said,
			      const struct policy *policy)
{
	struct dev dev = *now;

	dev.flags &= ~DEV_SOURCES;
	if (said && said->source_count)
		dev.flags |= DEV_SOURCES;
	dev.urpf = said && said->urpf_set ? said->urpf : policy->check.urpf;
	return dev;
}

int ports_tell(const struct store *store, const struct policy *policy, bool before,
	       struct fail *fail)
{
	struct dev devs[DEV_MAX], said[DEV_MAX];

	if (store_devs_read(store, devs, fail))
		return -fail->status;
	for (int slot = 0; slot < DEV_MAX; slot++) {
		said[slot] = dev_as_said(&devs[slot], port_statement(policy, devs[slot].name), policy);
		if (before && !(devs[slot].flags & DEV_SOURCES))
			said[slot].flags &= ~DEV_SOURCES;
		if (before && said[slot].urpf > devs[slot].urpf)
			said[slot].urpf = devs[slot].urpf;
	}
	if (!before)
		devices_behind(said);
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (said[slot].ifindex && memcmp(&said[slot], &devs[slot], sizeof(said[slot])) &&
		    store_dev_write(store, slot, &said[slot], fail))
			return -fail->status;
	return 0;
}
