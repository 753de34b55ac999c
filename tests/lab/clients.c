// SPDX-License-Identifier: GPL-2.0-only
/*
 * Legitimate load: opens TCP connections at a steady rate and keeps some long-lived ones, from the
 * hosts inside to the servers outside. A connection succeeds if it is set up and its request is
 * answered before its deadline. Prints JSON at the end, and keeps a status file for who watches.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "times.h"

#define NS_PER_SECOND	1000000000ULL
#define MS		1000000ULL
#define STATUS_EVERY	(250 * MS)
#define ECHO_EVERY	(500 * MS)
#define ADDRESSES	1024
#define EVENTS		256
#define MESSAGE		16	/* bytes of a request, and of its answer */

static const char usage[] =
"usage: clients --to ADDRESS[,...] --port N [--from ADDRESS[,...]] [--rate N] [--seconds S]\n"
"               [--deadline S] [--long N] [--warm FILE] [--status FILE]\n"
"  --rate N      new connections a second (default 200)\n"
"  --seconds S   how long to open new ones (default 10)\n"
"  --deadline S  for set-up and answer together (default 3)\n"
"  --long N      long-lived connections, opened first; each must still answer at the end\n"
"  --warm FILE   open the long-lived ones, then wait until FILE exists before the rest\n"
"  --status FILE rewritten every 250 ms\n";

enum stage {
	CLOSED, CONNECTING, ASKING, ANSWERED, FAILED,
};

struct connection {
	int		fd;
	enum stage	stage;
	bool		lasting;
	u64		start_ns;	/* of the connection; of the last request, once it lasts */
	u64		connect_ns;	/* how long the handshake took */
	unsigned int	missing;	/* bytes of the answer that are still to come */
	unsigned int	answers;
};

struct address_list {
	struct sockaddr_storage	address[ADDRESSES];
	int			count;
};

static struct {
	struct address_list	from, to;
	int			port;
	double			rate, seconds;
	u64			deadline_ns;
	unsigned int		lasting;
	const char		*warm, *status;
} options = { .rate = 200, .seconds = 10, .deadline_ns = 3 * NS_PER_SECOND };

static struct connection *connections;	/* the long-lived ones first, then in the order of opening */
static unsigned int opened, oldest;
static unsigned int failed, refused;
static struct times times;	/* to connect, of those that succeeded */
static int poll_fd;
static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "clients: %s: %s\n", what, why);
	exit(1);
}

/* ---- one connection ------------------------------------------------------------------------ */

static socklen_t size_of(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static void finish(struct connection *c, enum stage stage)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->stage = stage;
	if (c->lasting)
		return;
	if (stage == ANSWERED)
		times_add(&times, c->connect_ns);
	else
		failed++;
}

static void open_connection(unsigned int index, u64 now)
{
	struct connection *c = &connections[index];
	struct sockaddr_storage to = options.to.address[index % options.to.count];
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.u32 = index };
	int one = 1;

	*c = (struct connection){ .stage = CONNECTING, .start_ns = now,
				  .lasting = index < options.lasting };
	((struct sockaddr_in *)&to)->sin_port = htons(options.port);	/* the same place in IPv6 */
	c->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return finish(c, FAILED);
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (options.from.count) {
		struct sockaddr_storage *from =
			&options.from.address[index / options.to.count % options.from.count];

		if (bind(c->fd, (struct sockaddr *)from, size_of(from)))
			return finish(c, FAILED);
	}
	epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event);
	if (connect(c->fd, (struct sockaddr *)&to, size_of(&to)) && errno != EINPROGRESS)
		finish(c, FAILED);
}

static void ask(struct connection *c)
{
	static const char request[MESSAGE] = "lab of the weir";

	if (send(c->fd, request, sizeof(request), MSG_NOSIGNAL) != sizeof(request))
		return finish(c, FAILED);
	c->missing = MESSAGE;
	c->stage = ASKING;
}

static void read_answer(struct connection *c)
{
	char data[256];
	ssize_t n = recv(c->fd, data, sizeof(data), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || n > c->missing)
		return finish(c, FAILED);
	c->missing -= n;
	if (c->missing)
		return;
	c->answers++;
	if (c->lasting)
		c->stage = ANSWERED;
	else
		finish(c, ANSWERED);
}

static void handle(struct connection *c, unsigned int events, u64 now)
{
	if (c->stage == CONNECTING) {
		int err = 0;
		socklen_t size = sizeof(err);

		if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
			return;
		getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &size);
		if (err) {
			refused += err == ECONNREFUSED || err == ECONNRESET;
			return finish(c, FAILED);
		}
		c->connect_ns = now - c->start_ns;
		ask(c);
	}
	if (c->stage == ASKING || c->stage == ANSWERED)
		read_answer(c);
}

/* ---- all of them --------------------------------------------------------------------------- */

/* Starts at the oldest one that is still open: all have the same deadline. */
static void expire(u64 now)
{
	while (oldest < opened && (connections[oldest].stage >= ANSWERED || !connections[oldest].stage))
		oldest++;
	for (unsigned int i = oldest; i < opened; i++) {
		struct connection *c = &connections[i];

		if (now - c->start_ns < options.deadline_ns)
			return;
		if (c->stage == CONNECTING || c->stage == ASKING)
			finish(c, FAILED);
	}
}

static void exercise_lasting(u64 now)
{
	for (unsigned int i = 0; i < options.lasting && i < opened; i++) {
		struct connection *c = &connections[i];

		if (c->stage == ANSWERED && now - c->start_ns >= ECHO_EVERY) {
			c->start_ns = now;
			ask(c);
		} else if ((c->stage == CONNECTING || c->stage == ASKING) &&
			   now - c->start_ns >= 2 * options.deadline_ns) {
			finish(c, FAILED);
		}
	}
}

static unsigned int lasting_alive(void)
{
	unsigned int alive = 0;

	for (unsigned int i = 0; i < options.lasting && i < opened; i++)
		alive += connections[i].stage != FAILED && connections[i].answers;
	return alive;
}

/* "prompt": connected before the first retransmission of a SYN, after one second (RFC 6298) */
static void print_summary(FILE *f, const char *end)
{
	unsigned int begun = opened - (opened < options.lasting ? opened : options.lasting);
	unsigned int succeeded = times.count, done = succeeded + failed;

	times_sort(&times);
	fprintf(f, "{\"opened\": %u, \"succeeded\": %u, \"failed\": %u, \"refused\": %u, "
		"\"pending\": %u, \"prompt\": %u, \"success_share\": %.4f, \"median_us\": %.0f, \"p99_us\": %.0f, "
		"\"max_us\": %.0f, \"long_lived\": %u, \"long_alive\": %u}%s",
		begun, succeeded, failed, refused, begun - done, times_below(&times, NS_PER_SECOND),
		done ? (double)succeeded / done : 0,
		times_quantile(&times, 0.5) / 1e3, times_quantile(&times, 0.99) / 1e3,
		times_quantile(&times, 1) / 1e3, options.lasting, lasting_alive(), end);
}

static void write_status(void)
{
	char temporary[4096];
	FILE *f;

	if (!options.status)
		return;
	snprintf(temporary, sizeof(temporary), "%s.new", options.status);
	f = fopen(temporary, "w");
	if (!f)
		return;
	print_summary(f, "\n");
	fclose(f);
	rename(temporary, options.status);
}

static void wait_for_events(u64 until)
{
	struct epoll_event events[EVENTS];
	u64 now = now_ns();
	struct timespec left = { .tv_nsec = until > now ? until - now : 0 };
	int n = epoll_pwait2(poll_fd, events, EVENTS, &left, NULL);

	now = now_ns();
	for (int i = 0; i < n; i++)
		handle(&connections[events[i].data.u32], events[i].events, now);
}

/* One turn: opens what is due of the `count` connections from `first` on; then events for up to 1 ms. */
static void turn(u64 start, double rate, unsigned int first, unsigned int count)
{
	static u64 next_status;
	u64 now = now_ns();
	double due = (now - start) * rate / NS_PER_SECOND;

	while (opened < first + count && opened - first < due)
		open_connection(opened++, now_ns());
	now = now_ns();
	expire(now);
	exercise_lasting(now);
	if (now >= next_status) {
		write_status();
		next_status = now + STATUS_EVERY;
	}
	wait_for_events(now + MS);
}

static bool lasting_pending(void)
{
	for (unsigned int i = 0; i < options.lasting; i++)
		if (!connections[i].answers && connections[i].stage != FAILED)
			return true;
	return false;
}

static void run(void)
{
	unsigned int count = options.rate * options.seconds;
	u64 start = now_ns(), end;

	while (!stopped && (opened < options.lasting || lasting_pending()))
		turn(start, 2000, 0, options.lasting);
	oldest = options.lasting;
	while (!stopped && options.warm && access(options.warm, F_OK))
		turn(start, 0, 0, 0);
	start = now_ns();
	end = start + options.seconds * NS_PER_SECOND + options.deadline_ns;
	while (!stopped && now_ns() < end &&
	       (opened < options.lasting + count || times.count + failed < count))
		turn(start, options.rate, options.lasting, count);
}

/* ---- arguments ----------------------------------------------------------------------------- */

static void read_addresses(struct address_list *list, char *text)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM }, *found;
	char *save;

	for (char *word = strtok_r(text, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		if (list->count == ADDRESSES || getaddrinfo(word, NULL, &hints, &found))
			fail(word, "not an address, or too many");
		memcpy(&list->address[list->count++], found->ai_addr, found->ai_addrlen);
		freeaddrinfo(found);
	}
}

static void read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "to", 1, NULL, 't' }, { "from", 1, NULL, 'f' }, { "port", 1, NULL, 'p' },
		{ "rate", 1, NULL, 'r' }, { "seconds", 1, NULL, 's' }, { "deadline", 1, NULL, 'd' },
		{ "long", 1, NULL, 'l' }, { "warm", 1, NULL, 'w' }, { "status", 1, NULL, 'S' }, {},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		switch (c) {
		case 't': read_addresses(&options.to, optarg); break;
		case 'f': read_addresses(&options.from, optarg); break;
		case 'p': options.port = atoi(optarg); break;
		case 'r': options.rate = strtod(optarg, NULL); break;
		case 's': options.seconds = strtod(optarg, NULL); break;
		case 'd': options.deadline_ns = strtod(optarg, NULL) * NS_PER_SECOND; break;
		case 'l': options.lasting = strtoul(optarg, NULL, 10); break;
		case 'w': options.warm = optarg; break;
		case 'S': options.status = optarg; break;
		default: fputs(usage, stderr); exit(1);
		}
	}
	if (optind != argc || !options.to.count || !options.port || options.rate < 0 ||
	    options.seconds < 0 || options.rate * options.seconds > 1e7) {
		fputs(usage, stderr);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	struct rlimit files;
	size_t capacity;

	read_options(argc, argv);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	prctl(PR_SET_TIMERSLACK, 1);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);

	capacity = options.lasting + options.rate * options.seconds + 1;
	connections = calloc(capacity, sizeof(*connections));
	times.ns = calloc(capacity, sizeof(*times.ns));
	poll_fd = epoll_create1(0);
	if (!connections || !times.ns || poll_fd < 0)
		fail("start", strerror(errno));
	run();
	write_status();
	print_summary(stdout, "\n");
	return 0;
}
