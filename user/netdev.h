/* SPDX-License-Identifier: GPL-2.0-only */
/* What a device's driver can do for XDP, by the generic netlink family "netdev" (Linux 6.3). */
#ifndef WEIR_NETDEV_H
#define WEIR_NETDEV_H

#include <linux/types.h>

/* of linux/netdev.h, which Debian 12 does not have */
#define NETDEV_REDIRECT_TARGET	(1ULL << 2)	/* NETDEV_XDP_ACT_NDO_XMIT */

/* 0, or -errno: -ENOENT when the kernel is too old to tell. */
int netdev_features(__u32 ifindex, __u64 *features);

#endif
