// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>
#include "store_map.h"

static bool is_among(__u32 key, const __u32 *ifindex, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ifindex[i] == key)
			return true;
	return false;
}

/* Removes one that is not among them. 1: there was none. */
static int entry_drop(int fd, const __u32 *ifindex, size_t count)
{
	__u32 key, *before = NULL;

	for (int i = 0; i <= DEV_MAX && !bpf_map_get_next_key(fd, before, &key); i++) {
		if (!is_among(key, ifindex, count))
			return bpf_map_delete_elem(fd, &key) && errno != ENOENT ? -1 : 0;
		before = &key;
	}
	return 1;
}

/* What has to go goes first: the map has room for DEV_MAX. */
int store_forward_set(const struct store *store, const __u32 *ifindex,
		      const struct forward_dev *dev, size_t count, struct fail *fail)
{
	int fd = map_open(store, MAP_FORWARD, fail), result = 0, error = 0;

	if (fd < 0)
		return fd;
	while (!result)
		result = entry_drop(fd, ifindex, count);
	if (result < 0)
		error = errno;
	for (size_t i = 0; i < count && !error; i++)
		if (bpf_map_update_elem(fd, &ifindex[i], &dev[i], BPF_ANY))
			error = errno;
	close(fd);
	return error ? kernel_said(fail, MAP_FORWARD, error) : 0;
}

void store_forward_drop(const struct store *store, __u32 ifindex)
{
	struct fail ignored;	/* an instance that is older than the map has none */
	int fd = map_open(store, MAP_FORWARD, &ignored);

	if (fd < 0)
		return;
	bpf_map_delete_elem(fd, &ifindex);
	close(fd);
}
