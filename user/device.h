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

/* The device that has the address; 0: none. */
__u32 device_of(const struct prefix *address);

struct link {
	__u32	index, master, lower;	/* 0: none, or in another network namespace */
	bool	ppp, vlan, veth, bond;
	__u8	mac[6];			/* its Ethernet address, if it has one */
	char	name[16];
};
struct links {
	struct link	*at;		/* owned */
	size_t		count;
	bool		failed;		/* these are not all */
};

/* The devices of this network namespace; the caller frees links->at. */
void links_read(struct links *links);
/* The one of that number, or NULL. */
const struct link *link_find(const struct links *links, __u32 index);

bool device_is_bond(const char *device);
/* Is it a port of a bond? Then *bond is the name of that, or "?". */
bool device_bonded(const char *device, char bond[static 16]);

/*
 * For each device that is checked strictly: the devices that routes may name for packets which
 * arrive on it. These are what it is a port of (bridge, bond, VRF), what is made on top of it (VLAN,
 * macvlan), every PPP session, since a session does not tell its port, and the devices with which it
 * shares a route that has several next hops: the kernel's answer names one of these, and packets
 * come by any. Fills dev->behind, and DEV_BEHIND_MORE if there are too many or the kernel does not
 * say: then any device will do.
 */
void devices_behind(struct dev devs[DEV_MAX]);

/* Would a strict check on this device take a source whose way back leaves by that one? */
bool device_takes(__u32 ifindex, __u32 towards);

/* The devices with which this one, or one on top of it, shares such a route: names, comma
 * separated; "" if there are none. */
void device_shares(__u32 ifindex, char *names, size_t size);

#endif
