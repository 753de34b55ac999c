/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel knows of its network devices that a policy depends on, by rtnetlink. */
#ifndef WEIR_DEVICE_H
#define WEIR_DEVICE_H

#include "abi.h"
#include "value.h"

/*
 * The gateway's own addresses, and the broadcast addresses of its networks; the caller frees *own.
 * Without loopback and link-local ones. 0, or -errno.
 */
int device_addresses(struct prefix **own, size_t *count);

struct link {
	__u32	index, master, lower;	/* 0: none, or in another network namespace */
	bool	ppp, vlan;
	char	name[16];
};
struct links {
	struct link	*at;		/* owned */
	size_t		count;
	bool		failed;		/* these are not all */
};

/* The devices of this network namespace; the caller frees links->at. */
void links_read(struct links *links);

/*
 * The devices that routes may name for packets which arrive on this one: what it is a port of
 * (bridge, bond, VRF), what is made on top of it (VLAN, macvlan), and every PPP session, since a
 * session does not tell its port. Fills dev->behind, and DEV_BEHIND_MORE if there are too many or
 * the kernel does not say.
 */
void device_behind(struct dev *dev);

#endif
