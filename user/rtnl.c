// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "rtnl.h"

#define MESSAGE_SIZE 32768

static int failed(struct fail *fail, const char *what)
{
	return fail_set(fail, EXIT_REFUSED, errno == EPERM ? "run it as root" : NULL,
			"can't %s: %s", what, strerror(errno));
}

/* Sends a request and reads all answers. 0, or -1 with errno. A dump is filtered by what the
 * request's header says, if the kernel can; one that can't sends everything. */
static int talk(struct nlmsghdr *request, mnl_cb_t callback, void *data)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char *answer = malloc(MESSAGE_SIZE);
	int more = MNL_CB_OK, on = 1, error;
	ssize_t size;

	if (!socket || !answer || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0)
		more = MNL_CB_ERROR;
	if (more == MNL_CB_OK)
		setsockopt(mnl_socket_get_fd(socket), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
			   sizeof(on));
	if (more == MNL_CB_OK && mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		more = MNL_CB_ERROR;
	while (more == MNL_CB_OK) {
		size = mnl_socket_recvfrom(socket, answer, MESSAGE_SIZE);
		more = size < 0 ? MNL_CB_ERROR : mnl_cb_run(answer, size, 0, 0, callback, data);
	}
	error = errno;
	free(answer);
	if (socket)
		mnl_socket_close(socket);
	errno = error;
	return more == MNL_CB_ERROR ? -1 : 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

struct reading {
	struct holes	*holes;
	__u8		protocol;
};

static bool is_asked_for(const struct rtmsg *route, __u8 protocol)
{
	if (protocol == RTNL_ANY)
		return route->rtm_type == RTN_BLACKHOLE || route->rtm_type == RTN_UNREACHABLE ||
		       route->rtm_type == RTN_PROHIBIT;
	return route->rtm_protocol == protocol && route->rtm_type == RTN_BLACKHOLE;
}

static int hole_read(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	struct hole hole = { .table = route->rtm_table };
	struct reading *reading = data;
	const struct nlattr *attribute;
	struct hole *grown;

	if (!is_asked_for(route, reading->protocol))
		return MNL_CB_OK;
	hole.prefix.family = route->rtm_family == AF_INET ? 4 : 6;
	hole.prefix.length = route->rtm_dst_len;
	mnl_attr_for_each(attribute, message, sizeof(*route)) {
		switch (mnl_attr_get_type(attribute)) {
		case RTA_DST:
			memcpy(hole.prefix.addr, mnl_attr_get_payload(attribute),
			       hole.prefix.family == 4 ? 4 : 16);
			break;
		case RTA_TABLE:
			hole.table = mnl_attr_get_u32(attribute);
			break;
		case RTA_PRIORITY:
			hole.metric = mnl_attr_get_u32(attribute);
			break;
		}
	}
	grown = reallocarray(reading->holes->at, reading->holes->count + 1, sizeof(*grown));
	if (!grown)
		return MNL_CB_ERROR;
	reading->holes->at = grown;
	grown[reading->holes->count++] = hole;
	return MNL_CB_OK;
}

/* A dump of the routes of both families that the header asks for. */
static int dump(const struct rtmsg *asked, mnl_cb_t callback, void *data, struct fail *fail)
{
	static const __u8 families[] = { AF_INET, AF_INET6 };

	for (int i = 0; i < 2; i++) {
		char buffer[512];
		struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
		struct rtmsg *route;

		request->nlmsg_type = RTM_GETROUTE;
		request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
		*route = *asked;
		route->rtm_family = families[i];
		if (talk(request, callback, data) && errno != EAFNOSUPPORT)
			return failed(fail, "read the routes");
	}
	return 0;
}

int rtnl_holes(__u8 protocol, struct holes *holes, struct fail *fail)
{
	struct reading reading = { holes, protocol };
	const struct rtmsg asked = {
		.rtm_protocol = protocol,
		.rtm_type = protocol == RTNL_ANY ? RTN_UNSPEC : RTN_BLACKHOLE,
	};

	*holes = (struct holes){ 0 };
	if (dump(&asked, hole_read, &reading, fail) == 0)
		return 0;
	free(holes->at);
	*holes = (struct holes){ 0 };
	return -fail->status;
}

/* ---- several next hops --------------------------------------------------------------------- */

struct multipath {
	void	(*take)(void *data, const __u32 *device, size_t count);
	void	*data;
};

static void hops_take(const struct multipath *multipath, const struct nlattr *hops)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(hops);
	int left = mnl_attr_get_payload_len(hops);	/* signed: so RTNH_OK() compares */
	size_t count = 0;
	__u32 device[RTNL_HOPS];

	while (RTNH_OK(hop, left)) {
		if (count == RTNL_HOPS)
			return multipath->take(multipath->data, NULL, 0);
		device[count++] = hop->rtnh_ifindex;
		left -= RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	multipath->take(multipath->data, device, count);
}

static int multipath_read(const struct nlmsghdr *message, void *data)
{
	bool device = false, object = false;
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct rtmsg)) {
		switch (mnl_attr_get_type(attribute)) {
		case RTA_MULTIPATH:
			hops_take(data, attribute);
			return MNL_CB_OK;
		case RTA_OIF:
			device = true;
			break;
		case RTA_NH_ID:
			object = true;
			break;
		}
	}
	/* net.ipv4.nexthop_compat_mode=0: a next hop, or a group of them, behind a number */
	if (object && !device)
		((struct multipath *)data)->take(((struct multipath *)data)->data, NULL, 0);
	return MNL_CB_OK;
}

int rtnl_multipath(void (*take)(void *data, const __u32 *device, size_t count), void *data,
		   struct fail *fail)
{
	const struct rtmsg asked = { .rtm_type = RTN_UNICAST };
	struct multipath multipath = { take, data };

	return dump(&asked, multipath_read, &multipath, fail);
}

/* ---- writing ------------------------------------------------------------------------------- */

static int hole_write(__u8 protocol, const struct hole *hole, bool add)
{
	char buffer[512];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	bool six = hole->prefix.family == 6;
	struct rtmsg *route;

	request->nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	if (add)
		request->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
	route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	route->rtm_family = six ? AF_INET6 : AF_INET;
	route->rtm_dst_len = hole->prefix.length;
	route->rtm_protocol = protocol;
	route->rtm_type = RTN_BLACKHOLE;
	route->rtm_table = hole->table < 256 ? hole->table : RT_TABLE_UNSPEC;
	mnl_attr_put_u32(request, RTA_TABLE, hole->table);
	mnl_attr_put(request, RTA_DST, six ? 16 : 4, hole->prefix.addr);
	mnl_attr_put_u32(request, RTA_PRIORITY, hole->metric);
	return talk(request, NULL, NULL);
}

int rtnl_hole_add(__u8 protocol, const struct hole *hole, struct fail *fail)
{
	return hole_write(protocol, hole, true) ? failed(fail, "add a route") : 0;
}

int rtnl_hole_del(__u8 protocol, const struct hole *hole, struct fail *fail)
{
	if (hole_write(protocol, hole, false) == 0 || errno == ESRCH)
		return 0;
	return failed(fail, "remove a route");
}

/* ---- one host ------------------------------------------------------------------------------ */

static int way_read(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct rtmsg))
		if (mnl_attr_get_type(attribute) == RTA_OIF)
			*(__u32 *)data = mnl_attr_get_u32(attribute);
	return MNL_CB_STOP;
}

int rtnl_way(const struct prefix *host, const struct prefix *from, __u32 *device)
{
	char buffer[512];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	bool six = host->family == 6;
	struct rtmsg *route;

	request->nlmsg_type = RTM_GETROUTE;
	request->nlmsg_flags = NLM_F_REQUEST;
	route = mnl_nlmsg_put_extra_header(request, sizeof(*route));
	route->rtm_family = six ? AF_INET6 : AF_INET;
	route->rtm_dst_len = six ? 128 : 32;
	mnl_attr_put(request, RTA_DST, six ? 16 : 4, host->addr);
	if (from->family == host->family) {
		route->rtm_src_len = route->rtm_dst_len;
		mnl_attr_put(request, RTA_SRC, six ? 16 : 4, from->addr);
	}
	*device = 0;
	if (talk(request, way_read, device))
		return -errno;
	return *device ? 0 : -ENOENT;
}

/* ---- neighbours ---------------------------------------------------------------------------- */

struct devices {
	const __u32	*at;
	size_t		count;
};

static bool is_among(const struct devices *devices, __u32 device)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->at[i] == device)
			return true;
	return false;
}

/* As if the kernel itself had sent something there. One that has gone meanwhile is none to use. */
static void neighbour_use(const struct ndmsg *found, const struct nlattr *address)
{
	char buffer[512];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ndmsg *neighbour;

	request->nlmsg_type = RTM_NEWNEIGH;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_REPLACE;
	neighbour = mnl_nlmsg_put_extra_header(request, sizeof(*neighbour));
	neighbour->ndm_family = found->ndm_family;
	neighbour->ndm_ifindex = found->ndm_ifindex;
	neighbour->ndm_flags = NTF_USE;
	mnl_attr_put(request, NDA_DST, mnl_attr_get_payload_len(address), mnl_attr_get_payload(address));
	talk(request, NULL, NULL);
}

static int neighbour_read(const struct nlmsghdr *message, void *data)
{
	const struct ndmsg *found = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;

	if (found->ndm_state != NUD_STALE || !is_among(data, found->ndm_ifindex))
		return MNL_CB_OK;
	mnl_attr_for_each(attribute, message, sizeof(*found))
		if (mnl_attr_get_type(attribute) == NDA_DST)
			neighbour_use(found, attribute);
	return MNL_CB_OK;
}

void rtnl_neighbours_use(const __u32 *device, size_t count)
{
	static const __u8 families[] = { AF_INET, AF_INET6 };
	struct devices devices = { device, count };

	for (int i = 0; i < 2; i++) {
		char buffer[512];
		struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
		struct ndmsg *asked;

		request->nlmsg_type = RTM_GETNEIGH;
		request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		asked = mnl_nlmsg_put_extra_header(request, sizeof(*asked));
		asked->ndm_family = families[i];
		talk(request, neighbour_read, &devices);
	}
}
