// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes through parse() and sane(): nothing outside of the buffer is read, and what comes out
 * keeps the promises of pkt.h and reason.h. The first two bytes choose the kind of device and how
 * much of the frame is linear.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>
#include "bpf/parse.h"
#include "bpf/parse_plain.h"
#include "bpf/sane.h"

#define PROMISE(condition) do { if (!(condition)) __builtin_trap(); } while (0)

static void check_flags(const struct pkt *pkt)
{
	__u16 flags = pkt->flags;

	if (flags & PKT_NOT_IP)
		PROMISE(!pkt->family && flags == PKT_NOT_IP);
	if (!pkt->family)
		PROMISE(flags & (PKT_NOT_IP | PKT_TRUNCATED | PKT_TOO_DEEP));
	if (flags & PKT_FRAGMENT_LATER) {
		PROMISE(!(flags & (PKT_HAS_L4 | PKT_FRAGMENT_FIRST | PKT_INNER)));
		PROMISE(pkt->fragment_offset && !pkt->l4_offset);
	}
	if (!(flags & PKT_HAS_L4))
		PROMISE(!pkt->sport && !pkt->dport && !pkt->tcp_flags && !pkt->icmp_type);
	if (flags & PKT_INNER)
		PROMISE(flags & PKT_ICMP_ERROR);
	if (flags & (PKT_ICMP_ERROR | PKT_BAD_L4_HEADER | PKT_TCP_OPTIONS))
		PROMISE(flags & PKT_HAS_L4);
	if (!(flags & PKT_INNER) && !(flags & PKT_ICMP_ERROR))
		PROMISE(!pkt->inner_saddr[0] && !pkt->inner_sport && !pkt->inner_dport);
}

static void check_fields(const struct pkt *pkt)
{
	PROMISE(pkt->family == 0 || pkt->family == 4 || pkt->family == 6);
	PROMISE(pkt->vlan_tags <= PARSE_VLAN_TAGS);
	PROMISE(pkt->payload <= pkt->bytes);
	if (pkt->flags & PKT_HAS_L4)
		PROMISE(pkt->l4_offset >= pkt->l3_offset + (pkt->family == 4 ? 20 : 40));
	if (pkt->family == 4)
		PROMISE(!pkt->saddr[1] && !pkt->saddr[2] && !pkt->saddr[3] && !pkt->daddr[3]);
}

static void check_reason(const struct pkt *pkt, enum reason reason)
{
	PROMISE(reason < REASON_COUNT);
	if (reason == REASON_FRAGMENT)
		PROMISE(pkt->flags & PKT_FRAGMENT_LATER);
	if (reason != REASON_NONE)
		return;
	PROMISE(pkt->family && pkt->flags & PKT_HAS_L4);
	PROMISE(!(pkt->flags & (PKT_TRUNCATED | PKT_BAD_IP_HEADER | PKT_BAD_IP_CHECKSUM |
				PKT_BAD_L4_HEADER | PKT_TOO_DEEP | PKT_FRAGMENT_LATER)));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct pkt pkt, again;
	struct plain plain;
	uint8_t *buffer, *data;
	size_t linear, shift;

	if (size < 2 || size > 0xffff)
		return 0;
	size -= 2;
	linear = input[1] < 200 || !size ? size : input[1] % size;
	/* headers stand at multiples of 4 behind an Ethernet header: NET_IP_ALIGN does it for them */
	shift = input[0] & 1 ? 0 : 2;
	buffer = malloc(linear + shift);
	if (!buffer)
		return 0;
	data = buffer + shift;
	memcpy(data, input + 2, linear);
	memset(&pkt, 0x5a, sizeof(pkt));
	parse(data, data + linear, size, input[0] & 1, &pkt);
	check_flags(&pkt);
	check_fields(&pkt);
	check_reason(&pkt, sane(&pkt));
	memset(&again, 0xa5, sizeof(again));
	parse(data, data + linear, size, input[0] & 1, &again);
	PROMISE(!memcmp(&pkt, &again, sizeof(pkt)));
	memset(&again, 0xa5, sizeof(again));
	if (!(input[0] & 1) && plain_look(data, data + linear, size, &plain)) {
		PROMISE(plain_fill(data, data + linear, size, &again));
		PROMISE(!memcmp(&pkt, &again, sizeof(pkt)));
	}
	free(buffer);
	return 0;
}
