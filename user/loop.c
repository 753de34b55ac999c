// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "loop.h"

static int refused(struct fail *fail, const char *what)
{
	return fail_set(fail, EXIT_REFUSED, NULL, "%s: %s", what, strerror(errno));
}

int loop_open(struct loop *loop, struct fail *fail)
{
	*loop = (struct loop){ .epoll = epoll_create1(EPOLL_CLOEXEC) };
	return loop->epoll < 0 ? refused(fail, "epoll") : 0;
}

void loop_close(struct loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	loop->epoll = -1;
}

int loop_add(struct loop *loop, struct loop_source *source, struct fail *fail)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };

	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) ? refused(fail, "epoll") : 0;
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
}

int loop_timer(struct loop *loop, struct loop_source *source, __u64 period_ns, struct fail *fail)
{
	struct itimerspec every = {
		.it_interval = { period_ns / 1000000000, period_ns % 1000000000 },
		.it_value = { .tv_nsec = 1 },
	};

	source->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (source->fd < 0 || timerfd_settime(source->fd, 0, &every, NULL))
		return refused(fail, "timer");
	return loop_add(loop, source, fail);
}

void loop_timer_take(const struct loop_source *source)
{
	__u64 fired;

	(void)!read(source->fd, &fired, sizeof(fired));
}

/* One event a round: what a function removes can't be among events that were fetched before. */
int loop_run(struct loop *loop, struct fail *fail)
{
	struct epoll_event event;

	while (!loop->stopped) {
		const struct loop_source *source;

		if (epoll_wait(loop->epoll, &event, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			return refused(fail, "epoll");
		}
		source = event.data.ptr;
		source->ready(source->data);
	}
	return 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}
