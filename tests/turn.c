// SPDX-License-Identifier: GPL-2.0-only
/*
 * While one program of weir takes over from another behind a dispatcher, each packet meets both, and
 * is judged once: at each step of the swap, and when the step falls between the two.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <unistd.h>
#include "frame.h"
#include "test.h"
#include "abi.h"
#include "xdp.skel.h"

static struct xdp *first, *second, *third;	/* of the turns 2, 4 and 6 */

/* Its maps are those of the other. */
static struct xdp *join(__u8 turn, const struct xdp *other)
{
	struct xdp *program = xdp__open();

	program->rodata->dev_turn = turn;
	bpf_program__set_autoload(program->progs.weir_xdp, false);
	bpf_program__set_autoload(program->progs.weir_chain, true);
	if (other) {
		CHECK(!bpf_map__reuse_fd(program->maps.dev, bpf_map__fd(other->maps.dev)));
		CHECK(!bpf_map__reuse_fd(program->maps.counter, bpf_map__fd(other->maps.counter)));
		CHECK(!bpf_map__reuse_fd(program->maps.turn_taken, bpf_map__fd(other->maps.turn_taken)));
	}
	CHECK_EQ(xdp__load(program), 0);
	return program;
}

static void turn_to(__u8 turn)
{
	struct dev dev = { .ifindex = 1, .turn = turn };
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(bpf_map__fd(first->maps.dev), &zero, &dev, BPF_ANY));
}

static void meets(const struct xdp *program)
{
	struct craft c = {};
	LIBBPF_OPTS(bpf_test_run_opts, run);

	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, "192.0.2.1", "198.51.100.2", 17);
	craft_udp(&c, 1025, 9);
	craft_finish(&c);
	run.data_in = c.byte;
	run.data_size_in = c.size;
	CHECK(!bpf_prog_test_run_opts(bpf_program__fd(program->progs.weir_chain), &run));
	CHECK_EQ(run.retval, XDP_PASS);
}

/* There is no policy: what is judged passes as fail-open. */
static __u64 judged(void)
{
	__u32 index = COUNTER_INDEX(0, 0, REASON_FAIL_OPEN);
	struct counter of_cpu[512] = {};
	__u64 sum = 0;

	CHECK(!bpf_map_lookup_elem(bpf_map__fd(first->maps.counter), &index, of_cpu));
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		sum += of_cpu[cpu].packets;
	return sum;
}

static void swap(const struct xdp *old, const struct xdp *new, __u8 to)
{
	__u64 before = judged();

	meets(old), meets(new);
	CHECK_EQ(judged() - before, 1);
	meets(old);
	turn_to(to | TURN_SWAP);
	meets(new);
	CHECK_EQ(judged() - before, 2);
	meets(old), meets(new);
	CHECK_EQ(judged() - before, 3);
	meets(old);
	turn_to(to);
	meets(new);
	CHECK_EQ(judged() - before, 4);
	meets(old), meets(new);
	CHECK_EQ(judged() - before, 5);
	meets(new);
	meets(new);
	CHECK_EQ(judged() - before, 7);
}

TEST(each_packet_is_judged_once)
{
	if (geteuid())
		SKIP("needs root");
	first = join(2, NULL);
	second = join(4, first);
	third = join(6, first);
	turn_to(2);
	meets(first);
	CHECK_EQ(judged(), 1);
	swap(first, second, 4);
	swap(second, third, 6);
	xdp__destroy(third);
	xdp__destroy(second);
	xdp__destroy(first);
}

int main(void)
{
	return test_main();
}
