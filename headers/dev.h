/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The devices of an instance. A part of abi.h, which includes it. */
#ifndef WEIR_DEV_H
#define WEIR_DEV_H

#define DEV_MAX		64	/* devices an instance can be attached to */

enum role {
	ROLE_OUTSIDE	= 0,	/* faces the strangers; the default, since it is the careful one */
	ROLE_INSIDE	= 1,	/* faces the hosts behind the gateway */
	ROLE_COUNT	= 2,
};

enum driver {
	DRIVER_AUTO = 0, DRIVER_NATIVE = 1, DRIVER_GENERIC = 2, DRIVER_TC = 3,
	DRIVER_CHAIN = 4,	/* native, beside others behind libxdp's dispatcher */
	DRIVERS = 5,
};

enum urpf {
	URPF_OFF = 0, URPF_LOOSE = 1, URPF_STRICT = 2,
};

enum dev_flag {
	DEV_SOURCES	= 1 << 0,	/* its statement lists what may be a source there */
	DEV_BEHIND_MORE	= 1 << 1,	/* more devices stand behind it than behind[] holds */
	DEV_NO_METADATA	= 1 << 2,	/* from XDP to tc: the driver carries none, or others write there */
};

/* map "dev": what an attached program knows of its device; index: the slot in its rodata */
#define DEV_BEHIND	7
struct dev {
	__u32	ifindex;	/* 0: the slot is free */
	__u8	role;		/* enum role */
	__u8	driver;		/* enum driver, what was really used */
	__u8	urpf;		/* enum urpf */
	__u8	l3;		/* 1: no Ethernet header (tun, ppp, wireguard) */
	char	name[16];	/* the name at attach time, NUL-terminated; foreign bytes, escape them */
	__u64	attached_ns;
	__u16	flags;		/* enum dev_flag */
	__u8	turn;		/* DRIVER_CHAIN: which of its programs judges, see bpf/turn.h */
	__u8	priority;	/* DRIVER_CHAIN: lower ones run first */
	__u32	behind[DEV_BEHIND];	/* what routes may name instead of it: its bridge, VLANs,
					 * PPP sessions, other next hops of its routes; 0: no more */
};
ABI_SIZE(struct dev, 64);

#define TURN_SWAP	1	/* in dev.turn: the program before may still be there */

#endif
