// SPDX-License-Identifier: GPL-2.0-only
/*
 * What parse() and sane() cost a packet: the program that only drops is the floor, in the same
 * run. Medians of ROUNDS rounds that take turns.
 */
#include "frame.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <linux/in.h>
#include "bpf/pkt.h"
#include "tests/bpf/parse.skel.h"

#define ROUNDS	21
#define REPEAT	200000

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* ns a run; negative: it failed */
static int run(const struct bpf_program *prog, const struct craft *c)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = c->byte, .data_size_in = c->size,
		    .repeat = REPEAT);
	int failed = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);

	return failed ? failed : (int)opts.duration;
}

static void measure(const struct parse *skel, const char *name, const struct craft *c)
{
	int floor[ROUNDS], whole[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		floor[i] = run(skel->progs.floor_frame, c);
		whole[i] = run(skel->progs.parse_frame, c);
		if (floor[i] < 0 || whole[i] < 0) {
			fprintf(stderr, "parse: BPF_PROG_RUN: %s\n", strerror(errno));
			exit(1);
		}
	}
	qsort(floor, ROUNDS, sizeof(*floor), by_value);
	qsort(whole, ROUNDS, sizeof(*whole), by_value);
	printf("parse + sane, %-24s %3d ns over a floor of %d ns\n", name,
	       whole[ROUNDS / 2] - floor[ROUNDS / 2], floor[ROUNDS / 2]);
}

static struct craft eth4(uint8_t proto, unsigned options)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	craft_ip4_options(&c, "192.0.2.1", "198.51.100.2", proto, options);
	return c;
}

int main(void)
{
	struct parse *skel = parse__open_and_load();
	struct craft c;

	if (!skel) {
		fprintf(stderr, "parse: can't load the program: %s\n", strerror(errno));
		return 1;
	}
	c = eth4(IPPROTO_TCP, 0);
	craft_tcp(&c, 1025, 443, 0x10);
	craft_finish(&c);
	measure(skel, "IPv4 TCP", &c);

	c = eth4(IPPROTO_UDP, 40);
	craft_udp(&c, 1025, 53);
	craft_finish(&c);
	measure(skel, "IPv4 with options, UDP", &c);

	c = eth4(IPPROTO_ICMP, 0);
	craft_icmp(&c, 3, 1, 0);
	craft_ip4(&c, "198.51.100.2", "192.0.2.1", IPPROTO_UDP);
	craft_udp(&c, 53, 1025);
	craft_finish(&c);
	measure(skel, "ICMP error", &c);

	c = (struct craft) {};
	craft_eth(&c, ETH_P_IPV6);
	craft_ip6(&c, "2001:db8::1", "2001:db8:1::2", IPPROTO_TCP);
	craft_tcp(&c, 1025, 443, 0x10);
	craft_finish(&c);
	measure(skel, "IPv6 TCP", &c);

	c = (struct craft) {};
	craft_eth(&c, ETH_P_8021AD);
	craft_vlan(&c, 1, ETH_P_8021Q);
	craft_vlan(&c, 2, ETH_P_IPV6);
	craft_ip6(&c, "2001:db8::1", "2001:db8:1::2", IPPROTO_HOPOPTS);
	craft_extension(&c, IPPROTO_DSTOPTS, 8);
	craft_extension(&c, IPPROTO_ROUTING, 8);
	craft_extension(&c, IPPROTO_UDP, 24);
	craft_udp(&c, 1025, 53);
	craft_finish(&c);
	measure(skel, "QinQ IPv6, 3 extensions", &c);
	parse__destroy(skel);
	return 0;
}
