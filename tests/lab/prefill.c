// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefill COUNT SOURCE DESTINATION: fills the conntrack table of the network namespace it runs in
 * with ASSURED UDP flows until it holds COUNT entries, from SOURCE upwards to DESTINATION. Prints
 * JSON. Exit status 3: this kernel can't (bpf_xdp_ct_alloc came with Linux 6.0).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "prefill.skel.h"

#define LIFETIME_SECONDS	3600

static int table_count(void)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "r");
	int count = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%d", &count) != 1)
		count = -1;
	fclose(f);
	return count;
}

static bool kernel_can_insert(void)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	struct btf *module = kernel ? btf__load_module_btf("nf_conntrack", kernel) : NULL;
	bool can = kernel && btf__find_by_name_kind(kernel, "bpf_xdp_ct_alloc", BTF_KIND_FUNC) > 0;

	if (module && btf__find_by_name_kind(module, "bpf_xdp_ct_alloc", BTF_KIND_FUNC) > 0)
		can = true;
	btf__free(module);
	btf__free(kernel);
	return can;
}

static int insert(int program, int flows)
{
	char packet[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = flows);

	return bpf_prog_test_run_opts(program, &run);
}

int main(int argc, char **argv)
{
	struct in_addr source, destination;
	int wanted, before, err = 0;
	struct prefill_bpf *skel;

	if (argc != 4 || (wanted = atoi(argv[1])) <= 0 || !inet_aton(argv[2], &source) ||
	    !inet_aton(argv[3], &destination)) {
		fprintf(stderr, "usage: prefill COUNT SOURCE DESTINATION\n");
		return 1;
	}
	before = table_count();
	if (before < 0) {
		fprintf(stderr, "prefill: nf_conntrack is not loaded\n");
		return 3;
	}
	if (!kernel_can_insert()) {
		fprintf(stderr, "prefill: this kernel has no bpf_xdp_ct_alloc (needs Linux 6.0)\n");
		return 3;
	}
	skel = prefill_bpf__open();
	if (!skel)
		return 2;
	skel->rodata->first_source = ntohl(source.s_addr);
	skel->rodata->destination = ntohl(destination.s_addr);
	skel->rodata->seconds = LIFETIME_SECONDS;
	err = prefill_bpf__load(skel);
	if (!err && wanted > before)
		err = insert(bpf_program__fd(skel->progs.prefill), wanted - before);
	if (err)
		fprintf(stderr, "prefill: %s\n", strerror(-err));
	else
		printf("{\"inserted\": %u, \"failed\": %u, \"last_error\": %d, \"count\": %d}\n",
		       skel->bss->inserted, skel->bss->failed, skel->bss->last_error, table_count());
	err = err || skel->bss->failed;
	prefill_bpf__destroy(skel);
	return err ? 2 : 0;
}
