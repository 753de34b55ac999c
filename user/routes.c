// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "clock.h"
#include "heartbeat.h"
#include "netns.h"
#include "route_blocks.h"
#include "routes.h"
#include "store.h"

#define MESSAGE_SIZE	32768
#define MESSAGES_AT_ONCE 64	/* of a million routes: others have to do, too */
#define PAUSE_NS	5000000000ULL	/* before all is asked for again: while a routing daemon fills the table */

/* What the routes depend on: each change is told to one of these. The last one since Linux 5.3. */
static const int groups[] = {
	RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV4_NETCONF,
	RTNLGRP_NEXTHOP,
};

static struct {
	struct daemon		*daemon;
	struct loop_source	timer, news, dump;
	struct mnl_socket	*news_socket, *dump_socket;
	struct route_blocks	blocks;
	__u16			dumped;		/* RTM_GETRULE, then RTM_GETROUTE; 0: all is known */
	bool			interrupted;	/* that dump is not of one instant */
	__u64			again_ns;	/* not before that it begins again */
	bool			changed;	/* since a generation was published */
	bool			remembered;	/* the datapath may remember */
	struct dev		devs[DEV_MAX];	/* whose answers these are */
	__u64			netns;		/* inode of ours */
} routes = { .timer.fd = -1, .news.fd = -1, .dump.fd = -1 };

/* ---- telling the datapath ------------------------------------------------------------------ */

static __u32 generation_next(__u32 last)
{
	return last + 1 < 1U << 24 ? last + 1 : 1;
}

/* Answers are about the device that was in the slot, and what stood behind it. */
static int devices_look(const struct store *store, struct fail *fail)
{
	struct dev devs[DEV_MAX];

	if (store_devs_read(store, devs, fail))
		return -fail->status;
	routes.changed |= memcmp(devs, routes.devs, sizeof(devs)) != 0;
	memcpy(routes.devs, devs, sizeof(devs));
	return 0;
}

static int write_now(const struct store *store, bool remember, struct fail *fail)
{
	struct routes_now now;
	struct run run;

	if (store_run_read(store, &run, fail) || store_routes_read(store, &now, fail) ||
	    devices_look(store, fail))
		return -fail->status;
	if (run.netns != routes.netns)
		return 0;
	/* 0: of an instance that was made anew, among others */
	if (remember && (routes.changed || !now.generation)) {
		now.last = generation_next(now.last);
		memcpy(now.split, routes.blocks.split, sizeof(now.split));
	}
	now.generation = remember ? now.last : 0;
	now.beat_ns = coarse_ns();
	if (store_routes_write(store, &now, fail))
		return -fail->status;
	routes.changed &= !remember;
	routes.remembered = remember;
	return 0;
}

/* An instance that is not there needs no answers: heartbeat.c says so. */
static void publish(bool remember)
{
	struct store store;
	struct fail fail = {};

	if (store_open(routes.daemon->instance, STORE_READ, &store, &fail))
		return;
	write_now(&store, remember, &fail);
	store_close(&store);
}

/* ---- asking the kernel --------------------------------------------------------------------- */

/* Asks for all rules, or for all routes: they are read as they come. */
static bool dump_ask(__u16 type)
{
	char buffer[512];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct rtmsg *asked = mnl_nlmsg_put_extra_header(request, sizeof(*asked));

	_Static_assert(sizeof(struct rtmsg) == sizeof(struct fib_rule_hdr), "one header for both");
	request->nlmsg_type = type;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	asked->rtm_family = AF_INET;
	routes.dumped = type;
	routes.interrupted = false;
	return mnl_socket_sendto(routes.dump_socket, request, request->nlmsg_len) >= 0;
}

static void dump_end(void)
{
	if (routes.dump.fd < 0)
		return;
	loop_remove(&routes.daemon->loop, &routes.dump);
	mnl_socket_close(routes.dump_socket);
	routes.dump.fd = -1;
}

static void dump_again(void)
{
	dump_end();
	routes.dumped = RTM_GETRULE;
	routes.again_ns = coarse_ns() + PAUSE_NS;
}

static void dump_ready(void *unused);

/* From the beginning. On a socket of its own: an answer that is still on its way is nobody's. */
static bool dump_begin(void)
{
	struct fail fail = {};

	dump_end();
	memset(&routes.blocks, 0, sizeof(routes.blocks));
	routes.dumped = RTM_GETRULE;
	routes.dump_socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!routes.dump_socket)
		return false;
	routes.dump = (struct loop_source){
		.fd = mnl_socket_get_fd(routes.dump_socket), .ready = dump_ready,
	};
	return mnl_socket_bind(routes.dump_socket, 0, MNL_SOCKET_AUTOPID) >= 0 && dump_ask(RTM_GETRULE) &&
	       !loop_add(&routes.daemon->loop, &routes.dump, &fail);
}

static int dump_read(const struct nlmsghdr *message, void *unused)
{
	(void)unused;
	routes.interrupted |= message->nlmsg_flags & NLM_F_DUMP_INTR;
	if (message->nlmsg_type == RTM_NEWROUTE)
		route_blocks_route(&routes.blocks, message);
	if (message->nlmsg_type == RTM_NEWRULE)
		route_blocks_rule(&routes.blocks, message);
	return MNL_CB_OK;
}

/* A kernel without rules has none. */
static bool dump_next(bool failed)
{
	bool unruly = failed && routes.dumped == RTM_GETRULE && (errno == EOPNOTSUPP || errno == EAFNOSUPPORT);

	if ((failed && !unruly) || routes.interrupted)
		return false;
	if (routes.dumped == RTM_GETRULE)
		return dump_ask(RTM_GETROUTE);
	routes.dumped = 0;
	dump_end();
	return true;
}

static void dump_ready(void *unused)
{
	static char bytes[MESSAGE_SIZE];

	(void)unused;
	for (int i = 0; i < MESSAGES_AT_ONCE && routes.dump.fd >= 0; i++) {
		ssize_t size = mnl_socket_recvfrom(routes.dump_socket, bytes, sizeof(bytes));
		int more;

		if (size < 0 && errno == EAGAIN)
			return;
		more = size < 0 ? MNL_CB_ERROR : mnl_cb_run(bytes, size, 0, 0, dump_read, NULL);
		if (more == MNL_CB_OK || dump_next(more == MNL_CB_ERROR))
			continue;
		dump_again();
	}
}

/* ---- news ---------------------------------------------------------------------------------- */

static int news_read(const struct nlmsghdr *message, void *again)
{
	if (message->nlmsg_type == RTM_NEWROUTE)
		route_blocks_route(&routes.blocks, message);
	if (message->nlmsg_type == RTM_NEWRULE || message->nlmsg_type == RTM_DELRULE)
		*(bool *)again = true;
	return MNL_CB_OK;
}

/* Whatever it is: what was remembered is not true any more. */
static void news_ready(void *unused)
{
	static char bytes[MESSAGE_SIZE];
	bool again = false;

	(void)unused;
	for (int i = 0; i < MESSAGES_AT_ONCE; i++) {
		ssize_t size = mnl_socket_recvfrom(routes.news_socket, bytes, sizeof(bytes));

		if (size < 0 && errno == EAGAIN)
			break;
		/* more came than the socket holds: nobody knows what */
		again |= size < 0 || mnl_cb_run(bytes, size, 0, 0, news_read, &again) == MNL_CB_ERROR;
	}
	if (again)
		dump_again();
	routes.changed = true;
	if (routes.remembered)
		publish(false);
}

static void beat(void *unused)
{
	(void)unused;
	loop_timer_take(&routes.timer);
	if (routes.dumped && routes.dump.fd < 0 && coarse_ns() >= routes.again_ns && !dump_begin())
		dump_again();
	publish(!routes.dumped && !routes.blocks.odd_rule);
}

/* ---- in the daemon ------------------------------------------------------------------------- */

static int news_open(struct fail *fail)
{
	routes.news_socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!routes.news_socket || mnl_socket_bind(routes.news_socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return fail_set(fail, EXIT_REFUSED, NULL, "can't watch the routes: %s", strerror(errno));
	routes.news = (struct loop_source){
		.fd = mnl_socket_get_fd(routes.news_socket), .ready = news_ready,
	};
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (mnl_socket_setsockopt(routes.news_socket, NETLINK_ADD_MEMBERSHIP, (void *)&groups[i],
					  sizeof(groups[i])) < 0 && groups[i] != RTNLGRP_NEXTHOP)
			return fail_set(fail, EXIT_REFUSED, NULL, "can't watch the routes: %s",
					strerror(errno));
	return loop_add(&routes.daemon->loop, &routes.news, fail);
}

int routes_start(struct daemon *daemon, struct fail *fail)
{
	routes.netns = netns_here();
	routes.daemon = daemon;
	routes.changed = true;
	routes.dumped = RTM_GETRULE;
	if (news_open(fail))
		return -fail->status;
	routes.timer.ready = beat;
	return loop_timer(&daemon->loop, &routes.timer, HEARTBEAT_NS, fail);
}

/* Nobody will tell of changes: what is remembered ends now, and not when the beat is stale. */
void routes_stop(struct daemon *daemon)
{
	(void)daemon;
	if (routes.remembered)
		publish(false);
	dump_end();
	if (routes.news_socket)
		mnl_socket_close(routes.news_socket);
	if (routes.timer.fd >= 0)
		close(routes.timer.fd);
}
