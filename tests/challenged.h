/* SPDX-License-Identifier: GPL-2.0-only */
/* The whole program under a flood of SYNs, for tests of challenges: who is asked, and when. */
#ifndef WEIR_TESTS_CHALLENGED_H
#define WEIR_TESTS_CHALLENGED_H

#include <sched.h>
#include <unistd.h>
#include "attach.h"
#include "frame.h"
#include "gateway.h"
#include "prefixes.h"
#include "test.h"
#include "bpf/pkt.h"
#include "xdp.skel.h"

#define MS	1000000ULL
#define BEGIN	(1000000 * MS)

static const struct gateway_kind kind = { "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes };
static struct gateway gateway;
static struct gateway_answer answer;

static inline void at_ms(__u64 ms)
{
	gateway_at(&gateway, BEGIN + ms * MS);
}

static inline void policy(const char *text)
{
	struct fail fail = {};

	CHECK_SAID(!gateway_policy(&gateway, text, &fail), "%s", fail.what);
}

static inline void role(enum role role)
{
	struct dev dev = { .ifindex = 1, .role = role };
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_DEV), &zero, &dev, BPF_ANY));
}

/* A program with fresh maps, and an empty conntrack of its own. */
static inline void fresh(const char *text)
{
	if (gateway.object)
		gateway_close(&gateway);
	if (gateway_open(&gateway, &kind, attach_probe(), true)) {
		printf("not ok %s: the program does not load\n", text);
		exit(1);
	}
	at_ms(0);
	role(ROLE_OUTSIDE);
	policy(text);
}

static inline __u64 counted(enum reason reason)
{
	struct counter sum[2 * REASON_COUNT];

	gateway_count(&gateway, sum);
	return sum[reason].packets;
}

/* One frame: its reason, all about it in `answer` */
static inline enum reason judged(const struct craft *c)
{
	CHECK(gateway_judge(&gateway, c->byte, c->size, &answer));
	return answer.reason;
}

static __u64 seed = 20261121;

struct client {
	const char	*from;
	unsigned int	port;
	__u32		seq;
};

/* to: NULL is 25.0.0.1, or 2a00:25::1 */
static inline struct craft syn_frame(struct client client, __u8 flags, const char *to)
{
	struct craft c = {};

	if (strchr(client.from, ':')) {
		craft_eth(&c, ETH_P_IPV6);
		craft_ip6(&c, client.from, to ? to : "2a00:25::1", IPPROTO_TCP);
	} else {
		craft_eth(&c, ETH_P_IP);
		craft_ip4(&c, client.from, to ? to : "25.0.0.1", IPPROTO_TCP);
	}
	craft_put32(craft_tcp_options(&c, client.port, 443, flags, 20) + 4, client.seq);
	craft_finish(&c);
	return c;
}

/* A SYN of this client: its reason */
static inline enum reason syn_to(struct client client, const char *to)
{
	struct craft c = syn_frame(client, TCP_SYN, to);

	return judged(&c);
}

static inline enum reason syn(struct client client)
{
	return syn_to(client, NULL);
}

/* One frame of a flood of IPv4: from anywhere public, with any port and number */
static inline void spoof(struct craft *c)
{
	__u8 *ip = c->byte + c->ip[0].at, *tcp = c->byte + c->ip[0].l4;

	craft_put32(ip + 12, 0x28000000 + random_below(&seed, 0x10000000));
	craft_put16(tcp, 1024 + random_below(&seed, 60000));
	craft_put32(tcp + 4, random_below(&seed, ~0U));
	craft_seal_ip4(c, &c->ip[0]);
}

/* Sends n spoofed SYNs to an address at this instant; returns how many passed. */
static inline unsigned int flood_to(const char *to, unsigned int n)
{
	struct craft c = syn_frame((struct client){ "40.0.0.1", 1024, 1 }, TCP_SYN, to);
	unsigned int passed = 0;

	while (n--) {
		spoof(&c);
		passed += gateway_send(&gateway, c.byte, c.size) == XDP_PASS;
	}
	return passed;
}

static inline unsigned int flood(unsigned int n)
{
	return flood_to(NULL, n);
}

static inline void press(enum pressure level, __u64 beat_ms)
{
	struct pressure_now now = { .beat_ns = BEGIN + beat_ms * MS, .level = level };
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_PRESSURE), &zero, &now, BPF_ANY));
}

static inline int challenged_main(const char *name)
{
	if (geteuid()) {
		printf("skip %s: needs root\n", name);
		return 0;
	}
	if (unshare(CLONE_NEWNET)) {
		printf("skip %s: no network namespace of its own\n", name);
		return 0;
	}
	return test_main();
}

#endif
