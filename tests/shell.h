/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands that a test needs done: a network of its own, entries of conntrack. */
#ifndef WEIR_TESTS_SHELL_H
#define WEIR_TESTS_SHELL_H

#include <stdbool.h>
#include <stdlib.h>
#include "test.h"

/* True if the command ends well; if not, the test fails and names it. */
static inline bool run(const char *command)
{
	bool done = system(command) == 0;

	CHECK_SAID(done, "%s", command);
	return done;
}

/* A router in a network namespace that has just been made. */
static inline bool run_router(void)
{
	return run("ip link set lo up") &&
	       run("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 "
		   "net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0");
}

#endif
