// SPDX-License-Identifier: GPL-2.0-only
/* The compiled table in the kernel, through BPF_PROG_RUN, against the naive oracle. */
#include <bpf/bpf.h>
#include <unistd.h>
#include "test.h"
#include "table_kernel.h"

static int run(const struct bpf_program *prog, __u32 repeat)
{
	__u8 packet[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = packet, .data_size_in = sizeof(packet),
		    .repeat = repeat);

	return bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);
}

static void compare_in_kernel(struct table *skel, int family, __u64 *seed)
{
	size_t count = 200000, wrong = 0;
	struct table_entry *entry = realistic_list(&count, family, seed);
	struct oracle oracle = oracle_of(entry, count);
	struct arena arena = { 0 };
	long root = table_build(&arena, entry, count, family);

	CHECK(root > 0);
	CHECK_EQ(arena_publish(bpf_map__fd(skel->maps.policy), &arena, NULL), 0);
	skel->bss->family = family;
	skel->bss->root = root;
	skel->bss->next = 0;
	for (size_t i = 0; i < ASKED; i++)
		some_address(seed, entry, count, family, (__u8 *)skel->bss->ask[i]);
	CHECK_EQ(run(skel->progs.find, ASKED), 0);
	CHECK_EQ(skel->bss->next, ASKED);
	for (size_t i = 0; i < ASKED; i++)
		wrong += skel->bss->answer[i] !=
			 oracle_find(&oracle, (__u8 *)skel->bss->ask[i]);
	CHECK_EQ(wrong, 0);
	arena_free(&arena);
	free(entry);
}

TEST(kernel_finds_the_same)
{
	struct table *skel;
	__u64 seed = seed_of_test();

	if (geteuid())
		SKIP("needs root");
	skel = table__open_and_load();
	CHECK_SAID(skel, "load: %s", strerror(errno));
	if (!skel)
		return;
	compare_in_kernel(skel, 4, &seed);
	compare_in_kernel(skel, 6, &seed);
	table__destroy(skel);
}

int main(void)
{
	return test_main();
}
