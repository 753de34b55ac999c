// SPDX-License-Identifier: GPL-2.0-only
/*
 * The crowd against the whole program in the kernel, by a clock that the test moves. What the flood
 * sends in POUR_NS goes in with one call, and tests/bpf/path.bpf.c gives each packet of it another
 * source: a call with more than one packet costs the kernel milliseconds of its own. All others go
 * one by one, and who is listed is read as `source top` reads it.
 */
#pragma GCC diagnostic ignored "-Wunknown-pragmas"	/* unroll: for clang */
#include <sched.h>
#include "attach.h"
#include "crowd.h"
#include "frame.h"
#include "gateway.h"
#include "random.h"
#include "source.h"
#include "bpf/proven.h"
#include "bpf/source.h"
#include "tests/bpf/path.skel.h"
#include "xdp.skel.h"

#define SECONDS		4
#define FIRST_ADDRESS	0x28000000	/* 40.0.0.0 */
#define POUR_NS		(5 * CROWD_TICK_NS)
#define LISTED		100		/* flows a second, from which on a source is no honest one */

/* the flood comes from any address, also from those that are nobody's */
static const char policy_text[] =
	"mode enforce\n"
	"check { martians off }\n"
	"limit new-flows { per source 10/second burst 10; total 50000/second burst 50000 }\n"
	"pressure { tight above 70% }\n";

static const struct gateway_kind xdp_kind = { "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes };

static struct gateway gateway;
static struct path *path;

/* ---- what the gateway knows before ---- */

static struct pkt packet_of(__u32 source)
{
	return (struct pkt){ .family = 4, .saddr = { htonl(FIRST_ADDRESS + source) } };
}

static void prove(__u32 source)
{
	struct pkt pkt = packet_of(source);
	struct proven_key key = proven_key(&pkt, LENGTH6_DEFAULT, GATEWAY_STRANGERS - 1, gateway_key);
	int map = gateway_map(&gateway, MAP_STRANGERS);
	struct challenge_line line;

	CHECK(!bpf_map_lookup_elem(map, &key.line, &line));
	CHECK(proven_put(&line, key.mark, PROOF_TWO_WAY, START));
	CHECK(!bpf_map_update_elem(map, &key.line, &line, BPF_ANY));
}

static void tell_pressure(__u64 now_ns)
{
	const struct pressure_now tight = {
		.beat_ns = now_ns, .level = PRESSURE_TIGHT, .admit_cost_ns = SECOND / CROWD_STRANGERS,
	};
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_PRESSURE), &zero, &tight, BPF_ANY));
}

/* ---- packets ---- */

static struct craft syn(void)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, "40.0.0.0", "192.88.98.1", IPPROTO_TCP);
	craft_tcp(&c, 1024, 80, TCP_SYN);
	craft_finish(&c);
	return c;
}

/* A SYN that nobody has sent before: no two have the same ports. */
static bool open_flow(__u32 source)
{
	static struct craft c;
	static __u32 number;

	if (!c.size)
		c = syn();
	craft_put32(c.byte + 14 + 12, FIRST_ADDRESS + source);
	craft_put16(c.byte + 14 + 20, 1024 + number % 60000);
	craft_put16(c.byte + 14 + 22, 80 + number++ / 60000);
	craft_seal_ip4(&c, &c.ip[0]);
	return gateway_send(&gateway, c.byte, c.size) == XDP_PASS;
}

static void pour(__u32 packets)
{
	const struct craft c = syn();
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = c.byte, .data_size_in = c.size, .repeat = packets);

	flood.offered += packets;
	CHECK(!bpf_prog_test_run_opts(bpf_program__fd(path->progs.vary), &run));
}

static void play(void)
{
	struct kind *const kinds[] = { &honest, &medium, &heavy };
	__u64 tick = 0, at;
	struct kind *kind;

	for (;;) {
		kind = crowd_next(kinds, 3, &at);
		for (; tick <= at; tick += CROWD_TICK_NS) {
			if (tick >= SECONDS * SECOND) {
				kind->offered--;
				return;
			}
			gateway_at(&gateway, START + tick);
			if (tick % CROWD_BEAT_NS < CROWD_TICK_NS)
				tell_pressure(START + tick);
			if (tick % POUR_NS == 0)
				pour(flood.each * POUR_NS / SECOND);
		}
		kind->admitted += open_flow(crowd_source(kind, 0));
	}
}

/* ---- what it knows after ---- */

/* How fast one of the crowd is told to be; below 0: not known. */
static double rate_of(__u32 source, const struct source_keys *keys, struct source_row *row)
{
	struct pkt pkt = packet_of(source);
	struct source key = source_of(&pkt, ROLE_OUTSIDE, LENGTH6_DEFAULT, gateway_key);
	__u32 line = hash_line(source_hash(&key, gateway_key), CROWD_LINES - 1);
	struct source_line seats;

	CHECK(!bpf_map_lookup_elem(gateway_map(&gateway, MAP_SOURCE), &line, &seats));
	for (__u32 way = 0; way < SOURCE_WAYS; way++) {
		__u32 index = line * SOURCE_WAYS + way;
		struct source_more more;

		if (seats.way[way].key != key.key || !seats.way[way].word)
			continue;
		CHECK(!bpf_map_lookup_elem(gateway_map(&gateway, MAP_SOURCE_MORE), &index, &more));
		CHECK(source_read(&seats.way[way], &more, gateway.now_ns, keys, row));
		return row->rate;
	}
	return -1;
}

static void told(const struct kind *kind, const struct source_keys *keys)
{
	for (__u32 source = kind->first; source < kind->first + kind->sources; source++) {
		struct source_row row = {};
		double rate = rate_of(source, keys, &row);

		crowd_told(kind, source, rate);
		CHECK(row.total >= kind->each * (SECONDS - 1));
	}
}

/* Nobody of the flood looks like one of them: all that are listed as fast are those 51. */
static void none_else_is_listed(const struct source_keys *keys)
{
	__u32 listed = 0;

	for (__u32 line = 0; line < CROWD_LINES; line++) {
		struct source_line seats;

		CHECK(!bpf_map_lookup_elem(gateway_map(&gateway, MAP_SOURCE), &line, &seats));
		for (__u32 way = 0; way < SOURCE_WAYS; way++) {
			__u32 index = line * SOURCE_WAYS + way;
			struct source_more more;
			struct source_row row;

			if (!(seats.way[way].word & SEAT_MORE))
				continue;
			CHECK(!bpf_map_lookup_elem(gateway_map(&gateway, MAP_SOURCE_MORE), &index, &more));
			listed += source_read(&seats.way[way], &more, gateway.now_ns, keys, &row) &&
				  row.rate >= LISTED;
		}
	}
	CHECK_EQ(listed, 1 + CROWD_MEDIUM);
}

static void counted(void)
{
	struct counter sum[2 * REASON_COUNT];
	__u64 all = 0;

	gateway_count(&gateway, sum);
	for (int reason = 0; reason < REASON_COUNT; reason++) {
		all += sum[reason].packets;
		if (reason < REASON_DROP_FIRST && reason != REASON_NEW)
			CHECK_SAID(!sum[reason].packets, "reason %d: %llu", reason, sum[reason].packets);
	}
	CHECK_EQ(all, honest.offered + medium.offered + heavy.offered + flood.offered);
	flood.admitted = sum[REASON_NEW].packets - honest.admitted - medium.admitted - heavy.admitted;
}

static int open_all(void)
{
	__u32 zero = 0;
	int error = gateway_open_lines(&gateway, &xdp_kind, attach_probe(), true, CROWD_LINES);

	if (error)
		return error;
	path = path__open_and_load();
	if (!path)
		return errno;
	random_seed();
	path->data->state = random_state;
	path->bss->ports = true;
	return bpf_map_update_elem(bpf_map__fd(path->maps.target), &zero, &gateway.program, BPF_ANY);
}

TEST(crowd_in_front_of_the_program)
{
	struct source_keys keys = { .secret = { GATEWAY_KEY }, .length6 = LENGTH6_DEFAULT };
	struct fail fail = {};
	int error;

	if (geteuid())
		SKIP("needs root");
	CHECK(!unshare(CLONE_NEWNET));
	error = open_all();
	CHECK_SAID(!error, "%s", strerror(error));
	if (error)
		return;
	gateway_at(&gateway, START);
	CHECK_SAID(!gateway_policy(&gateway, policy_text, &fail), "%s", fail.what);
	for (__u32 i = 0; i < honest.sources; i++)
		prove(honest.first + i);
	play();
	told(&heavy, &keys);
	told(&medium, &keys);
	none_else_is_listed(&keys);
	counted();
	crowd_check(SECONDS);
	path__destroy(path);
	gateway_close(&gateway);
}

int main(void)
{
	return test_main();
}
