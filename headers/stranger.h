/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of abi.h that is about challenges: who has proved that he is there, and who has to. */
#ifndef WEIR_STRANGER_H
#define WEIR_STRANGER_H

/*
 * map "strangers": who has proved that he is there, and whose first SYN waits for its
 * retransmission. A source has one line, so a stranger costs one. bpf/proven.h and
 * bpf/retransmit.h have the rules. 0: free.
 */
#define STRANGER_SHARE	2	/* it has a line for so many of map "source" */
#define PROVEN_WAYS	4
#define PENDING_WAYS	11
struct challenge_line {
	__u32	proven[PROVEN_WAYS];
	__u32	pending[PENDING_WAYS];
	__u16	next;			/* way of pending that is written next */
	__u16	touched;		/* always 0: is written to have the line fetched */
};
ABI_SIZE(struct challenge_line, 64);

enum challenge_way {
	CHALLENGE_OFF = 0, CHALLENGE_RETRANSMIT = 1, CHALLENGE_COOKIE = 2,
};

/*
 * map "engaged": are strangers challenged? Slot 0 is for SYNs to everywhere, the others for those to
 * a prefix that has a rate of its own. The datapath writes times when they change, and on the hold;
 * what the slot stands for is there for readers who can't read the policy. All 0: a free slot.
 */
#define ENGAGE_MAX	256
struct engage {
	__u64	until_ns;		/* engaged by the rate of unproven SYNs until then */
	__u64	since_ns;		/* when that began */
	__u64	times;			/* how often it began */
	__u64	count;			/* of SYNs in per_ns: the rate; 0: none */
	__u64	per_ns;
	__u8	addr[16];		/* the prefix of destinations */
	__u8	family;			/* 4 or 6; 0: everywhere */
	__u8	length;
	__u8	reserved[6];
};
ABI_SIZE(struct engage, 64);

/* map "challenge_use", one value per CPU */
struct challenge_use {
	__u64	retransmitted;		/* proved themselves by a retransmission */
	__u64	answered;		/* proved themselves by the answer to a cookie */
	__u64	sent;			/* cookies */
	__u64	reserved;
};
ABI_SIZE(struct challenge_use, 32);

#endif
