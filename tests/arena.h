/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy arena for a program that a test has loaded by itself, without pins. */
#ifndef WEIR_TESTS_ARENA_H
#define WEIR_TESTS_ARENA_H

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "abi.h"
#include "table.h"

/* Makes the arena the policy of the program whose map "policy" this is. 0, or -errno. */
static inline int share_arena(int policy_map, const struct arena *arena)
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
	if (at == MAP_FAILED) {
		error = -errno;
		close(fd);
		return error;
	}
	memcpy(at, arena->bytes, bytes);
	munmap(at, bytes);
	error = bpf_map_update_elem(policy_map, &slot, &fd, BPF_ANY);
	close(fd);
	return error;
}

#endif
