/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the daemon that lets the datapath remember what the kernel's routes say, and makes it
 * forget when they change: at once, as soon as the kernel tells. When it can't be sure it lets nothing be
 * remembered, and the kernel is asked for each packet.
 */
#ifndef WEIR_ROUTES_DAEMON_H
#define WEIR_ROUTES_DAEMON_H

#include "daemon.h"

int routes_start(struct daemon *daemon, struct fail *fail);
void routes_stop(struct daemon *daemon);

#endif
