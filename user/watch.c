// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "apply.h"
#include "follow.h"
#include "notify.h"
#include "notrack.h"
#include "watch.h"

#define POLICY_PERIOD_MS	200	/* how soon the table follows a new policy */
#define DEVICES_PERIOD_MS	5000	/* how soon something that nobody tells of is seen */
#define MACHINE_PERIOD_MS	1000	/* how often addresses, rules and sysctls are followed at most */
#define RETRY_PERIOD_MS		1000	/* how soon a table that nftables has refused is tried again */

/* ---- in the process of its own ------------------------------------------------------------- */

struct watch {
	const char	*instance;
	struct follow	follow;
	struct nft_ctx	*table;		/* owns the table; NULL: there is none */
	__u32		policy_id;	/* the table is that of this policy */
	long long	retry_ms;	/* nothing is tried before that */
	char		complaint[512];	/* said last: not to be said again and again */
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void table_drop(struct watch *watch)
{
	if (watch->table)
		nft_ctx_free(watch->table);
	watch->table = NULL;
}

/* nftables has refused: the policy counts as one that nobody has followed yet. */
static void table_failed(struct watch *watch, const char *what)
{
	watch->policy_id = 0;
	watch->retry_ms = now_ms() + RETRY_PERIOD_MS;
	if (!strcmp(watch->complaint, what))
		return;
	snprintf(watch->complaint, sizeof(watch->complaint), "%s", what);
	notify_log(LOG_ERR, "%s; it is tried again", what);
}

static void table_follow(struct watch *watch, const struct policy *policy)
{
	struct fail fail;

	if (!policy->bypass_count) {
		watch->complaint[0] = '\0';
		return table_drop(watch);
	}
	if (!watch->table)
		watch->table = notrack_owner();
	if (!watch->table)
		return table_failed(watch, "out of memory");
	if (notrack_put(watch->instance, policy, watch->table, &fail))
		return table_failed(watch, fail.what);
	if (watch->complaint[0])
		notify_log(LOG_NOTICE, "weir's own table in nftables is there again");
	watch->complaint[0] = '\0';
}

/* Reads the policy in force if it is another one than before; false: there is none or no other. */
static bool policy_changed(struct watch *watch, struct policy *policy)
{
	struct fail ignored;
	struct store store;
	bool changed = false;
	__u32 id;

	if (store_open(watch->instance, STORE_READ, &store, &ignored) ||
	    store_policy_id(&store, &id, &ignored)) {
		table_drop(watch);
		watch->policy_id = 0;
		return false;
	}
	if (id != watch->policy_id && !apply_read(&store, policy, &ignored)) {
		watch->policy_id = id;
		changed = true;
	}
	store_close(&store);
	return changed;
}

static void policy_follow(struct watch *watch)
{
	struct policy policy;

	if (now_ms() < watch->retry_ms || !policy_changed(watch, &policy))
		return;
	table_follow(watch, &policy);
	policy_free(&policy);
}

/* The daemon has ended, but what it kept stays in force: the table is then a plain one. */
static void table_leave(struct watch *watch)
{
	struct policy policy;
	struct fail ignored;

	if (!watch->table)
		return;
	table_drop(watch);
	watch->policy_id = 0;
	if (!policy_changed(watch, &policy))
		return;
	notrack_put(watch->instance, &policy, NULL, &ignored);
	policy_free(&policy);
}

/* Takes all that is there to be read: what it says is looked up anyway. */
static void drain(int fd)
{
	char bytes[16384];

	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
}

/* With a million routes looking takes half a second: it may take a hundredth of the time. Calls look()
 * when it is time, and says when it is time again. */
static void look_at(void (*look)(struct follow *follow), struct watch *watch, long long period_ms,
		    long long *next_ms)
{
	long long begun_ms = now_ms(), took_ms;

	if (begun_ms < *next_ms)
		return;
	look(&watch->follow);
	took_ms = now_ms() - begun_ms;
	*next_ms = now_ms() + (took_ms * 100 > period_ms ? took_ms * 100 : period_ms);
}

/* Until the daemon closes its end. */
static void watch_run(struct watch *watch, int daemon, int links)
{
	struct pollfd fds[] = { { .fd = daemon, .events = POLLIN }, { .fd = links, .events = POLLIN } };
	long long devices_ms = 0, machine_ms = 0, nat_ms = 0;
	bool news = true;

	while (!fds[0].revents) {
		if (fds[1].revents) {
			drain(links);
			news = true;
			devices_ms = 0;
		}
		look_at(follow_devices, watch, DEVICES_PERIOD_MS, &devices_ms);
		look_at(follow_nat, watch, MACHINE_PERIOD_MS, &nat_ms);
		if (now_ms() >= machine_ms) {
			follow_conntrack(&watch->follow);
			news = news && !follow_addresses(&watch->follow);
			machine_ms = now_ms() + MACHINE_PERIOD_MS;
		}
		policy_follow(watch);
		poll(fds, 2, POLICY_PERIOD_MS);
	}
	table_leave(watch);
	follow_free(&watch->follow);
}

static void quiet(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
}

/* ---- in the daemon ------------------------------------------------------------------------- */

static struct {
	struct loop_source source;	/* becomes readable when the other process has ended */
	pid_t		child;
} watched = { .source.fd = -1 };

static void watch_ended(void *data)
{
	struct daemon *daemon = data;

	notify_log(LOG_ERR, "nobody watches the devices any more: start the daemon again");
	loop_remove(&daemon->loop, &watched.source);
}

static struct mnl_socket *links_open(struct fail *fail)
{
	struct mnl_socket *links = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (links && !mnl_socket_bind(links, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
				      MNL_SOCKET_AUTOPID))
		return links;
	fail_set(fail, EXIT_REFUSED, NULL, "can't watch the devices: %s", strerror(errno));
	if (links)
		mnl_socket_close(links);
	return NULL;
}

int watch_start(struct daemon *daemon, struct fail *fail)
{
	struct watch watch = { .instance = daemon->instance, .follow.instance = daemon->instance };
	struct mnl_socket *links = links_open(fail);
	int pair[2];

	if (!links)
		return -fail->status;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) || (watched.child = fork()) < 0)
		return fail_set(fail, EXIT_REFUSED, NULL, "can't watch the devices: %s", strerror(errno));
	if (watched.child == 0) {
		close(pair[0]);
		if (!daemon->here)
			quiet();
		watch_run(&watch, pair[1], mnl_socket_get_fd(links));
		_exit(0);
	}
	close(pair[1]);
	mnl_socket_close(links);
	watched.source = (struct loop_source){ .fd = pair[0], .ready = watch_ended, .data = daemon };
	return loop_add(&daemon->loop, &watched.source, fail);
}

void watch_stop(struct daemon *daemon)
{
	if (watched.source.fd < 0)
		return;
	loop_remove(&daemon->loop, &watched.source);
	close(watched.source.fd);
	watched.source.fd = -1;
	while (waitpid(watched.child, NULL, 0) < 0 && errno == EINTR)
		;
}
