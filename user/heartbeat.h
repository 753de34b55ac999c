/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the daemon that reads how full conntrack is, many times a second, and publishes it
 * to the datapath. An instance that goes away is waited for.
 */
#ifndef WEIR_HEARTBEAT_H
#define WEIR_HEARTBEAT_H

#include "daemon.h"

#define HEARTBEAT_NS	50000000ULL	/* between two beats */

int heartbeat_start(struct daemon *daemon, struct fail *fail);
void heartbeat_stop(struct daemon *daemon);

#endif
