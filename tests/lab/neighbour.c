// SPDX-License-Identifier: GPL-2.0-only
/*
 * neighbour DEV PRIORITY: another tool that puts an XDP program on a device by libxdp. Says "ready",
 * then for each line that it reads how many frames its program has counted. At the end of its input
 * it takes the program off again. Exit status 77: the kernel allows no dispatcher.
 */
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xdp/libxdp.h>
#include "neighbour.skel.h"

static int quiet(enum libxdp_print_level level, const char *format, va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

static bool has_dispatcher(int ifindex)
{
	struct xdp_multiprog *all = xdp_multiprog__get_from_ifindex(ifindex);
	bool has = !libxdp_get_error(all) && !xdp_multiprog__is_legacy(all);

	xdp_multiprog__close(all);
	return has;
}

int main(int argc, char **argv)
{
	int ifindex = argc == 3 ? if_nametoindex(argv[1]) : 0, error;
	struct neighbour_bpf *skeleton = neighbour_bpf__open();
	struct xdp_program *program;
	__u32 zero = 0;
	__u64 seen = 0;
	bool dispatched;
	char line[16];

	if (!ifindex || !skeleton)
		return 1;
	libbpf_set_print(NULL);
	libxdp_set_print(quiet);
	program = xdp_program__from_bpf_obj(skeleton->obj, "xdp");
	if (libxdp_get_error(program) || xdp_program__set_run_prio(program, atoi(argv[2])))
		return 1;
	error = xdp_program__attach(program, ifindex, XDP_MODE_NATIVE, 0);
	if (error) {
		fprintf(stderr, "neighbour: can't attach: %s\n", strerror(-error));
		return 1;
	}
	dispatched = has_dispatcher(ifindex);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (dispatched)
		puts("ready");
	while (dispatched && fgets(line, sizeof(line), stdin)) {
		bpf_map__lookup_elem(skeleton->maps.bss, &zero, sizeof(zero), &seen, sizeof(seen), 0);
		printf("%llu\n", (unsigned long long)seen);
	}
	error = xdp_program__detach(program, ifindex, XDP_MODE_NATIVE, 0);
	if (error)
		fprintf(stderr, "neighbour: can't detach: %s\n", strerror(-error));
	if (!dispatched)
		return 77;
	return error != 0;
}
