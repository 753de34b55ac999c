/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two places of a device where a program can be put in front of netfilter: XDP, and tc ingress
 * (tcx from Linux 6.6 on, a clsact filter before). A put is a swap where this instance has a
 * program there already.
 *
 * Pins: link-<slot> (XDP), tcx-<slot>, and for a clsact filter, which has no link, filter-<slot>:
 * its program.
 */
#ifndef WEIR_HOOK_H
#define WEIR_HOOK_H

#include "link.h"
#include "store.h"

struct hook {
	const struct store	*store;
	__u32			slot;
	__u32			ifindex;
	const char		*shown;		/* the device's name, for messages */
};

/*
 * -EXIT_REFUSED with *unsupported set when the driver can't have it there; a foreign program is
 * never displaced.
 */
int hook_xdp_put(const struct hook *hook, int program, bool generic, bool *unsupported,
		 struct fail *fail);
enum link_state hook_xdp_state(const struct hook *hook);
int hook_xdp_remove(const struct hook *hook, struct fail *fail);

/* Runs in front of other programs of tc ingress, and hands packets that pass on to them. tcx: the
 * kernel has FEATURE_TCX. */
int hook_tc_put(const struct hook *hook, int program, bool tcx, struct fail *fail);
enum link_state hook_tc_state(const struct hook *hook);
int hook_tc_remove(const struct hook *hook, struct fail *fail);

#endif
