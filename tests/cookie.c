// SPDX-License-Identifier: GPL-2.0-only
/*
 * `challenge { syn cookie }` in the whole program: the bytes that go back, and what counts as an
 * answer to them. The frame that comes out is read by parse(), and its sums are made again here.
 */
#include <linux/pkt_cls.h>
#include <sched.h>
#include <unistd.h>
#include "attach.h"
#include "frame.h"
#include "gateway.h"
#include "prefixes.h"
#include "test.h"
#include "bpf/cookie.h"
#include "bpf/parse.h"
#include "tc.skel.h"
#include "xdp.skel.h"

#define POLICY	"mode enforce; challenge { syn cookie }"
#define MS	1000000ULL
#define BEGIN	(1000000 * MS)
#define CLIENT4	"41.1.2.3"
#define CLIENT6	"2001:470:1:2::5"
#define SERVER4	"25.0.0.1"
#define SERVER6	"2a00:25::1"
#define ISS	0x01020304	/* as craft_tcp() has it */

static const struct gateway_kind kind = { "xdp", "weir_xdp", XDP_PASS, XDP_DROP, xdp__elf_bytes };
static const struct gateway_kind tc = { "tc", "weir_tc", TC_ACT_UNSPEC, TC_ACT_SHOT, tc__elf_bytes };
static struct gateway gateway;
static struct gateway_answer answer;
static __u64 seed = 20261121;

static void at_ms(__u64 ms)
{
	gateway_at(&gateway, BEGIN + ms * MS);
}

/* Strangers are challenged from now on: the table is under pressure. */
static void press_to(enum pressure level)
{
	struct pressure_now now = { .beat_ns = gateway_now_ns, .level = level };
	__u32 zero = 0;

	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_PRESSURE), &zero, &now, BPF_ANY));
}

static void press(void)
{
	press_to(PRESSURE_TIGHT);
}

static void fresh_of(const struct gateway_kind *kind, const char *policy)
{
	struct dev dev = { .ifindex = 1, .role = ROLE_OUTSIDE };
	struct fail fail = {};
	__u32 zero = 0;

	if (gateway.object)
		gateway_close(&gateway);
	if (gateway_open(&gateway, kind, attach_probe(), true)) {
		printf("not ok the program does not load\n");
		exit(1);
	}
	CHECK(!bpf_map_update_elem(gateway_map(&gateway, MAP_DEV), &zero, &dev, BPF_ANY));
	at_ms(0);
	press();
	CHECK_SAID(!gateway_policy(&gateway, policy, &fail), "%s", fail.what);
}

static void fresh(const char *policy)
{
	fresh_of(&kind, policy);
}

static enum reason judged(const struct craft *c)
{
	CHECK(gateway_judge(&gateway, c->byte, c->size, &answer));
	return answer.reason;
}

static void tcp4(struct craft *c, unsigned int sport, __u32 seq, __u8 flags)
{
	craft_ip4(c, CLIENT4, SERVER4, IPPROTO_TCP);
	craft_put32(craft_tcp_options(c, sport, 443, flags, 20) + 4, seq);
	craft_finish(c);
}

static struct craft eth4(unsigned int sport, __u32 seq, __u8 flags)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IP);
	tcp4(&c, sport, seq, flags);
	return c;
}

static struct craft eth6(unsigned int sport, __u32 seq, __u8 flags)
{
	struct craft c = {};

	craft_eth(&c, ETH_P_IPV6);
	craft_ip6(&c, CLIENT6, SERVER6, IPPROTO_TCP);
	craft_put32(craft_tcp(&c, sport, 443, flags) + 4, seq);
	craft_finish(&c);
	return c;
}

/* The sum over the pseudo header and the TCP header, which must be all ones. */
static unsigned int tcp_sum(const struct pkt *pkt)
{
	const __u8 *tcp = gateway_out + pkt->l4_offset;
	__u32 sum = 20 + IPPROTO_TCP;

	sum = craft_sum(sum, (const __u8 *)pkt->saddr, 16);
	sum = craft_sum(sum, (const __u8 *)pkt->daddr, 16);
	return craft_sum(sum, tcp, 20);
}

/* Checks all of the answer to a SYN; returns the cookie. */
static __u32 check_answer(const char *what, const struct craft *c)
{
	static struct pkt syn, pkt;
	__u32 end;

	parse(c->byte, c->byte + c->size, c->size, false, &syn);
	CHECK_EQ(judged(c), REASON_CHALLENGED);
	CHECK_SAID(answer.verdict == XDP_TX, "%s: %d", what, answer.verdict);
	parse(gateway_out, gateway_out + gateway_out_size, gateway_out_size, false, &pkt);
	CHECK_SAID(pkt.flags == PKT_HAS_L4, "%s: %#x", what, pkt.flags);
	end = pkt.l4_offset + 20;
	CHECK_SAID(gateway_out_size == (end < 60 ? (c->size < 60 ? c->size : 60) : end),
		   "%s: %u bytes for %u", what, gateway_out_size, c->size);
	CHECK(!memcmp(gateway_out, c->byte + 6, 6) && !memcmp(gateway_out + 6, c->byte, 6));
	CHECK_SAID(!c->pppoe || gateway_out[c->pppoe + 4] * 256 + gateway_out[c->pppoe + 5] ==
		   (int)(end - c->pppoe - 6), "%s", what);
	for (unsigned int i = 12; i < syn.l3_offset; i++)
		CHECK_SAID(gateway_out[i] == c->byte[i] || (c->pppoe && i >= c->pppoe + 4 &&
			   i < c->pppoe + 6), "%s: byte %u", what, i);
	CHECK(!memcmp(pkt.saddr, syn.daddr, 16) && !memcmp(pkt.daddr, syn.saddr, 16));
	CHECK(pkt.sport == syn.dport && pkt.dport == syn.sport && !pkt.payload);
	CHECK_EQ(pkt.tcp_flags, TCP_SYN | TCP_ACK);
	CHECK_EQ(pkt.tcp_window, 65535);
	CHECK_EQ(pkt.ttl, 64);
	/* never what the client waits for, and what a firewall takes for an old acknowledgment */
	CHECK_SAID(syn.tcp_seq - pkt.tcp_ack <= 0xffff, "%s: %#x for %#x", what, pkt.tcp_ack,
		   syn.tcp_seq);
	CHECK_SAID(tcp_sum(&pkt) == 0xffff, "%s: %#x", what, tcp_sum(&pkt));
	return pkt.tcp_ack;
}

TEST(siphash)
{
	/* vectors of the reference implementation: key 00 01 .. 0f, input 00 01 .. */
	struct sip sip = sip_begin(0x0706050403020100, 0x0f0e0d0c0b0a0908);

	sip_word(&sip, 0x0706050403020100);
	CHECK(sip_end(&sip, 1) == 0x93f5f5799a932462);
	sip = sip_begin(0x0706050403020100, 0x0f0e0d0c0b0a0908);
	sip_word(&sip, 0x0706050403020100);
	sip_word(&sip, 0x0f0e0d0c0b0a0908);
	CHECK(sip_end(&sip, 2) == 0x3f2acc7f57c29bdb);
}

TEST(answers_ipv4)
{
	struct craft c = {};

	fresh(POLICY);
	c = eth4(1000, ISS, TCP_SYN);
	check_answer("20 bytes of options", &c);
	c = eth4(1000, 5, TCP_SYN);
	check_answer("around 0", &c);
	c = eth4(1000, ISS, TCP_SYN | TCP_ECE | TCP_CWR);
	check_answer("ECN", &c);
	c = (struct craft){};
	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, CLIENT4, SERVER4, IPPROTO_TCP);
	craft_tcp(&c, 1000, 443, TCP_SYN);
	craft_finish(&c);
	check_answer("no longer than the SYN", &c);
	c = (struct craft){};
	craft_eth(&c, ETH_P_IP);
	craft_ip4(&c, CLIENT4, SERVER4, IPPROTO_TCP);
	craft_tcp_options(&c, 1000, 443, TCP_SYN, 40);
	craft_payload(&c, 1000);
	craft_finish(&c);
	check_answer("with data (TCP fast open)", &c);
}

TEST(answers_ipv6)
{
	struct craft c;

	fresh(POLICY);
	c = eth6(1000, ISS, TCP_SYN);
	check_answer("plain", &c);
}

static void tcp6(struct craft *c)
{
	craft_ip6(c, CLIENT6, SERVER6, IPPROTO_TCP);
	craft_tcp_options(c, 1000, 443, TCP_SYN, 12);
	craft_finish(c);
}

/* What stands in front of the IP header stays as it is, but for the length of PPPoE. */
TEST(answers_in_tags_and_sessions)
{
	static const struct {
		const char	*what;
		__u16		outer[2];	/* types of tags, the outer one first; 0: none */
		bool		pppoe;
	} rows[] = {
		{ "VLAN", { ETH_P_8021Q }, false },
		{ "a provider's tag", { ETH_P_8021AD }, false },
		{ "QinQ", { ETH_P_8021AD, ETH_P_8021Q }, false },
		{ "two plain tags", { ETH_P_8021Q, ETH_P_8021Q }, false },
		{ "PPPoE", {}, true },
		{ "PPPoE in a VLAN", { ETH_P_8021Q }, true },
		{ "PPPoE in QinQ", { ETH_P_8021AD, ETH_P_8021Q }, true },
	};

	fresh(POLICY);
	for (unsigned int i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		const typeof(*rows) *row = &rows[i / 2];
		__u16 inner = row->pppoe ? ETH_P_PPP_SES : i & 1 ? ETH_P_IPV6 : ETH_P_IP;
		struct craft c = {};

		craft_eth(&c, row->outer[0] ? row->outer[0] : inner);
		if (row->outer[0])
			craft_vlan(&c, 7, row->outer[1] ? row->outer[1] : inner);
		if (row->outer[1])
			craft_vlan(&c, 4094, inner);
		if (row->pppoe)
			craft_pppoe(&c, i & 1 ? 0x57 : 0x21);
		if (i & 1)
			tcp6(&c);
		else
			tcp4(&c, 1000, ISS, TCP_SYN);
		check_answer(row->what, &c);
	}
}

/* Is dropped, nothing goes back, and its retransmission is admitted. */
static void check_waits(const char *what, const struct craft *c)
{
	CHECK_SAID(judged(c) == REASON_CHALLENGED && answer.verdict == gateway.kind->drop,
		   "%s: %d, verdict %d", what, answer.reason, answer.verdict);
	CHECK_SAID(gateway_out_size == c->size && !memcmp(gateway_out, c->byte, c->size),
		   "%s was written over", what);
	at_ms(1000);
	press();
	CHECK_SAID(judged(c) == REASON_NEW && answer.verdict == gateway.kind->pass, "%s: %d", what,
		   answer.reason);
}

TEST(the_unanswerable_wait)
{
	struct craft c = {};

	fresh(POLICY);
	craft_eth(&c, ETH_P_IP);
	craft_ip4_options(&c, CLIENT4, SERVER4, IPPROTO_TCP, 8);
	craft_tcp(&c, 1000, 443, TCP_SYN);
	craft_finish(&c);
	check_waits("IP options", &c);

	fresh(POLICY);
	c = eth4(1000, ISS, TCP_SYN);
	craft_ip4_fragment(&c, 0, true);
	craft_seal_ip4(&c, &c.ip[0]);
	check_waits("a first fragment", &c);

	fresh(POLICY);
	c = (struct craft){};
	craft_eth(&c, ETH_P_IPV6);
	craft_ip6(&c, CLIENT6, SERVER6, 60);
	craft_extension(&c, IPPROTO_TCP, 8);
	craft_tcp(&c, 1000, 443, TCP_SYN);
	craft_finish(&c);
	check_waits("destination options", &c);

	fresh(POLICY);
	c = (struct craft){};
	craft_eth(&c, ETH_P_IPV6);
	craft_ip6(&c, CLIENT6, SERVER6, 44);
	craft_ip6_fragment(&c, IPPROTO_TCP, 0, true);
	craft_tcp_options(&c, 1000, 443, TCP_SYN, 20);
	craft_finish(&c);
	check_waits("a first fragment of IPv6", &c);
}

TEST(at_tc_they_wait)
{
	struct craft c;

	fresh_of(&tc, POLICY);
	c = eth4(1000, ISS, TCP_SYN);
	check_waits("IPv4 at tc", &c);
	fresh_of(&tc, POLICY);
	c = eth6(1000, ISS, TCP_SYN);
	check_waits("IPv6 at tc", &c);
}

TEST(later_fragments_are_no_syns)
{
	struct craft c = eth4(1000, ISS, TCP_SYN);

	fresh(POLICY);
	craft_ip4_fragment(&c, 64, false);
	craft_seal_ip4(&c, &c.ip[0]);
	CHECK(judged(&c) != REASON_CHALLENGED);
	CHECK_EQ(answer.verdict, XDP_PASS);
}

static void check_round(struct craft (*frame)(unsigned int, __u32, __u8))
{
	struct craft syn, rst;
	__u32 cookie;

	fresh(POLICY);
	syn = frame(1000, ISS, TCP_SYN);
	cookie = check_answer("round", &syn);
	at_ms(1000);
	check_answer("a retransmission alone proves nothing", &syn);
	rst = frame(1000, cookie + 1, TCP_RST);
	CHECK_EQ(judged(&rst), REASON_STRAY);
	rst = frame(1001, cookie, TCP_RST);
	CHECK_EQ(judged(&rst), REASON_STRAY);
	CHECK_EQ(judged(&syn), REASON_CHALLENGED);
	rst = frame(1000, cookie, TCP_RST);
	CHECK_EQ(judged(&rst), REASON_ANSWERED);
	CHECK_EQ(answer.verdict, XDP_DROP);
	CHECK_EQ(judged(&syn), REASON_NEW);
	syn = frame(2000, ISS, TCP_SYN);
	CHECK_EQ(judged(&syn), REASON_NEW);	/* the source is proven */
}

TEST(the_rst_proves_the_source)
{
	check_round(eth4);
	check_round(eth6);
}

TEST(some_stacks_acknowledge_in_the_rst)
{
	struct craft syn = eth4(1000, ISS, TCP_SYN), rst;

	fresh(POLICY);
	rst = eth4(1000, check_answer("syn", &syn), TCP_RST | TCP_ACK);
	CHECK_EQ(judged(&rst), REASON_ANSWERED);
}

TEST(cookies_and_their_proof_end)
{
	struct craft syn = eth4(1000, ISS, TCP_SYN), rst;
	__u32 cookie;

	fresh(POLICY);
	cookie = check_answer("syn", &syn);
	rst = eth4(1000, cookie, TCP_RST);
	at_ms(8000);
	CHECK_EQ(judged(&rst), REASON_ANSWERED);	/* at least one period */
	at_ms(17500);
	CHECK_EQ(judged(&rst), REASON_STRAY);		/* no longer than two */
	at_ms(8000 + 12000);
	press();
	syn = eth4(1002, ISS, TCP_SYN);
	CHECK_EQ(judged(&syn), REASON_NEW);
	at_ms(8000 + 18000);
	press();
	syn = eth4(1003, ISS, TCP_SYN);
	CHECK(check_answer("asked again", &syn) != cookie);
}

/* The SYN-ACK was under way when the flood ended: its answer is none the less one. */
TEST(an_answer_counts_when_nobody_is_asked_any_more)
{
	struct craft syn = eth4(1000, ISS, TCP_SYN), rst;
	__u32 cookie;

	fresh(POLICY);
	cookie = check_answer("syn", &syn);
	press_to(PRESSURE_CALM);
	rst = eth4(1000, cookie, TCP_RST);
	CHECK_EQ(judged(&rst), REASON_ANSWERED);
	CHECK_EQ(answer.verdict, XDP_DROP);
	rst = eth4(1000, cookie + 1, TCP_RST);
	CHECK_EQ(judged(&rst), REASON_STRAY);
	press();
	CHECK_EQ(judged(&syn), REASON_NEW);	/* proven, so it stays in when that begins again */
}

/* With the other way no RST is an answer, also not the one of a policy before. */
TEST(answers_are_of_this_way_alone)
{
	struct craft syn = eth4(1000, ISS, TCP_SYN), rst;
	struct fail fail = {};
	__u32 cookie;

	fresh(POLICY);
	cookie = check_answer("syn", &syn);
	CHECK(!gateway_policy(&gateway, "mode enforce; challenge { syn retransmit }", &fail));
	rst = eth4(1000, cookie, TCP_RST);
	CHECK_EQ(judged(&rst), REASON_STRAY);
}

TEST(monitor_sends_nothing)
{
	struct craft syn = eth4(1000, ISS, TCP_SYN);

	fresh("mode monitor; challenge { syn cookie }");
	CHECK_EQ(judged(&syn), REASON_CHALLENGED);
	CHECK(answer.would);
	CHECK_EQ(answer.verdict, XDP_PASS);
	CHECK(gateway_out_size == syn.size && !memcmp(gateway_out, syn.byte, syn.size));
}

TEST(a_guess_is_right_once_in_many)
{
	unsigned int right = 0;
	struct craft rst = eth4(1000, 0, TCP_RST);

	fresh(POLICY);
	for (__u32 i = 0; i < 300000; i++) {
		craft_put32(rst.byte + 34 + 4, random_next(&seed) >> 32);
		craft_put32(rst.byte + 26, 0x28000000 + random_below(&seed, 0x10000000));
		craft_seal_ip4(&rst, &rst.ip[0]);
		gateway_send(&gateway, rst.byte, rst.size);
	}
	{
		struct counter sum[2 * REASON_COUNT];

		gateway_count(&gateway, sum);
		right = sum[REASON_ANSWERED].packets;
	}
	printf("# %u of 300000 guessed cookies are right; computed: %u\n", right, 300000 >> 15);
	CHECK(right >= 1 && right <= 30);	/* 9.2 expected; either end is 1 in 10^4 at most */
}

int main(void)
{
	if (geteuid() || unshare(CLONE_NEWNET)) {
		printf("skip cookie: needs root\n");
		return 0;
	}
	return test_main();
}
