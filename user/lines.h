/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of a struct arena, as bpf/table.h wants them: to look into a policy that was compiled. */
#ifndef WEIR_LINES_H
#define WEIR_LINES_H

#include <linux/types.h>
#include <sys/cdefs.h>
#include "table.h"

static __always_inline const void *arena_line(void *arena, __u32 line)
{
	const struct arena *lines = arena;

	return line < lines->lines ? lines->bytes + (size_t)line * POLICY_LINE : NULL;
}

#include "bpf/table.h"

#endif
