/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process beside the daemon that keeps the privileges which the daemon gives up: it attaches
 * devices as they appear, and owns the nftables table of bypass, so that a flush of all rules does
 * not take it away. It ends with the daemon, and leaves a plain table behind.
 */
#ifndef WEIR_WATCH_H
#define WEIR_WATCH_H

#include "daemon.h"

int watch_start(struct daemon *daemon, struct fail *fail);
void watch_stop(struct daemon *daemon);

#endif
