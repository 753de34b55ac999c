// SPDX-License-Identifier: GPL-2.0-only
/*
 * One packet, one reason: xdp, tc behind an Ethernet header, and tc on a device that has none judge
 * the same frames alike. Each has maps of its own, so that what one learns is not known to the
 * others. Crafted frames, and the same with bytes changed and ends cut (SEED=number repeats a run).
 */
#include "frame.h"
#include "store_arena.h"
#include "compiled.h"
#include "attach.h"
#include "bpf/pkt.h"
#include "reason.h"
#include "tc.skel.h"
#include "xdp.skel.h"
#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <time.h>
#include <unistd.h>

#define MUTATIONS	300
#define SIZE_LEAST	(14 + 40)	/* the kernel makes no skb for a test of less */
#define REASONS_SEEN	COUNTER_INDEX(1, 0, 0)

static const char policy_text[] =
	"mode enforce\n"
	"trusted { 192.0.2.7; 2001:db8::7 }\n"
	"blocked { 192.0.2.8; 2001:db8::8 }\n"
	"bypass { mark 0x100; udp port 53 to 198.51.100.2; udp port 53 to 2001:db8:1::/64 }\n"
	"limit new-flows { per source 1/hour burst 2; total 1/hour burst 40 }\n";

/* Without one, all flows of small numbers would meet in one word. */
static const __u64 hash_key[4] = { 0x9e3779b97f4a7c15ULL, 0xbf58476d1ce4e5b9ULL, 0x94d049bb133111ebULL,
				   0xd6e8feb86659fd93ULL };

struct judge {
	int	program, counter;
	bool	tc;
	struct counter counted[REASONS_SEEN];
};

static bool policy_set(int map)
{
	struct arena arena;
	int error;

	compile_text(policy_text, NULL, &arena);
	error = arena_publish(map, &arena, NULL);
	arena_free(&arena);
	return !error;
}

static void xdp_open(struct judge *judge)
{
	struct xdp *xdp = xdp__open();

	xdp->rodata->features = attach_probe();
	xdp->rodata->test_clock = true;
	memcpy((void *)xdp->rodata->hash_key, hash_key, sizeof(hash_key));
	xdp->bss->test_now_ns = NOW;
	CHECK_EQ(xdp__load(xdp), 0);
	judge->program = bpf_program__fd(xdp->progs.weir_xdp);
	judge->counter = bpf_map__fd(xdp->maps.counter);
	CHECK(policy_set(bpf_map__fd(xdp->maps.policy)));
}

static void tc_open(struct judge *judge, bool l3)
{
	struct tc *tc = tc__open();

	tc->rodata->features = attach_probe();
	tc->rodata->dev_l3 = l3;
	tc->rodata->test_clock = true;
	memcpy((void *)tc->rodata->hash_key, hash_key, sizeof(hash_key));
	tc->bss->test_now_ns = NOW;
	CHECK_EQ(tc__load(tc), 0);
	judge->tc = true;
	judge->program = bpf_program__fd(tc->progs.weir_tc);
	judge->counter = bpf_map__fd(tc->maps.counter);
	CHECK(policy_set(bpf_map__fd(tc->maps.policy)));
}

/* sums over the CPUs, in one call */
static void counters_read(const struct judge *judge, struct counter counted[REASONS_SEEN])
{
	int cpus = libbpf_num_possible_cpus();
	static struct counter cpu[REASONS_SEEN * 512];
	__u32 keys[REASONS_SEEN], batch, count = REASONS_SEEN;

	CHECK_EQ(bpf_map_lookup_batch(judge->counter, NULL, &batch, keys, cpu, &count, NULL), 0);
	memset(counted, 0, REASONS_SEEN * sizeof(*counted));
	for (__u32 i = 0; i < count; i++)
		for (int n = 0; n < cpus; n++) {
			counted[keys[i]].packets += cpu[i * cpus + n].packets;
			counted[keys[i]].bytes += cpu[i * cpus + n].bytes;
		}
}

/* The reason that was counted for the frame, which has to agree with the verdict. */
static int judge_frame(struct judge *judge, const uint8_t *frame, unsigned size)
{
	struct __sk_buff in = { .mark = 0x41 }, out = { .mark = 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = size);
	struct counter now[REASONS_SEEN];
	int reason = -1;

	if (judge->tc) {
		run.ctx_in = &in;
		run.ctx_out = &out;
		run.ctx_size_in = run.ctx_size_out = sizeof(in);
	}
	CHECK_EQ(bpf_prog_test_run_opts(judge->program, &run), 0);
	counters_read(judge, now);
	for (int i = 0; i < REASONS_SEEN; i++) {
		if (now[i].packets == judge->counted[i].packets)
			continue;
		CHECK_EQ(reason, -1);
		CHECK_EQ(now[i].packets - judge->counted[i].packets, 1);
		CHECK_EQ(now[i].bytes - judge->counted[i].bytes, size);
		reason = i;
	}
	memcpy(judge->counted, now, sizeof(now));
	if (judge->tc) {
		CHECK_EQ((int)run.retval, reason >= REASON_DROP_FIRST ? TC_ACT_SHOT : TC_ACT_UNSPEC);
		CHECK_EQ(out.mark, reason == REASON_BYPASS ? 0x141 : 0x41);
	} else
		CHECK_EQ(run.retval, reason >= REASON_DROP_FIRST ? XDP_DROP : XDP_PASS);
	return reason;
}

static const char *source4[] = { "192.0.2.1", "192.0.2.7", "192.0.2.8" };
static const char *source6[] = { "2001:db8::1", "2001:db8::7", "2001:db8::8" };

static struct craft frame_of(bool six, int source, int l4)
{
	static const uint8_t proto[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP,
					 IPPROTO_TCP };
	struct craft c = {};

	craft_eth(&c, six ? ETH_P_IPV6 : ETH_P_IP);
	if (six)
		craft_ip6(&c, source6[source], "2001:db8:1::2", l4 == 2 ? IPPROTO_ICMPV6 : proto[l4]);
	else
		craft_ip4(&c, source4[source], "198.51.100.2", proto[l4]);
	if (l4 == 0 || l4 == 4)
		craft_tcp_options(&c, 1025, 443, l4 ? TCP_ACK : TCP_SYN, 12);
	if (l4 == 1)
		craft_udp(&c, 1025, 53);
	if (l4 == 2) {
		craft_icmp(&c, six ? 1 : 3, 1, 0);
		if (six)
			craft_ip6(&c, "2001:db8:1::2", source6[source], IPPROTO_UDP);
		else
			craft_ip4(&c, "198.51.100.2", source4[source], IPPROTO_UDP);
		craft_udp(&c, 53, 1025);
	}
	craft_payload(&c, 24);
	craft_finish(&c);
	return c;
}

static struct judge xdp, ethernet, l3;
static unsigned seen[REASON_COUNT];

static void agree(const struct craft *c)
{
	int reason = judge_frame(&xdp, c->byte, c->size), version = c->byte[14] >> 4;

	CHECK_EQ(judge_frame(&ethernet, c->byte, c->size), reason);
	if (reason > 0 && reason < REASON_COUNT)
		seen[reason]++;
	/* without the header that says which IP it is, the version is believed */
	if (version == (c->byte[12] == 0x08 ? 4 : 6))
		CHECK_EQ(judge_frame(&l3, c->byte + 14, c->size - 14), reason);
}

static void agree_on_mutants(const struct craft *whole)
{
	for (unsigned i = 0; i < MUTATIONS; i++) {
		struct craft c = *whole;

		for (int bytes = rand() % 4; bytes > 0; bytes--)
			c.byte[14 + rand() % (c.size - 14)] = rand() % 3 ? rand() : 0;
		if (rand() % 2)
			craft_seal_ip4(&c, &c.ip[0]);
		if (rand() % 4 == 0)
			c.size = SIZE_LEAST + rand() % (c.size - SIZE_LEAST);
		agree(&c);
	}
}

TEST(programs_agree)
{
	const char *said = getenv("SEED");
	unsigned seed = said ? strtoul(said, NULL, 0) : (unsigned)time(NULL);

	if (geteuid())
		SKIP("needs root");
	printf("# SEED=%u\n", seed);
	srand(seed);
	xdp_open(&xdp);
	tc_open(&ethernet, false);
	tc_open(&l3, true);
	for (int six = 0; six < 2; six++)
		for (int source = 0; source < 3; source++)
			for (int l4 = 0; l4 < 5; l4++) {
				const struct craft whole = frame_of(six, source, l4);

				agree(&whole);
				agree_on_mutants(&whole);
			}
	CHECK(seen[REASON_NEW] && seen[REASON_TRUSTED] && seen[REASON_BLOCKED]);
	CHECK(seen[REASON_RATE_SOURCE] && seen[REASON_RATE_TOTAL] && seen[REASON_TRUNCATED]);
	CHECK(seen[REASON_BYPASS]);
	CHECK(seen[REASON_IP_CHECKSUM] && seen[REASON_TCP_FLAGS]);
}

int main(void)
{
	return test_main();
}
