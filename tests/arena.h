/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy arena for a program that a test has loaded by itself, without pins. */
#ifndef WEIR_TESTS_ARENA_H
#define WEIR_TESTS_ARENA_H

#include <bpf/bpf.h>
#include <unistd.h>
#include "store_arena.h"

/* Makes the arena the policy of the program whose map "policy" this is. 0, or -errno. */
static inline int share_arena(int policy_map, const struct arena *arena)
{
	int fd = arena_publish(arena), error;
	__u32 slot = 0;

	if (fd < 0)
		return fd;
	error = bpf_map_update_elem(policy_map, &slot, &fd, BPF_ANY);
	close(fd);
	return error;
}

#endif
