// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "store_arena.h"

int arena_publish(const struct arena *arena)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	size_t size = arena->lines * POLICY_LINE;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "weir_policy", sizeof(__u32), POLICY_PAGE,
				arena_pages(arena), &opts);
	int error;
	void *view;

	if (fd < 0)
		return -errno;
	view = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (view == MAP_FAILED) {
		error = -errno;
		close(fd);
		return error;
	}
	memcpy(view, arena->bytes, size);
	munmap(view, size);
	return fd;
}

/* The bytes of the map; 0 when it can't be asked. */
static size_t map_bytes(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : (size_t)info.max_entries * info.value_size;
}

int arena_fetch(int fd, struct arena *arena)
{
	const struct policy_head *head;
	size_t size = map_bytes(fd);
	void *view;

	view = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (view == MAP_FAILED)
		return -errno;
	head = view;
	*arena = (struct arena){ .bytes = view, .lines = head->lines };
	if (head->magic == POLICY_MAGIC && (size_t)arena_pages(arena) * POLICY_PAGE == size)
		return 0;
	*arena = (struct arena){ 0 };
	munmap(view, size);
	return -EINVAL;
}
