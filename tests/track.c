// SPDX-License-Identifier: GPL-2.0-only
/*
 * track() against real entries of the kernel's table, in a network namespace of its own: one test
 * row is a packet and the reason it must get, from the XDP and the tc program alike.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_ether.h>
#include <sched.h>
#include <unistd.h>
#include "bpf/pkt.h"
#include "headers/abi.h"
#include "shell.h"
#include "test.h"
#include "tests/bpf/track.skel.h"
#include "tests/bpf/track_skb.skel.h"

/* an entry's original direction, and where its replies come from and go to */
#define MASQUERADED "-s 10.0.0.2 -d 192.0.2.1 -r 192.0.2.1 -q 198.51.100.1"

static struct track *xdp;
static struct track_skb *skb;

static bool entries_made(void)
{
	return run("ip link set lo up") &&
	       run("conntrack -I -p tcp " MASQUERADED " --sport 1000 --dport 80 --reply-port-src 80 "
		   "--reply-port-dst 2000 --state ESTABLISHED -u SEEN_REPLY,ASSURED -t 100 "
		   "2>/dev/null >/dev/null") &&
	       run("conntrack -I -p udp " MASQUERADED " --sport 1001 --dport 53 --reply-port-src 53 "
		   "--reply-port-dst 2001 -t 100 2>/dev/null >/dev/null") &&
	       run("conntrack -I -p tcp -s 2001:db8::2 -d 2001:db8:1::1 --sport 1000 --dport 80 "
		   "--state ESTABLISHED -u SEEN_REPLY,ASSURED -t 100 2>/dev/null >/dev/null");
}

static void at_second(__u64 second)
{
	xdp->bss->test_now_ns = skb->bss->test_now_ns = second * 1000000000;
}

static void admit(bool admits)
{
	xdp->bss->admits = skb->bss->admits = admits;
}

static int load(__u32 features)
{
	xdp = track__open();
	skb = track_skb__open();
	if (!xdp || !skb)
		return -1;
	xdp->rodata->features = skb->rodata->features = features;
	for (int i = 0; i < 4; i++)
		xdp->rodata->hash_key[i] = skb->rodata->hash_key[i] = 0x9e3779b97f4a7c15ULL * (i + 1);
	xdp->rodata->test_clock = skb->rodata->test_clock = true;
	if (track__load(xdp) || track_skb__load(skb))
		return -1;
	at_second(1000);
	return 0;
}

static void set_run(const struct run *run)
{
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(bpf_map__fd(xdp->maps.run), &zero, run, BPF_ANY));
	CHECK(!bpf_map_update_elem(bpf_map__fd(skb->maps.run), &zero, run, BPF_ANY));
}

static void set_knobs(__u32 flags, enum reason off)
{
	struct policy_knobs knobs = { .flags = flags };

	knobs.off[off / 64] |= off ? 1ULL << off % 64 : 0;
	xdp->bss->knobs = skb->bss->knobs = knobs;
}

static void set_pressure(__u64 beat_ns)
{
	struct pressure_now now = { .level = PRESSURE_TIGHT, .beat_ns = beat_ns };
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(bpf_map__fd(xdp->maps.pressure), &zero, &now, BPF_ANY));
	CHECK(!bpf_map_update_elem(bpf_map__fd(skb->maps.pressure), &zero, &now, BPF_ANY));
}

static void unload(void)
{
	track__destroy(xdp);
	track_skb__destroy(skb);
}

static int run_once(int fd)
{
	char frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));

	return bpf_prog_test_run_opts(fd, &opts) ? -1 : (int)opts.retval;
}

static const char *reason_name(int reason)
{
	switch (reason) {
#define X(number, identifier, name, help) case number: return name;
	REASONS(X)
#undef X
	case REASON_NONE: return "none";
	default: return "?";
	}
}

static void check(const char *what, const struct pkt *pkt, enum reason wanted)
{
	int got_xdp, got_skb;

	xdp->bss->track_pkt = *pkt;
	skb->bss->track_pkt = *pkt;
	got_xdp = run_once(bpf_program__fd(xdp->progs.track_xdp));
	got_skb = run_once(bpf_program__fd(skb->progs.track_skb));
	CHECK_SAID(got_xdp == (int)wanted && got_skb == (int)wanted, "%s: xdp %s, tc %s, not %s", what,
		   reason_name(got_xdp), reason_name(got_skb), reason_name(wanted));
}

static void addr(const char *text, __be32 out[4])
{
	memset(out, 0, 16);
	if (inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, out) != 1)
		abort();
}

static struct pkt packet(int l4_proto, const char *from, __u16 sport, const char *to, __u16 dport)
{
	struct pkt pkt = {
		.family = strchr(from, ':') ? 6 : 4, .l4_proto = l4_proto, .flags = PKT_HAS_L4,
		.sport = htons(sport), .dport = htons(dport), .bytes = 64, .ttl = 64,
	};

	addr(from, pkt.saddr);
	addr(to, pkt.daddr);
	return pkt;
}

static struct pkt tcp(const char *from, __u16 sport, const char *to, __u16 dport, __u8 flags)
{
	struct pkt pkt = packet(IPPROTO_TCP, from, sport, to, dport);

	pkt.tcp_flags = flags;
	return pkt;
}

static struct pkt icmp(const char *from, const char *to, __u8 type)
{
	struct pkt pkt = packet(strchr(from, ':') ? IPPROTO_ICMPV6 : IPPROTO_ICMP, from, 7, to, 0);

	pkt.icmp_type = type;
	return pkt;
}

/* an error about `inner`, a packet that arrived at `from` or went through it */
static struct pkt icmp_error(const char *from, const struct pkt *inner, __u8 type)
{
	struct pkt pkt = icmp(from, from, type);

	memcpy(pkt.daddr, inner->saddr, sizeof(pkt.daddr));
	memcpy(pkt.inner_saddr, inner->saddr, sizeof(pkt.inner_saddr));
	memcpy(pkt.inner_daddr, inner->daddr, sizeof(pkt.inner_daddr));
	pkt.inner_sport = inner->sport;
	pkt.inner_dport = inner->dport;
	pkt.inner_proto = inner->l4_proto;
	pkt.flags |= PKT_INNER;
	return pkt;
}

#define ROW(what, packet_, wanted) do { \
	struct pkt row_ = packet_; \
	check(what, &row_, wanted); \
} while (0)

TEST(known_in_both_directions_through_nat)
{
	ROW("original", tcp("10.0.0.2", 1000, "192.0.2.1", 80, TCP_ACK), REASON_KNOWN);
	ROW("masqueraded reply", tcp("192.0.2.1", 80, "198.51.100.1", 2000, TCP_ACK | TCP_PSH),
	    REASON_KNOWN);
	ROW("udp", packet(IPPROTO_UDP, "10.0.0.2", 1001, "192.0.2.1", 53), REASON_KNOWN);
	ROW("masqueraded udp reply", packet(IPPROTO_UDP, "192.0.2.1", 53, "198.51.100.1", 2001),
	    REASON_KNOWN);
	ROW("ipv6", tcp("2001:db8::2", 1000, "2001:db8:1::1", 80, TCP_FIN | TCP_ACK), REASON_KNOWN);
	ROW("ipv6 reply", tcp("2001:db8:1::1", 80, "2001:db8::2", 1000, TCP_RST), REASON_KNOWN);
}

TEST(opens_a_flow)
{
	ROW("syn", tcp("10.0.0.3", 1000, "192.0.2.1", 80, TCP_SYN), REASON_NONE);
	ROW("syn with ecn", tcp("10.0.0.3", 1000, "192.0.2.1", 80, TCP_SYN | TCP_ECE | TCP_CWR),
	    REASON_NONE);
	ROW("udp", packet(IPPROTO_UDP, "10.0.0.3", 1001, "192.0.2.1", 53), REASON_NONE);
	ROW("echo", icmp("10.0.0.3", "192.0.2.1", 8), REASON_NONE);
	ROW("echo 6", icmp("2001:db8::3", "2001:db8::1", 128), REASON_NONE);
	ROW("sctp", packet(IPPROTO_SCTP, "10.0.0.3", 1, "192.0.2.1", 2), REASON_NONE);
	ROW("gre", packet(IPPROTO_GRE, "10.0.0.3", 0, "192.0.2.1", 0), REASON_NONE);
}

TEST(stray)
{
	ROW("syn-ack", tcp("192.0.2.1", 81, "198.51.100.1", 2000, TCP_SYN | TCP_ACK), REASON_STRAY);
	ROW("rst", tcp("192.0.2.1", 81, "198.51.100.1", 2000, TCP_RST), REASON_STRAY);
	ROW("fin", tcp("192.0.2.1", 81, "198.51.100.1", 2000, TCP_FIN | TCP_ACK), REASON_STRAY);
}

TEST(ack_is_stray_as_conntrack_is_set)
{
	struct pkt ack = tcp("192.0.2.1", 81, "198.51.100.1", 2000, TCP_ACK);
	struct pkt rst = tcp("192.0.2.1", 81, "198.51.100.1", 2000, TCP_RST);

	check("settings unknown", &ack, REASON_NONE);
	set_run(&(struct run){ .conntrack = CONNTRACK_SETTINGS_KNOWN | CONNTRACK_TCP_LOOSE });
	check("loose", &ack, REASON_NONE);
	check("loose, rst", &rst, REASON_STRAY);
	set_knobs(KNOB_STRAY_ALWAYS, 0);
	check("loose, stray drop", &ack, REASON_STRAY);
	set_knobs(0, REASON_STRAY);
	check("loose, stray off", &ack, REASON_NONE);
	check("loose, stray off, rst", &rst, REASON_UNJUDGED);
	set_knobs(0, 0);
	set_run(&(struct run){ .conntrack = CONNTRACK_SETTINGS_KNOWN });
	check("strict", &ack, REASON_STRAY);
	set_run(&(struct run){ .conntrack = CONNTRACK_SETTINGS_KNOWN,
			       .grace_until_ns = 1001000000000 });
	check("grace", &ack, REASON_GRACE);
	check("grace, rst", &rst, REASON_GRACE);
	at_second(1001);
	check("grace is over", &rst, REASON_STRAY);
	at_second(1000);
	set_run(&(struct run){});
}

TEST(ack_is_stray_under_pressure)
{
	struct pkt ack = tcp("192.0.2.1", 81, "198.51.100.1", 2000, TCP_ACK);
	const __u64 now_ns = 1000000000000;

	set_run(&(struct run){ .conntrack = CONNTRACK_SETTINGS_KNOWN | CONNTRACK_TCP_LOOSE });
	set_pressure(now_ns - PRESSURE_STALE_NS + 1);
	check("fresh", &ack, REASON_STRAY);
	set_pressure(now_ns + 4000000);
	check("by a clock that is a tick ahead", &ack, REASON_STRAY);
	set_pressure(now_ns - PRESSURE_STALE_NS);
	check("stale", &ack, REASON_NONE);
	set_run(&(struct run){});
}

TEST(flow_is_charged_once)
{
	struct pkt syn = tcp("10.0.0.9", 1000, "192.0.2.1", 80, TCP_SYN);
	struct pkt ack = tcp("10.0.0.9", 1000, "192.0.2.1", 80, TCP_ACK);
	struct pkt udp = packet(IPPROTO_UDP, "10.0.0.9", 1000, "192.0.2.1", 80);
	struct pkt echo = icmp("10.0.0.9", "192.0.2.1", 8);
	struct pkt gre = packet(IPPROTO_GRE, "2001:db8::9", 0, "2001:db8::1", 0);

	admit(true);
	check("syn", &syn, REASON_NONE);
	check("udp", &udp, REASON_NONE);
	check("echo", &echo, REASON_NONE);
	check("gre", &gre, REASON_NONE);
	admit(false);
	check("syn again", &syn, REASON_KNOWN);
	xdp->bss->stranger = skb->bss->stranger = true;
	check("syn again, nobody asks", &syn, REASON_NONE);
	xdp->bss->stranger = skb->bss->stranger = false;
	check("ack behind its syn", &ack, REASON_KNOWN);
	check("udp in the same burst", &udp, REASON_KNOWN);
	at_second(1007);
	check("syn after 7 s", &syn, REASON_KNOWN);
	check("udp after 7 s", &udp, REASON_NONE);
	at_second(1009);
	check("syn after 9 s", &syn, REASON_NONE);
	for (int second = 1009; second < 1200; second += 28) {
		at_second(second);
		check("echo every 28 s", &echo, REASON_KNOWN);
		check("gre every 28 s", &gre, REASON_KNOWN);
	}
	at_second(1240);
	check("echo after a long silence", &echo, REASON_NONE);
	at_second(1000);
}

TEST(cache_outlives_the_entry_by_a_second)
{
	struct pkt ack = tcp("10.0.0.8", 1000, "192.0.2.1", 80, TCP_ACK);
	struct pkt udp = packet(IPPROTO_UDP, "10.0.0.8", 1001, "192.0.2.1", 53);

	run("conntrack -I -p tcp -s 10.0.0.8 -d 192.0.2.1 --sport 1000 --dport 80 "
		  "--state ESTABLISHED -t 100 2>/dev/null >/dev/null");
	run("conntrack -I -p udp -s 10.0.0.8 -d 192.0.2.1 --sport 1001 --dport 53 -t 100 "
		  "2>/dev/null >/dev/null");
	set_run(&(struct run){ .conntrack = CONNTRACK_SETTINGS_KNOWN });
	set_knobs(0, REASON_WINDOW);
	check("found", &ack, REASON_KNOWN);
	check("found udp", &udp, REASON_KNOWN);
	run("conntrack -D -s 10.0.0.8 2>/dev/null >/dev/null");
	check("cached", &ack, REASON_KNOWN);
	check("cached udp", &udp, REASON_KNOWN);
	at_second(1002);
	check("gone", &ack, REASON_STRAY);
	check("gone udp", &udp, REASON_NONE);
	at_second(1000);
	set_knobs(0, 0);
	set_run(&(struct run){});
}

/* An admitted flow is looked up all the same, or nobody who is gone in a second was ever there. */
TEST(who_was_admitted_gives_proof)
{
	struct pkt udp = packet(IPPROTO_UDP, "10.0.0.7", 1001, "192.0.2.1", 53);

	admit(true);
	check("opens", &udp, REASON_NONE);
	admit(false);
	CHECK_EQ(xdp->bss->proof_given, 0);
	run("conntrack -I -p udp -s 10.0.0.7 -d 192.0.2.1 --sport 1001 --dport 53 "
		  "-u SEEN_REPLY,ASSURED -t 100 2>/dev/null >/dev/null");
	check("goes on", &udp, REASON_KNOWN);
	CHECK(xdp->bss->proof_given && skb->bss->proof_given);
	check("goes on, cached", &udp, REASON_KNOWN);
	CHECK_EQ(xdp->bss->proof_given, 0);
}

TEST(icmp_error_is_related_or_stray)
{
	/* what a router beyond the gateway saw leave: source translated */
	struct pkt left = tcp("198.51.100.1", 2000, "192.0.2.1", 80, TCP_ACK);
	struct pkt came = tcp("192.0.2.1", 80, "10.0.0.2", 1000, TCP_ACK);
	struct pkt other = tcp("198.51.100.1", 2009, "192.0.2.1", 80, TCP_ACK);
	struct pkt echo = icmp("198.51.100.1", "192.0.2.1", 8);
	struct pkt six = tcp("2001:db8::2", 1000, "2001:db8:1::1", 80, TCP_ACK);

	ROW("about what left", icmp_error("203.0.113.9", &left, 3), REASON_RELATED);
	ROW("about what came", icmp_error("10.0.0.2", &came, 3), REASON_RELATED);
	ROW("about nothing", icmp_error("203.0.113.9", &other, 3), REASON_STRAY);
	ROW("about an echo: can't be asked", icmp_error("203.0.113.9", &echo, 11), REASON_UNJUDGED);
	ROW("about what left, to another", ({ struct pkt error = icmp_error("203.0.113.9", &left, 3);
					      error.daddr[0] ^= htonl(1); error; }), REASON_STRAY);
	ROW("ipv6 too big", icmp_error("2001:db8:9::9", &six, 2), REASON_RELATED);
}

TEST(no_look_up_no_stray)
{
	unload();
	if (load(0)) {	/* no feature at all */
		CHECK(!"does not load without the look-up");
		return;
	}
	ROW("ack", tcp("192.0.2.1", 81, "198.51.100.1", 2000, TCP_ACK), REASON_UNJUDGED);
	ROW("rst", tcp("192.0.2.1", 81, "198.51.100.1", 2000, TCP_RST), REASON_UNJUDGED);
	ROW("syn", tcp("10.0.0.3", 1000, "192.0.2.1", 80, TCP_SYN), REASON_NONE);
}

int main(void)
{
	int failed;

	if (geteuid() || unshare(CLONE_NEWNET)) {
		puts("skip track: needs root");
		return 0;
	}
	if (!entries_made() || load(FEATURE_CT_XDP | FEATURE_CT_SKB)) {
		puts("not ok track: can't set up");
		return 1;
	}
	failed = test_main();
	unload();
	return failed;
}
