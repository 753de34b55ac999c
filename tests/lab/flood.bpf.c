// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes one packet of a flood for each run. Live frames of BPF_PROG_RUN come from recycled pages
 * that hold whatever the receiver left in them, so all headers are written anew each time.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "flood.h"

#define ETHERNET_BYTES	14
#define IPV4_BYTES	20
#define IPV6_BYTES	40
#define TCP_BYTES	20
#define UDP_BYTES	8
#define PROTO_ICMP	1
#define PROTO_TCP	6
#define PROTO_UDP	17
#define PROTO_ICMPV6	58

const volatile struct flood_plan plan;
__u64 next_burst_ns;			/* CLOCK_MONOTONIC */
__u32 burst_left;
__u64 total;				/* packets sent */
__u64 drawn;				/* random numbers drawn so far: the generator's whole state */
__u64 sent[FLOOD_KIND_COUNT];

char LICENSE[] SEC("license") = "GPL";

struct address {
	__u32	word[4];
};

struct transport {
	__u16	half[TCP_BYTES / 2];	/* host order; the bytes after a shorter header are payload */
	__u16	bytes;			/* with payload */
	__u8	proto;
	__u8	checksum_at;		/* index into half[] */
};

/* splitmix64 (Steele, Lea, Flood 2014): the same seed makes the same flood */
static __always_inline __u64 draw(void)
{
	__u64 z = plan.seed + ++drawn * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* 0 .. count - 1 */
static __always_inline __u32 below(__u32 count)
{
	return (draw() >> 32) * count >> 32;
}

static __always_inline __u16 between(const volatile __u16 range[2])
{
	return range[0] + below(range[1] - range[0] + 1);
}

static __always_inline struct address in_prefix(const volatile struct flood_prefix *prefix)
{
	__u64 low = draw(), high = plan.ipv6 ? draw() : 0;
	struct address a = { {
		prefix->word[0] | ((__u32)low & prefix->random[0]),
		prefix->word[1] | ((low >> 32) & prefix->random[1]),
		prefix->word[2] | ((__u32)high & prefix->random[2]),
		prefix->word[3] | ((high >> 32) & prefix->random[3]),
	} };

	return a;
}

/* Whole /8 blocks that hold a reserved prefix (RFC 6890) are left out, to be simple and sure. */
static __always_inline bool public_octet(__u32 octet)
{
	return octet && octet != 10 && octet != 100 && octet != 127 && octet != 169 &&
	       octet != 172 && octet != 192 && octet != 198 && octet != 203 && octet < 224;
}

static __always_inline struct address public_address(void)
{
	struct address a = {};

	if (plan.ipv6) {		/* 2a00::/12, RIPE's: nothing reserved in it */
		__u64 low = draw(), high = draw();

		a.word[0] = 0x2a000000 | ((__u32)low >> 12);
		a.word[1] = low >> 32;
		a.word[2] = high;
		a.word[3] = high >> 32;
		return a;
	}
	a.word[0] = draw();
	for (int i = 0; i < 4 && !public_octet(a.word[0] >> 24); i++)
		a.word[0] = draw();
	if (!public_octet(a.word[0] >> 24))
		a.word[0] = (a.word[0] & 0xffffff) | 5 << 24;
	return a;
}

static __always_inline void fill_tcp(struct transport *t, __u8 flags, bool acknowledges)
{
	__u64 numbers = draw();

	t->proto = PROTO_TCP;
	t->bytes = TCP_BYTES;
	t->checksum_at = 8;
	t->half[0] = between(plan.sport);
	t->half[1] = between(plan.dport);
	t->half[2] = numbers;
	t->half[3] = numbers >> 16;
	t->half[4] = acknowledges ? numbers >> 32 : 0;
	t->half[5] = acknowledges ? numbers >> 48 : 0;
	t->half[6] = 5 << 12 | flags;
	t->half[7] = 64240;
}

static __always_inline void fill_transport(struct transport *t, enum flood_kind kind)
{
	switch (kind) {
	case FLOOD_SYN:
		return fill_tcp(t, 0x02, false);
	case FLOOD_SYNACK:
		return fill_tcp(t, 0x12, true);
	case FLOOD_ACK:
		return fill_tcp(t, 0x10, true);
	case FLOOD_RST:
		return fill_tcp(t, 0x04, false);
	case FLOOD_FIN:
		return fill_tcp(t, 0x11, true);
	case FLOOD_ICMP:		/* echo request */
		t->proto = plan.ipv6 ? PROTO_ICMPV6 : PROTO_ICMP;
		t->bytes = UDP_BYTES + plan.payload;
		t->checksum_at = 1;
		t->half[0] = plan.ipv6 ? 128 << 8 : 8 << 8;
		t->half[2] = draw();
		t->half[3] = 1;
		return;
	default:
		t->proto = PROTO_UDP;
		t->bytes = UDP_BYTES + plan.payload;
		t->checksum_at = 3;
		t->half[0] = between(plan.sport);
		t->half[1] = between(plan.dport);
		t->half[2] = t->bytes;
	}
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

static __always_inline __u32 sum_of(const struct address *a)
{
	__u32 sum = 0;

	for (int i = 0; i < 4; i++)
		sum += (a->word[i] >> 16) + (a->word[i] & 0xffff);
	return sum;
}

/* RFC 1071, with the pseudo header of RFC 9293 or RFC 8200; ICMP of IPv4 has none */
static __always_inline void checksum(struct transport *t, __u32 pseudo)
{
	__u32 sum = t->proto == PROTO_ICMP ? 0 : pseudo + t->proto + t->bytes;

	for (int i = 0; i < TCP_BYTES / 2; i++)
		sum += t->half[i];
	sum = fold(sum);
	if (t->proto == PROTO_UDP && !sum)
		sum = 0xffff;
	if (t->checksum_at == 8)
		t->half[8] = sum;
	else if (t->checksum_at == 3)
		t->half[3] = sum;
	else
		t->half[1] = sum;
}

static __always_inline void put_words(__be32 *to, const struct address *a, int words)
{
	for (int i = 0; i < words; i++)
		to[i] = bpf_htonl(a->word[i]);
}

static __always_inline void put_ethernet(__u8 *to)
{
	for (int i = 0; i < 12; i++)
		to[i] = plan.ethernet[i];
	*(__be16 *)(to + 12) = bpf_htons(plan.ipv6 ? 0x86dd : 0x0800);
}

static __always_inline void put_ipv4(__u8 *to, const struct transport *t, const struct address *s,
				     const struct address *d)
{
	__u16 half[6] = { 4 << 12 | 5 << 8, IPV4_BYTES + t->bytes, draw(), 0x4000, 64 << 8 | t->proto };
	__u32 sum = sum_of(s) + sum_of(d);

	for (int i = 0; i < 5; i++)
		sum += half[i];
	half[5] = fold(sum);
	for (int i = 0; i < 6; i++)
		((__be16 *)to)[i] = bpf_htons(half[i]);
	put_words((__be32 *)(to + 12), s, 1);
	put_words((__be32 *)(to + 16), d, 1);
}

static __always_inline void put_ipv6(__u8 *to, const struct transport *t, const struct address *s,
				     const struct address *d)
{
	*(__be32 *)to = bpf_htonl(6u << 28);
	*(__be16 *)(to + 4) = bpf_htons(t->bytes);
	*(__be16 *)(to + 6) = bpf_htons(t->proto << 8 | 64);
	put_words((__be32 *)(to + 8), s, 4);
	put_words((__be32 *)(to + 24), d, 4);
}

/*
 * The pace is kept here, since a call of BPF_PROG_RUN costs milliseconds (it waits for RCU): a run
 * lasts as long as the flood, and a frame that is not due yet is dropped. Small bursts are what a
 * network card hands to its driver at such rates. What was missed while others had the CPU is made
 * up for two milliseconds at most: no wire would carry more.
 */
static __always_inline bool due(void)
{
	__u64 now;

	if (plan.count && total >= plan.count)
		return false;
	if (!plan.burst_ns)
		return true;
	if (!burst_left) {
		now = bpf_ktime_get_ns();
		if (now < next_burst_ns)
			return false;
		if (now - next_burst_ns > FLOOD_LAG_NS)
			next_burst_ns = now - FLOOD_LAG_NS;
		next_burst_ns += plan.burst_ns;
		burst_left = FLOOD_BURST;
	}
	burst_left--;
	return true;
}

SEC("xdp")
int flood(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 ip_bytes = plan.ipv6 ? IPV6_BYTES : IPV4_BYTES;
	struct address source, destination;
	struct transport t = {};
	enum flood_kind kind;

	if (data + ETHERNET_BYTES + IPV6_BYTES + TCP_BYTES > end || !due())
		return XDP_DROP;
	kind = plan.kind[below(plan.kinds) % FLOOD_LIST];
	if (plan.sources)
		source = in_prefix(&plan.source[below(plan.sources) % FLOOD_LIST]);
	else
		source = public_address();
	destination = in_prefix(&plan.destination[below(plan.destinations) % FLOOD_LIST]);
	fill_transport(&t, kind);
	checksum(&t, sum_of(&source) + sum_of(&destination));

	put_ethernet(data);
	if (plan.ipv6)
		put_ipv6(data + ETHERNET_BYTES, &t, &source, &destination);
	else
		put_ipv4(data + ETHERNET_BYTES, &t, &source, &destination);
	data += ETHERNET_BYTES + ip_bytes;
	for (int i = 0; i < TCP_BYTES / 2; i++)
		((__be16 *)data)[i] = bpf_htons(t.half[i]);
	if (kind < FLOOD_KIND_COUNT)
		sent[kind]++;
	total++;
	return XDP_TX;
}
