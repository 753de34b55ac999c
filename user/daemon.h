/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon of one instance. It watches what the datapath can't see by itself; without it all
 * limits and lists stay in force, and what it publishes goes stale, which the datapath takes for
 * calm.
 */
#ifndef WEIR_DAEMON_H
#define WEIR_DAEMON_H

#include <stdbool.h>
#include "fail.h"
#include "loop.h"

struct daemon {
	const char	*instance;
	struct loop	loop;
	bool		here;		/* in the foreground */
};

/*
 * Runs until SIGTERM or SIGINT. file: a config to load first, or NULL. here: stay in the
 * foreground and log to standard error; else the caller's process goes on as soon as the daemon
 * is ready. A process that systemd started stays in the foreground anyway. -EXIT_REFUSED when
 * another daemon of the instance runs.
 */
int daemon_run(const char *instance, const char *file, bool here, struct fail *fail);

/*
 * A part of the daemon: start() opens what it needs, still with all privileges, and registers its
 * sources with daemon->loop; stop() undoes that. The table of parts is in daemon.c, and there is
 * what is kept of the privileges.
 */
struct daemon_part {
	const char	*name;
	int		(*start)(struct daemon *daemon, struct fail *fail);
	void		(*stop)(struct daemon *daemon);
};

#endif
