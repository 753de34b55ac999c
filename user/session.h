/* SPDX-License-Identifier: GPL-2.0-only */
/* The ssh session that runs this command: what an operator must not cut off by mistake. */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include <stdio.h>
#include "policy.h"

struct session {
	struct prefix	peer;		/* the client's address */
	struct prefix	here;		/* the one it was opened to; family 0: unknown */
};

/*
 * From SSH_CONNECTION or SSH_CLIENT of this process or, since sudo hides them, of one of its
 * parents. False when there is none.
 */
bool session_find(struct session *session);

/* Warns when the policy would cut the session off: its client is blocked, a martian, on
 * the wrong side, in a blackhole or not where the way back leads, and not trusted. instance: what it is of. */
void session_warn(FILE *to, const char *instance, const struct policy *policy, __u64 now_ns);

#endif
