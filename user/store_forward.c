// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "store_map.h"

int store_forward_set(const struct store *store, const struct forward_dev devs[FORWARD_PLACES],
		      struct fail *fail)
{
	int fd = map_open(store, MAP_FORWARD, fail), error = 0;
	struct forward_dev now;

	if (fd < 0)
		return fd;
	for (__u32 place = 0; place < FORWARD_PLACES && !error; place++) {
		if (bpf_map_lookup_elem(fd, &place, &now))
			error = errno;
		else if (memcmp(&now, &devs[place], sizeof(now)) &&
			 bpf_map_update_elem(fd, &place, &devs[place], BPF_ANY))
			error = errno;
	}
	close(fd);
	return error ? kernel_said(fail, MAP_FORWARD, error) : 0;
}

void store_forward_drop(const struct store *store, __u32 ifindex)
{
	const struct forward_dev none = {};
	__u32 place = ifindex % FORWARD_PLACES;
	struct forward_dev now;
	struct fail ignored;	/* an instance that is older than the map has none */
	int fd = map_open(store, MAP_FORWARD, &ignored);

	if (fd < 0)
		return;
	if (!bpf_map_lookup_elem(fd, &place, &now) && now.ifindex == ifindex)
		bpf_map_update_elem(fd, &place, &none, BPF_ANY);
	close(fd);
}
