/* SPDX-License-Identifier: GPL-2.0-only */
/* A part of the daemon: takes back announced routes that have ended. */
#ifndef WEIR_EXPIRY_H
#define WEIR_EXPIRY_H

#include "daemon.h"

int expiry_start(struct daemon *daemon, struct fail *fail);
void expiry_stop(struct daemon *daemon);

#endif
