/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's own connection tracking says of itself, in this network namespace. */
#ifndef WEIR_CONNTRACK_H
#define WEIR_CONNTRACK_H

#include <linux/types.h>

/* Entries now, and at most. 0, or -1 when nf_conntrack is not loaded. */
int conntrack_fill(__u64 *count, __u64 *max);

/* net.netfilter.nf_conntrack_<name>, or -1. */
long conntrack_sysctl(const char *name);

/* What decides which packets conntrack calls INVALID: enum conntrack_setting, for run.conntrack.
 * 0 when nf_conntrack is not loaded. */
__u32 conntrack_settings(void);

#endif
