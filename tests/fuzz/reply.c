// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any SYN, whole or bent, answered: nothing outside of the frame is written, it gets no longer, and
 * what comes out is the answer, read by parse() again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "tests/frame.h"	/* before the kernel's headers: it brings those of the C library */
#include "bpf/parse.h"
#include "bpf/reply.h"
#include "bpf/sane.h"

#define PROMISE(condition) do { if (!(condition)) __builtin_trap(); } while (0)

static __u16 folded(__u32 sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* RFC 1071, word by word */
static __u32 summed(__u32 sum, const __u8 *at, __u32 size)
{
	for (__u32 i = 0; i < size; i += 2)
		sum += at[i] << 8 | at[i + 1];
	return sum;
}

static void check(const __u8 *frame, __u32 size, const struct pkt *syn, const struct cookie *cookie)
{
	__u32 sum = 20 + IPPROTO_TCP;
	struct pkt pkt;

	PROMISE(size <= syn->bytes);
	parse(frame, frame + size, size, false, &pkt);
	PROMISE(pkt.flags == PKT_HAS_L4 && pkt.l4_proto == IPPROTO_TCP);
	PROMISE(pkt.tcp_flags == (TCP_SYN | TCP_ACK) && !pkt.payload);
	PROMISE(pkt.tcp_seq == cookie->seq && pkt.tcp_ack == cookie->ack);
	PROMISE(!memcmp(pkt.saddr, syn->daddr, 16) && !memcmp(pkt.daddr, syn->saddr, 16));
	PROMISE(pkt.sport == syn->dport && pkt.dport == syn->sport);
	PROMISE(pkt.family == syn->family && pkt.vlan_tags == syn->vlan_tags);
	sum = summed(summed(sum, (__u8 *)pkt.saddr, 16), (__u8 *)pkt.daddr, 16);
	PROMISE(folded(summed(sum, frame + pkt.l4_offset, 20)) == 0xffff);
}

/* A SYN with the headers that the bytes of `shape` choose. */
static void make_syn(struct craft *c, const uint8_t *shape)
{
	static const unsigned int tags[] = { 0, 0, 1, 2 };
	unsigned int vlans = tags[shape[0] & 3], six = shape[0] & 4, pppoe = shape[0] & 8;
	unsigned int proto = pppoe ? ETH_P_PPP_SES : six ? ETH_P_IPV6 : ETH_P_IP;
	uint8_t *tcp;

	craft_eth(c, vlans ? ETH_P_8021Q : proto);
	for (unsigned int i = 0; i < vlans; i++)
		craft_vlan(c, shape[1], i + 1 < vlans ? ETH_P_8021Q : proto);
	if (pppoe)
		craft_pppoe(c, six ? 0x57 : 0x21);
	if (six)
		craft_ip6(c, "2001:db8::1", "2001:db8:1::2", IPPROTO_TCP);
	else
		craft_ip4_options(c, "192.0.2.1", "198.51.100.2", IPPROTO_TCP,
				  shape[0] & 16 ? (shape[2] & 7) * 4 : 0);
	memcpy(c->byte + c->ip[0].at + (six ? 8 : 12), shape + 3, 8);
	tcp = craft_tcp_options(c, shape[11] << 8 | shape[12], shape[13], TCP_SYN, (shape[14] % 11) * 4);
	memcpy(tcp + 4, shape + 15, 4);
	craft_payload(c, shape[19]);
	craft_finish(c);
	if (shape[0] & 32)
		craft_add(c, shape[20]);	/* padding */
	if (shape[0] & 64)
		c->byte[shape[21] % c->size] ^= shape[22];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct craft c = {};
	struct cookie cookie;
	__u32 linear, bytes;
	struct pkt syn;
	__u8 *memory, *frame;

	if (size < 33)
		return 0;
	make_syn(&c, data);
	memcpy(&cookie, data + 24, sizeof(cookie));
	linear = data[23] < 128 ? c.size : data[32] % c.size;
	/* to the byte, so that the sanitizer sees what is beyond; headers aligned as drivers do it */
	memory = malloc(linear + 2);
	frame = memory + 2;
	memcpy(frame, c.byte, linear);
	parse(frame, frame + linear, c.size, false, &syn);
	if (!sane(&syn) && syn.l4_proto == IPPROTO_TCP &&
	    (syn.tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN) {
		bytes = reply_write(frame, frame + linear, &syn, &cookie);
		PROMISE(bytes || !reply_fits(&syn));
		if (bytes && bytes <= linear)
			check(frame, bytes, &syn, &cookie);
	}
	free(memory);
	return 0;
}
