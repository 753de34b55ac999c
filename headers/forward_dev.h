/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between which devices XDP forwards by itself. A part of abi.h, which includes it. */
#ifndef WEIR_FORWARD_DEV_H
#define WEIR_FORWARD_DEV_H

/*
 * map "forward": an array, in which the place of a device is its ifindex modulo FORWARD_PLACES; of two
 * that share one, one is in it. What comes in by a device that is not in it, or has to leave by one,
 * goes to the kernel. user/forward.h has the rules.
 */
enum forward_flag {
	FORWARD_FROM	= 1 << 0,	/* what it receives for mac may leave by another one */
	FORWARD_TO	= 1 << 1,	/* it sends what XDP redirects to it */
};
#define FORWARD_PLACES	256
struct forward_dev {
	__u32	ifindex;	/* 0: the place is free */
	__u8	mac[6];		/* its Ethernet address */
	__u8	flags;		/* enum forward_flag */
	__u8	spare;
};
ABI_SIZE(struct forward_dev, 12);

#endif
