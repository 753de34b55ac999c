/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices of an instance: attach, replace, detach.
 *
 * Every program is held by a pin of our own (hook.h): it outlives the command. Replacing it loses no
 * packet and counts none twice. A foreign XDP program is never removed: weir joins it where libxdp's
 * dispatcher has it and the kernel allows that, or else refuses. Generic mode is never chosen unless
 * asked for. Needs CAP_SYS_ADMIN (module BTF), CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON; takes a
 * store opened for writing.
 */
#ifndef WEIR_ATTACH_H
#define WEIR_ATTACH_H

#include "capacity.h"
#include "store.h"

#define CHAIN_PRIORITY	5		/* in front of what says nothing (50), and of xdp-filter (10) */

/* Makes and pins the maps of a new instance, with fresh keys; there is no policy yet. */
int attach_create(struct store *store, const struct capacity *said, struct fail *fail);

/* What the kernel offers to programs loaded from now on (enum feature); loads nf_conntrack. */
__u32 attach_probe(void);

struct attach_request {
	const char	*name;		/* of the interface */
	enum role	role;
	enum driver	driver;		/* DRIVER_AUTO: native, in a chain if there is one, or else tc */
	__u8		priority;	/* in a chain; 0: CHAIN_PRIORITY */
	enum driver	used;		/* out: what it is attached with */
	char		note[512];	/* out: why it is not the better one; may be empty */
};

/*
 * Attaches to a device, or replaces the program that this instance already has there. On success
 * *slot is its slot. On failure nothing has changed.
 */
int attach_dev(struct store *store, struct attach_request *request, __u32 *slot, struct fail *fail);

/* -EXIT_NO_ENTRY when the instance is not attached to it. The counters stay until the slot is
 * given to a device of another name. */
int attach_detach(struct store *store, const char *name, struct fail *fail);

/* Whether attach_detach() can look at what it has to take off. -EXIT_REFUSED: it can't. */
int attach_detachable(const struct store *store, __u32 slot, const struct dev *dev, struct fail *fail);

/*
 * Behind XDP, on devices that have it, tc ingress sets the mark of bypassed packets: on while a
 * policy has a bypass. A device that has gone is no failure.
 */
int attach_marks(struct store *store, bool on, struct fail *fail);

/* The slot of an attached device by its name, or -1. */
int attach_slot(const struct dev devs[DEV_MAX], const char *name);

/* "attached", "gone" (the device, or its link), or "?": one may not, or can't, look. */
const char *attach_state(const struct store *store, __u32 slot, const struct dev *dev);

#endif
