/* SPDX-License-Identifier: GPL-2.0-only */
/* What a program of gateway.h has told its next packet, on the CPU that the test stays on. */
#ifndef WEIR_TESTS_TOLD_H
#define WEIR_TESTS_TOLD_H

#include "bpf/scratch.h"
#include "gateway.h"
#include "test.h"

static inline struct scratch gateway_told(const struct gateway *gateway)
{
	struct scratch of_cpu[libbpf_num_possible_cpus()];
	__u32 zero = 0;

	CHECK(!bpf_map_lookup_elem(gateway_map(gateway, "scratch"), &zero, of_cpu));
	return of_cpu[sched_getcpu()];
}

#endif
