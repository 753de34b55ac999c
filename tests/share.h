/* SPDX-License-Identifier: GPL-2.0-only */
/* A compiled policy put into force in a program that a test has loaded. */
#ifndef WEIR_TESTS_SHARE_H
#define WEIR_TESTS_SHARE_H

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "table.h"

/* policy: the file descriptor of the map. 0, or -errno. */
static inline int share_arena(int policy, const struct arena *arena)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	size_t bytes = arena->lines * POLICY_LINE;
	__u32 slot = 0;
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "arena", 4, POLICY_LINE, arena->lines, &opts);
	void *at;
	int error;

	if (fd < 0)
		return fd;
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	memcpy(at, arena->bytes, bytes);
	munmap(at, bytes);
	error = bpf_map_update_elem(policy, &slot, &fd, BPF_ANY);
	close(fd);
	return error;
}

#endif
