// SPDX-License-Identifier: GPL-2.0-only
/*
 * route() against real routes, in a network namespace of its own: one row is a packet and the
 * reason it must get, from the XDP and the tc program alike.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>
#include "bpf/pkt.h"
#include "headers/abi.h"
#include "shell.h"
#include "test.h"
#include "tests/bpf/route.skel.h"
#include "tests/bpf/route_skb.skel.h"

#define MAIN 254

static struct route *xdp;
static struct route_skb *skb;

static bool routes_made(void)
{
	return run_router() &&
	       run("ip link add wan type veth peer name wan-peer && ip link set wan up && "
		   "ip link set wan-peer up") &&
	       run("ip link add lan type veth peer name lan-peer && ip link set lan up && "
		   "ip link set lan-peer up") &&
	       run("ip addr add 192.0.2.1/24 dev wan && ip addr add 10.0.0.1/24 dev lan") &&
	       run("ip -6 addr add 2001:db8:1::1/64 dev wan nodad && "
		   "ip -6 addr add fd00::1/64 dev lan nodad") &&
	       run("ip route add 203.0.113.0/24 via 192.0.2.9") &&
	       run("ip route add blackhole 198.51.100.1 && ip route add unreachable 198.51.100.2 && "
		   "ip route add prohibit 198.51.100.3") &&
	       run("ip -6 route add 2001:db8:9::/48 via 2001:db8:1::9 && "
		   "ip -6 route add blackhole 2001:db8:6::1 && "
		   "ip -6 route add unreachable 2001:db8:6::2") &&
	       run("ip route add blackhole 203.0.113.66 table 666 && "
		   "ip -6 route add blackhole 2001:db8:9::66 table 666");
}

static int load(__u32 features)
{
	xdp = route__open();
	skb = route_skb__open();
	if (!xdp || !skb)
		return -1;
	xdp->rodata->features = skb->rodata->features = features;
	return route__load(xdp) || route_skb__load(skb) ? -1 : 0;
}

static void unload(void)
{
	route__destroy(xdp);
	route_skb__destroy(skb);
}

static void device(const char *name, enum urpf urpf, const char *behind)
{
	struct dev dev = { .ifindex = if_nametoindex(name), .urpf = urpf };
	__u32 zero = 0;

	CHECK(dev.ifindex);
	if (behind)
		dev.behind[1] = if_nametoindex(behind);
	CHECK(!bpf_map_update_elem(bpf_map__fd(xdp->maps.dev), &zero, &dev, BPF_ANY));
	CHECK(!bpf_map_update_elem(bpf_map__fd(skb->maps.dev), &zero, &dev, BPF_ANY));
}

/* table 0: no blackhole check */
static void blackhole(__u32 table)
{
	struct policy_knobs knobs = { .blackhole_table = table };

	if (!table)
		knobs.off[0] = 1ULL << REASON_BLACKHOLE;
	xdp->bss->knobs = skb->bss->knobs = knobs;
}

static void class(__u32 flags)
{
	xdp->bss->class_flags = skb->bss->class_flags = flags;
}

static void known(bool is)
{
	xdp->bss->known = skb->bss->known = is;
}

/* before it is known whether the packet opens a flow */
static void before(bool is)
{
	xdp->bss->before = skb->bss->before = is;
}

static int run_once(int fd)
{
	char frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));

	return bpf_prog_test_run_opts(fd, &opts) ? -1 : (int)opts.retval;
}

static void check(int line, const char *from, const char *to, enum reason wanted)
{
	struct pkt pkt = { .family = strchr(from, ':') ? 6 : 4, .l4_proto = IPPROTO_UDP };
	int got_xdp, got_skb;

	CHECK_EQ(inet_pton(pkt.family == 6 ? AF_INET6 : AF_INET, from, pkt.saddr), 1);
	CHECK_EQ(inet_pton(pkt.family == 6 ? AF_INET6 : AF_INET, to, pkt.daddr), 1);
	xdp->bss->route_pkt = skb->bss->route_pkt = pkt;
	got_xdp = run_once(bpf_program__fd(xdp->progs.route_xdp));
	got_skb = run_once(bpf_program__fd(skb->progs.route_skb));
	CHECK_SAID(got_xdp == (int)wanted && got_skb == (int)wanted,
		   "line %d: from %s: xdp %d, tc %d, not %d", line, from, got_xdp, got_skb, wanted);
}
#define FROM(from, wanted) \
	check(__LINE__, from, strchr(from, ':') ? "fd00::2" : "10.0.0.2", wanted)

TEST(all_off_asks_nothing)
{
	device("wan", URPF_OFF, NULL);
	blackhole(0);
	FROM("8.8.8.8", REASON_NONE);
	FROM("198.51.100.1", REASON_NONE);
	FROM("2001:db8:6::1", REASON_NONE);
	FROM("192.0.2.1", REASON_NONE);
}

TEST(loose)
{
	device("wan", URPF_LOOSE, NULL);
	blackhole(0);
	FROM("203.0.113.5", REASON_NONE);
	FROM("192.0.2.7", REASON_NONE);
	FROM("10.0.0.2", REASON_NONE);
	FROM("8.8.8.8", REASON_URPF);
	FROM("198.51.100.1", REASON_URPF);
	FROM("192.0.2.1", REASON_URPF);
	FROM("192.0.2.255", REASON_URPF);
	FROM("2001:db8:9::5", REASON_NONE);
	FROM("fd00::2", REASON_NONE);
	FROM("2a00::1", REASON_URPF);
	FROM("2001:db8:6::1", REASON_URPF);
	FROM("2001:db8:1::1", REASON_URPF);
}

TEST(strict)
{
	device("wan", URPF_STRICT, NULL);
	blackhole(0);
	FROM("203.0.113.5", REASON_NONE);
	FROM("10.0.0.2", REASON_URPF);
	FROM("2001:db8:9::5", REASON_NONE);
	FROM("fd00::2", REASON_URPF);
	device("wan", URPF_STRICT, "lan");
	FROM("10.0.0.2", REASON_NONE);
	FROM("fd00::2", REASON_NONE);
	FROM("8.8.8.8", REASON_URPF);
}

/* what a flow that conntrack knows might do is left to conntrack, what nothing leads to is not */
TEST(before_conntrack_is_asked)
{
	device("wan", URPF_STRICT, NULL);
	blackhole(MAIN);
	before(true);
	FROM("203.0.113.5", REASON_NONE);
	FROM("10.0.0.2", REASON_NONE);
	FROM("fd00::2", REASON_NONE);
	FROM("8.8.8.8", REASON_URPF);
	FROM("2a00::1", REASON_URPF);
	FROM("198.51.100.1", REASON_BLACKHOLE);
	class(CLASS_OWN);
	FROM("192.0.2.1", REASON_MARTIAN);
	class(0);
	before(false);
}

TEST(no_route_can_lead_there)
{
	device("wan", URPF_STRICT, NULL);
	blackhole(MAIN);
	FROM("0.0.0.0", REASON_NONE);
	FROM("169.254.1.1", REASON_NONE);
	FROM("::", REASON_NONE);
	FROM("fe80::1", REASON_NONE);
	/* the destination must not make the kernel refuse to answer about the source */
	check(__LINE__, "2001:db8:9::5", "fe80::1", REASON_NONE);
	check(__LINE__, "2001:db8:9::5", "ff02::1", REASON_NONE);
	check(__LINE__, "203.0.113.5", "255.255.255.255", REASON_NONE);
}

TEST(blackhole_in_main)
{
	device("wan", URPF_OFF, NULL);
	blackhole(MAIN);
	FROM("198.51.100.1", REASON_BLACKHOLE);
	FROM("198.51.100.2", REASON_BLACKHOLE);
	FROM("198.51.100.3", REASON_BLACKHOLE);
	FROM("198.51.100.4", REASON_NONE);
	FROM("203.0.113.66", REASON_NONE);
	FROM("2001:db8:6::1", REASON_BLACKHOLE);
	FROM("2001:db8:6::2", REASON_BLACKHOLE);
	FROM("2001:db8:6::3", REASON_NONE);
}

TEST(blackhole_in_a_table)
{
	device("wan", URPF_OFF, NULL);
	blackhole(666);
	FROM("203.0.113.66", REASON_BLACKHOLE);
	FROM("203.0.113.67", REASON_NONE);
	FROM("198.51.100.1", REASON_NONE);
	FROM("2001:db8:9::66", REASON_BLACKHOLE);
	FROM("2001:db8:9::67", REASON_NONE);
	blackhole(667);
	FROM("203.0.113.66", REASON_NONE);
	FROM("2001:db8:9::66", REASON_NONE);
	device("wan", URPF_LOOSE, NULL);
	blackhole(666);
	FROM("203.0.113.66", REASON_BLACKHOLE);
	FROM("198.51.100.1", REASON_BLACKHOLE);
	FROM("8.8.8.8", REASON_URPF);
}

TEST(known_flows_meet_blackholes_only)
{
	device("wan", URPF_STRICT, NULL);
	blackhole(666);
	known(true);
	FROM("203.0.113.66", REASON_BLACKHOLE);
	FROM("8.8.8.8", REASON_NONE);
	FROM("10.0.0.2", REASON_NONE);
	blackhole(MAIN);
	FROM("198.51.100.1", REASON_BLACKHOLE);
	blackhole(0);
	FROM("198.51.100.1", REASON_NONE);
	known(false);
}

TEST(own_address_needs_a_route_that_agrees)
{
	device("wan", URPF_OFF, NULL);
	blackhole(0);
	class(CLASS_OWN);
	FROM("192.0.2.1", REASON_MARTIAN);
	FROM("192.0.2.255", REASON_MARTIAN);
	FROM("10.0.0.1", REASON_MARTIAN);
	FROM("2001:db8:1::1", REASON_MARTIAN);
	/* it was ours, and has moved to a neighbour */
	FROM("192.0.2.7", REASON_NONE);
	FROM("2001:db8:1::7", REASON_NONE);
	class(0);
}

TEST(rules_lead_to_the_table)
{
	device("wan", URPF_LOOSE, NULL);
	blackhole(0);
	CHECK(run("ip rule add pref 100 lookup 666 && ip -6 rule add pref 100 lookup 666"));
	FROM("203.0.113.66", REASON_URPF);
	FROM("203.0.113.67", REASON_NONE);
	FROM("2001:db8:9::66", REASON_URPF);
	FROM("2001:db8:9::67", REASON_NONE);
	FROM("192.0.2.1", REASON_URPF);
	CHECK(run("ip rule del pref 100 && ip -6 rule del pref 100"));
}

TEST(default_route_matches_everything)
{
	device("wan", URPF_STRICT, NULL);
	blackhole(0);
	CHECK(run("ip route add default via 192.0.2.9 && ip -6 route add default via 2001:db8:1::9"));
	FROM("8.8.8.8", REASON_NONE);
	FROM("2a00::1", REASON_NONE);
	FROM("10.0.0.2", REASON_URPF);
	device("lan", URPF_STRICT, NULL);
	FROM("8.8.8.8", REASON_URPF);
	FROM("10.0.0.2", REASON_NONE);
	class(CLASS_OWN);
	FROM("192.0.2.1", REASON_MARTIAN);
	class(0);
	CHECK(run("ip route del default && ip -6 route del default"));
}

TEST(forwarding_off_answers_nothing)
{
	device("wan", URPF_STRICT, NULL);
	blackhole(666);
	CHECK(run("sysctl -qw net.ipv4.conf.wan.forwarding=0 net.ipv6.conf.all.forwarding=0"));
	FROM("8.8.8.8", REASON_NONE);
	FROM("203.0.113.66", REASON_NONE);
	FROM("2a00::1", REASON_NONE);
	CHECK(run("sysctl -qw net.ipv4.conf.wan.forwarding=1 net.ipv6.conf.all.forwarding=1"));
	FROM("8.8.8.8", REASON_URPF);
}

/* What the daemon tells. splits: an address in the one block that has no one answer, or NULL. */
static void remember(__u32 generation, __u64 beat_ns, const char *splits)
{
	struct routes_now now = { .generation = generation, .beat_ns = beat_ns };
	__u32 block = splits ? ntohl(inet_addr(splits)) >> 16 : 0, zero = 0;

	if (splits)
		now.split[block / 64] |= 1ULL << (block & 63);
	CHECK(!bpf_map_update_elem(bpf_map__fd(xdp->maps.routes), &zero, &now, BPF_ANY));
	CHECK(!bpf_map_update_elem(bpf_map__fd(skb->maps.routes), &zero, &now, BPF_ANY));
}

#define FRESH	(~0ULL / 2)

/* The kernel's answer has changed, and nobody has told: that it is still the old one shows that it was
 * remembered. */
TEST(answers_are_remembered)
{
	device("wan", URPF_LOOSE, NULL);
	blackhole(0);
	remember(1, FRESH, NULL);
	FROM("8.8.8.8", REASON_URPF);
	FROM("203.0.113.5", REASON_NONE);
	CHECK(run("ip route add 8.8.0.0/16 via 192.0.2.9"));
	CHECK(run("ip route del 203.0.113.0/24"));
	FROM("8.8.77.77", REASON_URPF);
	FROM("203.0.77.77", REASON_NONE);
	remember(2, FRESH, NULL);
	FROM("8.8.77.77", REASON_NONE);
	FROM("203.0.113.5", REASON_URPF);
	CHECK(run("ip route del 8.8.0.0/16 && ip route add 203.0.113.0/24 via 192.0.2.9"));
	FROM("8.8.8.8", REASON_NONE);
	FROM("203.0.113.5", REASON_URPF);
	remember(2, FRESH, "8.8.0.0");	/* a part of it has another answer */
	FROM("8.8.8.8", REASON_URPF);
	remember(2, FRESH, "203.0.0.0");
	FROM("203.0.113.5", REASON_NONE);
	remember(2, 1, NULL);		/* the daemon has died */
	FROM("8.8.8.8", REASON_URPF);
	FROM("203.0.113.5", REASON_NONE);
	remember(0, FRESH, NULL);
	FROM("8.8.8.8", REASON_URPF);
}

TEST(the_way_back_is_remembered_for_its_device)
{
	device("wan", URPF_STRICT, NULL);
	blackhole(0);
	remember(3, FRESH, NULL);
	FROM("10.0.0.2", REASON_URPF);
	FROM("10.0.77.2", REASON_URPF);
	FROM("203.0.113.5", REASON_NONE);
	FROM("203.0.77.5", REASON_NONE);
	device("wan", URPF_LOOSE, NULL);
	FROM("10.0.77.2", REASON_NONE);
	FROM("203.0.77.5", REASON_NONE);
	remember(0, FRESH, NULL);
}

/* a blackhole is an entry of a list: never older than the packet, and never for its neighbours */
TEST(blackholes_are_not_remembered)
{
	device("wan", URPF_LOOSE, NULL);
	blackhole(MAIN);
	remember(4, FRESH, NULL);
	FROM("198.51.100.1", REASON_BLACKHOLE);
	FROM("198.51.100.77", REASON_URPF);
	CHECK(run("ip route add blackhole 9.9.9.9"));
	FROM("9.9.9.9", REASON_BLACKHOLE);
	CHECK(run("ip route del blackhole 9.9.9.9"));
	FROM("9.9.9.9", REASON_URPF);
	remember(0, FRESH, NULL);
}

TEST(no_device_no_opinion)
{
	struct dev gone = { .ifindex = 99999, .urpf = URPF_STRICT };
	__u32 zero = 0;

	blackhole(666);
	CHECK(!bpf_map_update_elem(bpf_map__fd(xdp->maps.dev), &zero, &gone, BPF_ANY));
	CHECK(!bpf_map_update_elem(bpf_map__fd(skb->maps.dev), &zero, &gone, BPF_ANY));
	FROM("8.8.8.8", REASON_NONE);
	FROM("2a00::1", REASON_NONE);
}

TEST(old_kernel_finds_the_table_by_rules)
{
	unload();
	if (load(0)) {
		CHECK(!"does not load without features");
		return;
	}
	device("wan", URPF_OFF, NULL);
	blackhole(666);
	FROM("203.0.113.66", REASON_NONE);
	FROM("198.51.100.1", REASON_BLACKHOLE);
	CHECK(run("ip rule add pref 100 lookup 666"));
	FROM("203.0.113.66", REASON_BLACKHOLE);
	CHECK(run("ip rule del pref 100"));
	device("wan", URPF_STRICT, NULL);
	FROM("203.0.113.5", REASON_NONE);
	FROM("10.0.0.2", REASON_URPF);
}

int main(void)
{
	int failed;

	if (geteuid() || unshare(CLONE_NEWNET | CLONE_NEWNS)) {
		puts("skip route: needs root");
		return 0;
	}
	if (system("mount --make-rprivate / && mount -t sysfs sysfs /sys") || !routes_made() ||
	    load(FEATURE_FIB_TBID)) {
		puts("not ok route: can't set up");
		return 1;
	}
	failed = test_main();
	unload();
	return failed;
}
