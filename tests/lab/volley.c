// SPDX-License-Identifier: GPL-2.0-only
/*
 * volley CLIENT SERVER ADDRESS PORT SECONDS: a UDP service at ADDRESS, in the network namespace of the file
 * SERVER, and its client in that of CLIENT, both of them this thread. It asks in volleys, by turns from
 * 64 ports; a volley is taken and answered as a whole, and the next one follows its answers: no wake-up,
 * no scheduler, and all that is done for a question is done on the CPU of who asks. IPv4.
 *
 * Prints a line: "ANSWERED SECONDS". What is lost on its way, either way, is not answered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define VOLLEY	64	/* questions in one */
#define PORTS	64	/* of the client */
#define BYTES	64	/* of a question, without headers */

static char data[VOLLEY][BYTES];
static struct sockaddr_in peer[VOLLEY];
static struct iovec piece[VOLLEY];
static struct mmsghdr message[VOLLEY];

static void fail(const char *what)
{
	fprintf(stderr, "volley: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* of a namespace, for as long as the process lives; nobody waits for it */
static int udp_socket(const char *namespace)
{
	int ns = open(namespace, O_RDONLY | O_CLOEXEC), s, bytes = 1 << 20;

	if (ns < 0 || setns(ns, CLONE_NEWNET))
		fail(namespace);
	close(ns);
	s = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (s < 0)
		fail("socket");
	setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	return s;
}

/* peers: 0: of a connected socket */
static void prepare(socklen_t peers)
{
	for (int i = 0; i < VOLLEY; i++) {
		piece[i] = (struct iovec){ data[i], BYTES };
		message[i].msg_hdr = (struct msghdr){
			.msg_name = peers ? &peer[i] : NULL, .msg_namelen = peers,
			.msg_iov = &piece[i], .msg_iovlen = 1,
		};
	}
}

static int take(int s, socklen_t peers)
{
	int n;

	prepare(peers);
	n = recvmmsg(s, message, VOLLEY, 0, NULL);
	if (n < 0 && errno != EAGAIN)
		fail("receive");
	return n > 0 ? n : 0;
}

static int volley(int client, int service)
{
	int n;

	prepare(0);
	if (sendmmsg(client, message, VOLLEY, 0) < 0)
		fail("ask");
	n = take(service, sizeof(peer[0]));
	if (n && sendmmsg(service, message, n, 0) < 0)
		fail("answer");
	return take(client, 0);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	unsigned long long answered = 0;
	int service, client[PORTS];
	double began, end;

	if (argc != 6 || inet_pton(AF_INET, argv[3], &at.sin_addr) != 1) {
		fprintf(stderr, "usage: volley CLIENT SERVER ADDRESS PORT SECONDS\n");
		return 1;
	}
	at.sin_port = htons(atoi(argv[4]));
	service = udp_socket(argv[2]);
	if (bind(service, (struct sockaddr *)&at, sizeof(at)))
		fail("bind");
	for (int i = 0; i < PORTS; i++) {
		client[i] = udp_socket(argv[1]);
		if (connect(client[i], (struct sockaddr *)&at, sizeof(at)))
			fail("connect");
	}
	began = now();
	for (int turn = 0; now() < began + atof(argv[5]); turn = (turn + 1) % PORTS)
		answered += volley(client[turn], service);
	end = now();
	printf("%llu %.3f\n", answered, end - began);
	return 0;
}
