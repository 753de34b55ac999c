/* SPDX-License-Identifier: GPL-2.0-only */
/* By rtnetlink: routes that lead nowhere, that lead several ways, to one host; neighbours. */
#ifndef WEIR_RTNL_H
#define WEIR_RTNL_H

#include "fail.h"
#include "value.h"

struct hole {
	struct prefix	prefix;
	__u32		table;
	__u32		metric;
};

struct holes {
	struct hole	*at;		/* owned */
	size_t		count;
};

#define RTNL_ANY	0

/* The blackholes of that protocol number, or with RTNL_ANY all blackhole, unreachable and prohibit
 * routes; of both families and in all tables. The caller frees holes->at. */
int rtnl_holes(__u8 protocol, struct holes *holes, struct fail *fail);

int rtnl_hole_add(__u8 protocol, const struct hole *hole, struct fail *fail);
/* One that has gone already is no failure. */
int rtnl_hole_del(__u8 protocol, const struct hole *hole, struct fail *fail);

/*
 * Calls take() for each route that has several next hops, with the devices of these; with none if
 * the kernel does not tell them, or if there are more than RTNL_HOPS. Both families, all tables.
 */
#define RTNL_HOPS 64
int rtnl_multipath(void (*take)(void *data, const __u32 *device, size_t count), void *data,
		   struct fail *fail);

/* The device by which packets to a host leave; from: an address of this machine that they bear, or
 * family 0. 0, or -errno: -ENETUNREACH and others when there is no way. */
int rtnl_way(const struct prefix *host, const struct prefix *from, __u32 *device);

/* Neighbours of these devices whose state is stale count as used now: the kernel then asks whether they
 * are there. What can't be done is left out. */
void rtnl_neighbours_use(const __u32 *device, size_t count);

#endif
