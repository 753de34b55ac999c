/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two places of a device where a program can be put in front of netfilter: XDP, and tc ingress
 * (tcx from Linux 6.6 on, a clsact filter before). A put is a swap where this instance has a
 * program there already.
 *
 * Pins: link-<slot> (XDP), tcx-<slot>, and for a clsact filter, which has no link, filter-<slot>:
 * its program. A program behind a dispatcher has libxdp's pins, in /sys/fs/bpf/xdp.
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

/* -EXIT_REFUSED, naming them, when other programs are on the device that this driver can't be with. */
int hook_xdp_check(const struct hook *hook, enum driver driver, struct fail *fail);

/*
 * -EXIT_REFUSED with *unsupported set when the driver can't have it there; a foreign program is
 * never displaced.
 */
int hook_xdp_put(const struct hook *hook, int program, bool generic, bool *unsupported,
		 struct fail *fail);
enum link_state hook_xdp_state(const struct hook *hook);
int hook_xdp_remove(const struct hook *hook, struct fail *fail);

/* A device whose XDP programs stand one behind the other, as libxdp's dispatcher calls them. */
struct hook_chain {
	bool		native;		/* and not generic XDP */
	unsigned int	own;		/* programs of this instance */
	unsigned int	priority;	/* of these */
	char		others[256];	/* names of all others, with commas */
	int		error;		/* -errno: why nothing can be said */
};
/* False: there is no dispatcher, or it can't be read, which chain->error tells. */
bool hook_chain_read(const struct hook *hook, struct hook_chain *chain);
/* -EXIT_REFUSED when there is a dispatcher that can't be read: nobody knows what is behind it. */
int hook_chain_look(const struct hook *hook, struct fail *fail);

/* -EXIT_REFUSED where the kernel allows no dispatcher. */
int hook_chain_check(const struct hook *hook, struct fail *fail);

/*
 * Joins the others at dev->priority, or makes the device one that others can join. A swap at the
 * same priority loses no packet and counts none twice: it writes dev->turn, and *dev, to the map.
 */
int hook_chain_put(const struct hook *hook, struct dev *dev, struct fail *fail);
enum link_state hook_chain_state(const struct hook *hook);
/* The others stay, and so does the dispatcher while there are any. */
int hook_chain_remove(const struct hook *hook, struct fail *fail);

/* Runs in front of other programs of tc ingress, and hands packets that pass on to them. tcx: the
 * kernel has FEATURE_TCX. */
int hook_tc_put(const struct hook *hook, int program, bool tcx, struct fail *fail);
enum link_state hook_tc_state(const struct hook *hook);
int hook_tc_remove(const struct hook *hook, struct fail *fail);

#endif
