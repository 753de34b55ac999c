/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An epoll loop. Whoever has something to wait for registers a file descriptor and the function
 * to call when it can be read. One thread: a function that blocks holds up the others.
 */
#ifndef WEIR_LOOP_H
#define WEIR_LOOP_H

#include <linux/types.h>
#include <stdbool.h>
#include "fail.h"

struct loop {
	int	epoll;
	bool	stopped;
};

/* Owned by who registers it, and stays where it is until loop_remove(). */
struct loop_source {
	int	fd;
	void	(*ready)(void *data);	/* fd is readable, or in error */
	void	*data;
};

int loop_open(struct loop *loop, struct fail *fail);
void loop_close(struct loop *loop);

/* The fd stays the caller's. */
int loop_add(struct loop *loop, struct loop_source *source, struct fail *fail);
/* No further call of ready(), also not in the round that is under way. Does not close the fd. */
void loop_remove(struct loop *loop, struct loop_source *source);

/* Makes source->fd a timer that fires every period_ns, the first time at once, and adds it. Its
 * ready() calls loop_timer_take(); fires that were missed are one. */
int loop_timer(struct loop *loop, struct loop_source *source, __u64 period_ns, struct fail *fail);
void loop_timer_take(const struct loop_source *source);

/* Until loop_stop(). */
int loop_run(struct loop *loop, struct fail *fail);
void loop_stop(struct loop *loop);

#endif
