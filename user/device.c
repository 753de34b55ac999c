// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <linux/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include "device.h"

/* ---- addresses ----------------------------------------------------------------------------- */

static bool address_read(const struct sockaddr *from, struct prefix *out)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *four = (const struct sockaddr_in *)from;

	*out = (struct prefix){ 0 };
	if (from->sa_family == AF_INET) {
		out->family = 4;
		out->length = 32;
		memcpy(out->addr, &four->sin_addr, sizeof(four->sin_addr));
		return four->sin_addr.s_addr;
	}
	if (from->sa_family != AF_INET6 || IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr))
		return false;
	out->family = 6;
	out->length = 128;
	memcpy(out->addr, &six->sin6_addr, sizeof(six->sin6_addr));
	return true;
}

/* The broadcast address of the network that an IPv4 address is in; false when it has none. */
static bool broadcast_of(const struct ifaddrs *at, struct prefix *out)
{
	const struct sockaddr_in *mask = (const struct sockaddr_in *)at->ifa_netmask;
	struct sockaddr_in all;

	if (at->ifa_addr->sa_family != AF_INET || !mask)
		return false;
	if (ntohl(mask->sin_addr.s_addr) >= 0xfffffffe)
		return false;	/* RFC 3021: two hosts, no broadcast */
	all = *(const struct sockaddr_in *)at->ifa_addr;
	all.sin_addr.s_addr |= ~mask->sin_addr.s_addr;
	return address_read((const struct sockaddr *)&all, out);
}

int device_addresses(struct prefix **own, size_t *count)
{
	struct ifaddrs *first, *at;
	size_t room = 0;

	*own = NULL;
	*count = 0;
	if (getifaddrs(&first))
		return -errno;
	for (at = first; at; at = at->ifa_next)
		room += 2;
	*own = calloc(room + 1, sizeof(**own));
	for (at = first; at && *own; at = at->ifa_next) {
		if (!at->ifa_addr || at->ifa_flags & IFF_LOOPBACK)
			continue;
		*count += address_read(at->ifa_addr, *own + *count);
		*count += broadcast_of(at, *own + *count);
	}
	freeifaddrs(first);
	return *own ? 0 : -ENOMEM;
}

/* ---- devices behind a port ----------------------------------------------------------------- */

static bool is_kind(const struct nlattr *info, const char *kind)
{
	const struct nlattr *attribute;

	mnl_attr_for_each_nested(attribute, info)
		if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
			return !strcmp(mnl_attr_get_str(attribute), kind);
	return false;
}

static int link_read(const struct nlmsghdr *message, void *data)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct link link = { .index = info->ifi_index, .ppp = info->ifi_type == ARPHRD_PPP };
	struct links *links = data;
	const struct nlattr *attribute;
	bool elsewhere = false;
	struct link *grown;

	mnl_attr_for_each(attribute, message, sizeof(*info)) {
		switch (mnl_attr_get_type(attribute)) {
		case IFLA_MASTER:
			link.master = mnl_attr_get_u32(attribute);
			break;
		case IFLA_LINK:
			link.lower = mnl_attr_get_u32(attribute);
			break;
		case IFLA_LINK_NETNSID:	/* the number is one of another namespace */
			elsewhere = true;
			break;
		case IFLA_LINKINFO:	/* its other end is no device below it */
			elsewhere |= is_kind(attribute, "veth");
			link.vlan = is_kind(attribute, "vlan");
			break;
		case IFLA_IFNAME:
			snprintf(link.name, sizeof(link.name), "%s", mnl_attr_get_str(attribute));
			break;
		}
	}
	if (elsewhere)
		link.lower = 0;
	grown = reallocarray(links->at, links->count + 1, sizeof(*grown));
	if (!grown) {
		links->failed = true;
		return MNL_CB_STOP;
	}
	links->at = grown;
	links->at[links->count++] = link;
	return MNL_CB_OK;
}

void links_read(struct links *links)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	static char buffer[32768];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *info;
	ssize_t size;
	int more = MNL_CB_OK;

	*links = (struct links){ .failed = !socket };
	if (!socket)
		return;
	request->nlmsg_type = RTM_GETLINK;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		links->failed = true;
	while (!links->failed && more == MNL_CB_OK) {
		size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
		more = size < 0 ? MNL_CB_ERROR :
				  mnl_cb_run(buffer, size, 0, 0, link_read, links);
		links->failed |= more == MNL_CB_ERROR;
	}
	mnl_socket_close(socket);
}

static bool stands_behind(const struct dev *dev, __u32 index)
{
	for (int i = 0; i < DEV_BEHIND; i++)
		if (index == dev->behind[i])
			return true;
	return index == dev->ifindex;
}

/* True if it was not there yet. */
static bool behind_add(struct dev *dev, __u32 index)
{
	if (!index || stands_behind(dev, index))
		return false;
	for (int i = 0; i < DEV_BEHIND; i++) {
		if (dev->behind[i])
			continue;
		dev->behind[i] = index;
		return true;
	}
	dev->flags |= DEV_BEHIND_MORE;
	return false;
}

void device_behind(struct dev *dev)
{
	struct links links;
	bool more = true;

	memset(dev->behind, 0, sizeof(dev->behind));
	dev->flags &= ~DEV_BEHIND_MORE;
	links_read(&links);
	/* a VLAN on a bridge of which this is a port: again until nothing is new */
	while (more) {
		more = false;
		for (size_t i = 0; i < links.count; i++) {
			const struct link *link = &links.at[i];

			if (stands_behind(dev, link->index))
				more |= behind_add(dev, link->master);
			if (link->ppp || (link->lower && stands_behind(dev, link->lower)))
				more |= behind_add(dev, link->index);
		}
	}
	if (links.failed)
		dev->flags |= DEV_BEHIND_MORE;
	free(links.at);
}
