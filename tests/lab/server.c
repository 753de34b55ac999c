// SPDX-License-Identifier: GPL-2.0-only
/*
 * server PORT...: answers TCP connections on all addresses of its network namespace, IPv4 and IPv6:
 * sends back what it gets, until the peer closes. Prints "ready" when it listens; runs until it is
 * told to end, or its parent dies.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS		256
#define LISTENER	(1ULL << 32)	/* mark in epoll data: this descriptor accepts */

static int listen_on(int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int s = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, off = 0;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(s, (struct sockaddr *)&any, sizeof(any)) || listen(s, 4096)) {
		fprintf(stderr, "server: port %d: %s\n", port, strerror(errno));
		exit(1);
	}
	return s;
}

static void watch(int poll, int fd, unsigned long long mark)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (unsigned int)fd | mark };

	epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

static void accept_all(int poll, int listener)
{
	int s;

	while ((s = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		watch(poll, s, 0);
}

/* what does not fit into the socket's buffer is a peer's that does not read: not this lab's */
static void echo(int s)
{
	char data[4096];
	ssize_t n = recv(s, data, sizeof(data), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || send(s, data, n, MSG_NOSIGNAL) != n)
		close(s);
}

int main(int argc, char **argv)
{
	struct rlimit files;
	int poll = epoll_create1(0);

	if (argc < 2) {
		fprintf(stderr, "usage: server PORT...\n");
		return 1;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (int i = 1; i < argc; i++)
		watch(poll, listen_on(atoi(argv[i])), LISTENER);
	puts("ready");
	fflush(stdout);

	for (;;) {
		struct epoll_event events[EVENTS];
		int n = epoll_wait(poll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = (int)(events[i].data.u64 & 0xffffffff);

			if (events[i].data.u64 & LISTENER)
				accept_all(poll, fd);
			else
				echo(fd);
		}
	}
}
