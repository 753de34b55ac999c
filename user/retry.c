// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include "retry.h"

static size_t find(const struct retry *retry, __u32 ifindex)
{
	size_t at = 0;

	while (at < retry->count && retry->at[at].ifindex != ifindex)
		at++;
	return at;
}

bool retry_has(const struct retry *retry, __u32 ifindex)
{
	return find(retry, ifindex) < retry->count;
}

bool retry_add(struct retry *retry, __u32 ifindex, bool held, __u64 now_ns)
{
	if (retry_has(retry, ifindex))
		return false;
	if (retry->count < RETRY_MAX) {
		retry->at[retry->count].ifindex = ifindex;
		retry->at[retry->count].held = held;
		retry->at[retry->count++].since_ns = now_ns;
	}
	return true;
}

void retry_drop(struct retry *retry, __u32 ifindex)
{
	size_t at = find(retry, ifindex);

	if (at < retry->count)
		retry->at[at] = retry->at[--retry->count];
}

static const char *name_of(const struct if_nameindex *devices, __u32 ifindex)
{
	for (; devices->if_index; devices++)
		if (devices->if_index == ifindex)
			return devices->if_name;
	return NULL;
}

/* A slot keeps the name and the time of the device that it had: that tells of an attach and a detach
 * between two looks. */
static bool by_hand(const struct retry *retry, size_t at, const struct dev devs[DEV_MAX], const char *name)
{
	bool attached = false, detached = false;

	for (int slot = 0; slot < DEV_MAX; slot++) {
		attached |= devs[slot].ifindex == retry->at[at].ifindex;
		detached |= !devs[slot].ifindex && devs[slot].attached_ns >= retry->at[at].since_ns &&
			    !strncmp(devs[slot].name, name, sizeof(devs[slot].name));
	}
	return detached || attached != retry->at[at].held;
}

void retry_settle(struct retry *retry, const struct dev devs[DEV_MAX],
		  const struct if_nameindex *devices)
{
	for (size_t at = retry->count; at-- > 0;) {
		const char *name = name_of(devices, retry->at[at].ifindex);

		if (!name || by_hand(retry, at, devs, name))
			retry_drop(retry, retry->at[at].ifindex);
	}
}
