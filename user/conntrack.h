/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's own connection tracking says of itself, in this network namespace. */
#ifndef WEIR_CONNTRACK_H
#define WEIR_CONNTRACK_H

#include <linux/types.h>

/* Entries now, and at most. 0, or -1 when nf_conntrack is not loaded. */
int conntrack_fill(__u64 *count, __u64 *max);

/* The same, again and again: keeps the files open. A meter of all -1 is not open yet. */
struct conntrack_meter {
	int	count, max;	/* fds, or -1 */
};
int conntrack_meter_read(struct conntrack_meter *meter, __u64 *count, __u64 *max);
void conntrack_meter_close(struct conntrack_meter *meter);

/* How long an entry lives that nobody answers, at most: nanoseconds. */
__u64 conntrack_unreplied_ns(void);

/* net.netfilter.nf_conntrack_<name>, or -1. */
long conntrack_sysctl(const char *name);

/* What decides which packets conntrack calls INVALID: enum conntrack_setting, for run.conntrack.
 * 0 when nf_conntrack is not loaded. */
__u32 conntrack_settings(void);

#endif
