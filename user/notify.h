/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a daemon tells whoever started it: its state to systemd (sd_notify(3), a datagram to the
 * socket in $NOTIFY_SOCKET; nothing happens without one), and what happens to the log.
 */
#ifndef WEIR_NOTIFY_H
#define WEIR_NOTIFY_H

#include <stdbool.h>
#include <syslog.h>

/* "READY=1", "STATUS=...", "STOPPING=1", "WATCHDOG=1" */
void notify_state(const char *state);

/* True for a process that systemd started as Type=notify. */
bool notify_wanted(void);

/* Lines go to syslog, or with `here` to standard error. */
void notify_log_open(bool here);

/*
 * One line; priority is LOG_INFO ... of syslog(3). At most NOTIFY_BURST lines in NOTIFY_PERIOD
 * seconds: what is left out is counted, and told with the next line that is not. Control
 * characters are escaped.
 */
#define NOTIFY_BURST	20
#define NOTIFY_PERIOD	10
void notify_log(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
