/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * First SYNs that wait for their retransmission.
 *
 * A stack that gets no answer sends the same SYN again, with the same ports and sequence number
 * (RFC 9293 3.8.1); a flood of spoofed SYNs does not, as long as it makes each one afresh. A SYN
 * is remembered as 22 bits of a keyed hash of addresses, ports and sequence number, and the time,
 * in the line of its source. A line is a ring: what came first is forgotten first, so memory is
 * fixed, and a SYN survives the wait unless PENDING_WAYS others met its line meanwhile. With n
 * SYNs in a second on m lines their number is Poisson distributed with the mean n / m a second.
 *
 * A spoofed SYN is taken for the retransmission of another one with a chance of at most
 * PENDING_WAYS / 2^22, three in a million.
 */
#ifndef WEIR_RETRANSMIT_H
#define WEIR_RETRANSMIT_H

#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include "abi.h"
#include "hash.h"
#include "mask.h"
#include "pkt.h"

#define PENDING_TICK_SHIFT	24	/* 17 ms */
#define PENDING_TICK_BITS	10	/* goes round in 17.2 s */
#define PENDING_TICK_MASK	((1U << PENDING_TICK_BITS) - 1)
#define PENDING_TICKS(ms)	((__u32)((ms) * 1000000ULL >> PENDING_TICK_SHIFT))

/*
 * When a retransmission counts, after the first SYN. Stacks wait a second before the first one (RFC
 * 6298 2; Linux: TCP_TIMEOUT_INIT) or three (RFC 1122 4.2.3.1), then at intervals that grow: 1, 2, 3
 * ... (Linux since 6.5: tcp_syn_linear_timeouts) or 1, 3, 7, 15 seconds after the first. The
 * network may delay the first SYN more than the second, so the least is below a second; one that
 * comes earlier, as a copy made by the network or by a flood that goes through a short list, is
 * dropped and changes nothing. The most lets a client in that lost two retransmissions.
 */
#define RETRANSMIT_MIN	PENDING_TICKS(700)
#define RETRANSMIT_MAX	PENDING_TICKS(16500)

/* The mark of a SYN: not 0, the time is 0. */
static __always_inline __u32 pending_mark(const struct pkt *pkt, const volatile __u64 key[4])
{
	__u64 ports = (__u64)pkt->sport << 16 | pkt->dport;
	__u64 hash = hash_pair((__u64)pkt->saddr[0] << 32 | pkt->daddr[0],
			       ports << 32 | pkt->tcp_seq, key);

	if (pkt->family == 6) {
		hash = hash_pair((__u64)pkt->saddr[1] << 32 | pkt->daddr[1], hash, key);
		hash = hash_pair((__u64)pkt->saddr[2] << 32 | pkt->daddr[2], hash, key);
		hash = hash_pair((__u64)pkt->saddr[3] << 32 | pkt->daddr[3], hash, key);
	}
	hash = hash >> 32 & ~PENDING_TICK_MASK;
	return hash | (bit_any(hash) ^ 1) << PENDING_TICK_BITS;
}

/* Does the SYN of this mark come again, in time? Else it waits from now on. */
static __always_inline bool retransmit_came(struct challenge_line *line, __u32 mark, __u64 now_ns)
{
	__u32 tick = (__u32)(now_ns >> PENDING_TICK_SHIFT) & PENDING_TICK_MASK, age, next;

#pragma unroll
	for (__u32 i = 0; i < PENDING_WAYS; i++) {
		__u32 word = *(volatile __u32 *)&line->pending[i];

		if ((word ^ mark) >> PENDING_TICK_BITS)
			continue;
		age = (tick - word) & PENDING_TICK_MASK;
		if (age < RETRANSMIT_MIN)
			return false;
		/* it counts once: who plays it a third time waits again */
		line->pending[i] = age <= RETRANSMIT_MAX ? 0 : mark | tick;
		return age <= RETRANSMIT_MAX;
	}
	next = *(volatile __u16 *)&line->next;
	if (next >= PENDING_WAYS)
		next = 0;
	line->pending[next] = mark | tick;
	line->next = next + 1;
	return false;
}

#endif
