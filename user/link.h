/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pinned bpf_link: what holds a program on a device. It outlives the command, and nobody removes
 * it by accident. A swap is one store in the kernel: no packet passes unjudged, none twice.
 */
#ifndef WEIR_LINK_H
#define WEIR_LINK_H

#include <linux/bpf.h>
#include <stdbool.h>
#include "fail.h"

enum link_state {
	LINK_ABSENT,		/* no pin, or its device has gone */
	LINK_ALIVE,
	LINK_UNKNOWN,		/* a reader who may not look; a dispatcher that can't be read */
};

/* Is there a link at path, on this device? */
enum link_state link_state(const char *path, __u32 ifindex);

/* Swaps the program behind a link that is alive. */
int link_swap(const char *path, int program, struct fail *fail);

/* A new link, pinned at path in place of what is there. 0, or -errno of the attempt to attach;
 * -ENOLINK when it could not be pinned: then nothing is attached. */
int link_make(const char *path, int program, __u32 ifindex, enum bpf_attach_type type, __u32 flags);

/* Removes the pin, and the program with it. */
int link_remove(const char *path, struct fail *fail);

#endif
