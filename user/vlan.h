/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VLAN tags that a device takes off before XDP sees the packet (ethtool's rx-vlan-offload): the
 * tag then stands beside the packet, where only the kernel finds it.
 */
#ifndef WEIR_VLAN_H
#define WEIR_VLAN_H

#include <stdio.h>
#include "device.h"

/* The names of the VLAN devices on top of this one, also by way of a bridge or bond that it is a
 * port of: comma separated, cut off where there are too many. Returns how many there are. */
size_t vlan_names(const struct links *links, __u32 index, char *names, size_t size);

/* Does the device take tags off? False too when the kernel does not say. */
bool vlan_hides(const char *device);

/* Warns when the device takes off tags that VLAN devices on top of it wait for. */
void vlan_warn(FILE *to, const char *device);

#endif
