/* SPDX-License-Identifier: GPL-2.0-only */
/* tests/bpf/table.bpf.c and an arena for it, for the test and the benchmark of the table. */
#ifndef WEIR_TESTS_TABLE_KERNEL_H
#define WEIR_TESTS_TABLE_KERNEL_H

#include "store_arena.h"
#include "prefixes.h"
#include "tests/bpf/table.skel.h"

#define ASKED (1 << 20)	/* addresses that the program holds */

#endif
