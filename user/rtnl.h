/* SPDX-License-Identifier: GPL-2.0-only */
/* Routes that lead nowhere, by rtnetlink. */
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

/* The device by which packets to a host leave. 0, or -errno. */
int rtnl_way(const struct prefix *host, __u32 *device);

#endif
