// SPDX-License-Identifier: GPL-2.0-only
/*
 * The short way of a flood's SYN, through two whole programs: one gets plain frames, the other the same with
 * an IP option, which all go the long way. Both have to do the same with each, for the same reasons, and to
 * leave the same accounts behind. SEED=number repeats a run.
 */
#include <linux/pkt_cls.h>
#include <sched.h>
#include "attach.h"
#include "frame.h"
#include "gateway.h"
#include "random.h"
#include "test.h"
#include "told.h"
#include "tc.skel.h"
#include "xdp.skel.h"

#define START		(1000ULL << 32)
#define TICK		4000000ULL
#define FRAMES		3000
#define LOOK		250	/* frames between two looks at the counters */
#define OPTIONS	4	/* bytes of them, in a frame that goes the long way */
#define INTERFACES	"\ninterface wan0 { role outside }\ninterface lan0 { role inside; sources { 10.0.0.0/8 } }\n"
#define LIMITS		"\nlimit new-flows { per source 3/second burst 4; prefix 26.0.0.0/8 total 2/second burst 30; " \
			"total 10/second burst 60 }" INTERFACES
#define LISTS		"\nblocked { 26.1.0.0/16 }\ntrusted { 26.2.0.0/17; 127.9.0.0/16 }\n"

static const struct gateway_kind kinds[] = {
	{ "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes },
	{ "tc", "weir_tc", TC_ACT_UNSPEC, TC_ACT_SHOT, tc__elf_bytes },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

enum { SHORT, LONG, WAYS };
static struct gateway opened[KINDS][WAYS], *gateway;

/* Where it stands, and what is known of routes. */
static void device(enum role role, enum urpf urpf, __u32 generation)
{
	struct dev dev = { .ifindex = 1, .role = role, .urpf = urpf, .flags = role == ROLE_INSIDE ? DEV_SOURCES : 0 };
	struct routes_now routes = { .generation = generation, .beat_ns = ~0ULL / 2 };
	__u32 zero = 0;

	routes.split[(26 << 8) / 64] = 2;	/* 26.1.0.0/16: more than one answer */
	for (int way = 0; way < WAYS; way++) {
		CHECK(!bpf_map_update_elem(gateway_map(&gateway[way], MAP_DEV), &zero, &dev, BPF_ANY));
		CHECK(!bpf_map_update_elem(gateway_map(&gateway[way], MAP_ROUTES), &zero, &routes, BPF_ANY));
	}
}

/* What the routes said of 26.N.0.0/16, for each answer that there is, and for none. */
static void remember(__u32 generation)
{
	for (__u32 block = 26 << 8; block < (26 << 8) + 8; block++) {
		__u32 word = block & 3 ? ROUTE_ANSWER(generation, 0, block & 3) : 0;

		for (int way = 0; way < WAYS; way++)
			CHECK(!bpf_map_update_elem(gateway_map(&gateway[way], MAP_ROUTE_ANSWER), &block, &word, BPF_ANY));
	}
}

/* Brings it into force. over: it was to be enforced for a time that has run out. */
static void obey(struct gateway *to, const char *text, bool over)
{
	static struct prefix own;
	struct arena arena = {};
	struct policy policy;
	struct fail fail = {};

	CHECK(!prefix_parse("26.6.0.0/16", &own, &fail));
	CHECK_SAID(!policy_parse(text, "test", to->now_ns, &policy, &fail), "%s: %s", text, fail.what);
	policy.own = &own;
	policy.own_count = 1;
	policy.enforce_until_ns = over ? to->now_ns - 1 : 0;
	CHECK_SAID(!compile(&policy, NULL, to->now_ns, &arena, &fail), "%s", fail.what);
	CHECK(!arena_publish(gateway_map(to, MAP_POLICY), &arena, gateway_clock));
	arena_free(&arena);
	policy_free(&policy);
}

/* An hour after the last policy: all that was charged is paid. */
static void policy(const char *text, bool over)
{
	static __u64 now_ns = START;

	now_ns += 3600000000000ULL;
	for (int way = 0; way < WAYS; way++) {
		gateway_at(&gateway[way], now_ns);
		obey(&gateway[way], text, over);
		gateway_at(&gateway[way], now_ns + 1000000000);
	}
}

struct asked {
	char		from[20];
	const char	*to;
	unsigned	port, to_port;
	__u8		proto, flags;
	bool		broken;		/* its TCP checksum */
};

/* Half of them come from where the device's side is. */
static struct asked random_asked(enum role role)
{
	static const char *const from[] = { "26.%u.0.%u", "10.%u.0.%u", "26.%u.7.%u", "%u.26.0.%u", "127.%u.0.%u",
					    "192.0.%u.%u", "172.16.%u.%u" };
	static const unsigned ports[] = { 80, 20443, 25353 };
	struct asked asked = {
		.to = random_below(50) ? "192.0.2.1" : "26.4.0.3", .port = 41000 + random_below(3),
		.to_port = ports[random_below(3)], .proto = IPPROTO_TCP, .flags = TCP_SYN, .broken = !random_below(4),
	};
	unsigned at = random_below(14);

	snprintf(asked.from, sizeof(asked.from), from[at < 7 ? at : role == ROLE_INSIDE], random_below(8), random_below(200));
	if (!random_below(20))
		snprintf(asked.from, sizeof(asked.from), "%s", asked.to);
	if (!random_below(10))
		asked.flags = random_below(256);
	if (!random_below(20))
		asked.proto = IPPROTO_UDP;
	return asked;
}

static struct craft frame(const struct asked *asked, unsigned options)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	craft_ip4_options(&c, asked->from, asked->to, asked->proto, options);
	if (asked->proto == IPPROTO_TCP)
		craft_tcp(&c, asked->port, asked->to_port, asked->flags);
	else
		craft_udp(&c, asked->port, asked->to_port);
	craft_finish(&c);
	if (asked->broken && asked->proto == IPPROTO_TCP)
		c.byte[c.ip[0].l4 + 16] ^= 1;
	return c;
}

static void tick(void)
{
	for (int way = 0; way < WAYS; way++)
		gateway_at(&gateway[way], gateway[way].now_ns + TICK);
}

/* Did one of them drop it, unread? It fails where they differ. */
static bool judge(const struct asked *asked)
{
	__be32 from = inet_addr(asked->from);
	struct scratch scratch;
	int verdict[WAYS];

	for (int way = 0; way < WAYS; way++) {
		struct craft c = frame(asked, way == LONG ? OPTIONS : 0);

		verdict[way] = gateway_send(&gateway[way], c.byte, c.size);
	}
	CHECK_EQ(gateway_told(&gateway[LONG]).pkt.saddr[0], from);
	CHECK_SAID(verdict[SHORT] == verdict[LONG], "%s: from %s to port %u, protocol %u, flags %x: %d, not %d",
		   gateway->kind->name, asked->from, asked->to_port, asked->proto, asked->flags, verdict[SHORT],
		   verdict[LONG]);
	scratch = gateway_told(&gateway[SHORT]);
	if (verdict[SHORT] != gateway->kind->drop || scratch.pkt.saddr[0] == from)
		return false;
	CHECK(scratch.sought);	/* or a packet of a known flow would take the long way now */
	return true;
}

/* Packets and bytes by reason. n: how many there were. */
static void same_counts(unsigned n)
{
	struct counter sum[WAYS][2 * REASON_COUNT];

	for (int way = 0; way < WAYS; way++)
		gateway_count(&gateway[way], sum[way]);
	for (int i = 0; i < 2 * REASON_COUNT; i++) {
		CHECK_EQ(sum[SHORT][i].bytes, sum[LONG][i].bytes - sum[LONG][i].packets * OPTIONS);
		CHECK_SAID(sum[SHORT][i].packets == sum[LONG][i].packets, "%s: %u packets: reason %d of %llu, not %llu",
			   gateway->kind->name, n, i, sum[SHORT][i].packets, sum[LONG][i].packets);
	}
}

/* What a table of both holds, byte by byte. */
static void same_table(const char *name)
{
	int map = gateway_map(&gateway[SHORT], name), other = gateway_map(&gateway[LONG], name);
	struct bpf_map *of = bpf_object__find_map_by_name(gateway[SHORT].object, name);
	size_t size = bpf_map__value_size(of);
	unsigned differ = 0;

	if (bpf_map__type(of) == BPF_MAP_TYPE_PERCPU_ARRAY)
		size *= libbpf_num_possible_cpus();
	for (__u32 i = 0; i < bpf_map__max_entries(of); i++) {
		char value[WAYS][size];

		CHECK(!bpf_map_lookup_elem(map, &i, value[SHORT]) && !bpf_map_lookup_elem(other, &i, value[LONG]));
		differ += memcmp(value[SHORT], value[LONG], size) != 0;
	}
	CHECK_SAID(!differ, "%s: %u", name, differ);
}

/* How many of FRAMES were refused unread. */
static unsigned same_of_all(enum role role)
{
	static const char *const tables[] = { MAP_SOURCE, MAP_SOURCE_MORE, MAP_GROUP, MAP_BUDGET, MAP_BUDGET_USE,
					      MAP_FLOW_HOT, MAP_BLOOM, MAP_AUDIT };
	struct asked last = { .from = "26.0.0.1", .to = "192.0.2.1", .proto = IPPROTO_TCP, .flags = TCP_SYN };
	unsigned unread = 0;

	for (unsigned n = 0; n < FRAMES && !test_failed; n++) {
		struct asked asked = random_asked(role);

		unread += judge(&asked);
		if (n % LOOK == LOOK - 1)
			same_counts(n + 1);
		if (!random_below(500))
			tick();
	}
	/* of another tick: what is still noted is accounted */
	tick();
	if (role == ROLE_INSIDE)
		strcpy(last.from, "10.0.0.1");
	judge(&last);
	same_counts(FRAMES + 1);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		same_table(tables[i]);
	return unread;
}

static bool open_all(void)
{
	if (opened[0][0].object)
		return true;
	random_seed();
	if (unshare(CLONE_NEWNET) || system("ip link set lo up && ip route add blackhole 26.0.0.0/25 && "
						   "ip route add blackhole 26.5.0.0/25 table 77"))
		return false;
	for (size_t i = 0; i < KINDS * WAYS; i++)
		if (gateway_open(&opened[i / WAYS][i % WAYS], &kinds[i / WAYS], attach_probe(), true))
			return false;
	return true;
}

/* text: of the policy. some: do some go the short way? over: see obey(). */
static void same(const char *text, enum role role, enum urpf urpf, __u32 generation, bool some, bool over)
{
	unsigned unread;

	if (geteuid())
		SKIP("needs root");
	CHECK(open_all());
	for (size_t i = 0; i < KINDS && opened[i][0].object; i++) {
		gateway = opened[i];
		device(role, urpf, generation);
		remember(generation);
		policy(text, over);
		unread = same_of_all(role);
		CHECK_SAID(some ? unread > FRAMES / 40 : !unread, "%s: %u of %u were refused unread",
			   gateway->kind->name, unread, FRAMES);
	}
}

#define SAME(text, role, urpf, generation, some) \
	same(text LISTS LIMITS, role, urpf, generation, some, false)

TEST(plain_policy)
{
	SAME("mode enforce", ROLE_OUTSIDE, URPF_OFF, 0, true);
	SAME("mode enforce; check { martians drop }", ROLE_OUTSIDE, URPF_OFF, 0, true);
	SAME("mode enforce", ROLE_INSIDE, URPF_OFF, 0, true);
}

TEST(bypassed_ports_are_spared)
{
	SAME("mode enforce; bypass { tcp port 80; udp port 25353 }", ROLE_OUTSIDE, URPF_OFF, 0, true);
}

TEST(routes_that_are_remembered)
{
	SAME("mode enforce", ROLE_OUTSIDE, URPF_LOOSE, 1, true);
	SAME("mode enforce", ROLE_OUTSIDE, URPF_STRICT, 2, true);
	SAME("mode enforce", ROLE_OUTSIDE, URPF_LOOSE, 0, false);
}

/* Of a table of its own nothing is remembered; without a kernel that asks one alone, it is found by the rules. */
TEST(blackholes)
{
	bool alone = attach_probe() & FEATURE_FIB_TBID;

	SAME("mode enforce; check { blackhole table main drop }", ROLE_OUTSIDE, URPF_LOOSE, 3, true);
	SAME("mode enforce; check { blackhole table main drop }", ROLE_OUTSIDE, URPF_OFF, 4, true);
	SAME("mode enforce; check { blackhole table 77 drop }", ROLE_OUTSIDE, URPF_LOOSE, 5, !alone);
	SAME("mode enforce; check { blackhole table main drop }", ROLE_OUTSIDE, URPF_OFF, 0, false);
}

TEST(what_has_more_to_say_leaves_no_short_way)
{
	SAME("mode monitor", ROLE_OUTSIDE, URPF_OFF, 0, false);
	same("mode enforce" LISTS LIMITS, ROLE_OUTSIDE, URPF_OFF, 0, false, true);
	SAME("mode enforce; check { l4-checksum drop }", ROLE_OUTSIDE, URPF_OFF, 0, false);
	SAME("mode enforce; check { window drop }", ROLE_OUTSIDE, URPF_OFF, 0, false);
	SAME("mode enforce; challenge { syn retransmit }", ROLE_OUTSIDE, URPF_OFF, 0, false);
}

int main(void)
{
	return test_main();
}
