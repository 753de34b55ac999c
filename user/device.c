// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>	/* before the kernel's, which then leaves out what both have */
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "device.h"
#include "out.h"
#include "rtnl.h"

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

__u32 device_of(const struct prefix *address)
{
	struct ifaddrs *first, *at;
	struct prefix found;
	__u32 index = 0;

	if (getifaddrs(&first))
		return 0;
	for (at = first; at && !index; at = at->ifa_next)
		if (at->ifa_addr && address_read(at->ifa_addr, &found) &&
		    !prefix_compare(&found, address))
			index = if_nametoindex(at->ifa_name);
	freeifaddrs(first);
	return index;
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
			link.veth = is_kind(attribute, "veth");
			link.bond = is_kind(attribute, "bond");
			link.vlan = is_kind(attribute, "vlan");
			break;
		case IFLA_ADDRESS:
			if (mnl_attr_get_payload_len(attribute) == sizeof(link.mac))
				memcpy(link.mac, mnl_attr_get_payload(attribute), sizeof(link.mac));
			break;
		case IFLA_IFNAME:
			snprintf(link.name, sizeof(link.name), "%s", mnl_attr_get_str(attribute));
			break;
		}
	}
	if (elsewhere || link.veth)
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

const struct link *link_find(const struct links *links, __u32 index)
{
	for (size_t i = 0; i < links->count; i++)
		if (links->at[i].index == index)
			return &links->at[i];
	return NULL;
}

/* IFF_*; 0 when the kernel does not say */
static unsigned int flags_of(const char *device)
{
	struct ifreq request = {};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return 0;
	memcpy(request.ifr_name, device, strnlen(device, IFNAMSIZ - 1));
	error = ioctl(fd, SIOCGIFFLAGS, &request);
	close(fd);
	return error ? 0 : (unsigned short)request.ifr_flags;
}

bool device_is_bond(const char *device)
{
	return flags_of(device) & IFF_MASTER;
}

bool device_bonded(const char *device, char bond[static 16])
{
	const struct link *port, *master;
	struct links links;

	if (!(flags_of(device) & IFF_SLAVE))
		return false;
	links_read(&links);
	port = link_find(&links, if_nametoindex(device));
	master = port ? link_find(&links, port->master) : NULL;
	snprintf(bond, 16, "%s", master ? master->name : "?");
	free(links.at);
	return true;
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

static void ports_behind(struct dev *dev, const struct links *links)
{
	bool more = true;

	memset(dev->behind, 0, sizeof(dev->behind));
	dev->flags &= ~DEV_BEHIND_MORE;
	/* a VLAN on a bridge of which this is a port: again until nothing is new */
	while (more) {
		more = false;
		for (size_t i = 0; i < links->count; i++) {
			const struct link *link = &links->at[i];

			if (stands_behind(dev, link->index))
				more |= behind_add(dev, link->master);
			if (link->ppp || (link->lower && stands_behind(dev, link->lower)))
				more |= behind_add(dev, link->index);
		}
	}
	if (links->failed)
		dev->flags |= DEV_BEHIND_MORE;
}

/* ---- routes with several next hops --------------------------------------------------------- */

struct sharing {
	struct dev	*devs;		/* what is found is added to these */
	const struct dev *ports;	/* the same before the first was found: sharing is not handed on */
	size_t		count;
};

static bool is_strict(const struct dev *dev)
{
	return dev->ifindex && dev->urpf == URPF_STRICT;
}

static void share(void *data, const __u32 *device, size_t count)
{
	const struct sharing *sharing = data;

	for (size_t i = 0; i < sharing->count; i++) {
		struct dev *dev = &sharing->devs[i];
		bool mine = false;

		if (!is_strict(dev))
			continue;
		for (size_t hop = 0; hop < count; hop++)
			mine |= stands_behind(&sharing->ports[i], device[hop]);
		for (size_t hop = 0; hop < count && mine; hop++)
			behind_add(dev, device[hop]);
		if (!count)
			dev->flags |= DEV_BEHIND_MORE;
	}
}

static void shares_find(struct dev *devs, const struct dev *ports, size_t count)
{
	struct sharing sharing = { devs, ports, count };
	struct fail ignored;

	if (rtnl_multipath(share, &sharing, &ignored))
		share(&sharing, NULL, 0);
}

void devices_behind(struct dev devs[DEV_MAX])
{
	struct dev ports[DEV_MAX];
	struct links links;
	bool any = false;

	for (int slot = 0; slot < DEV_MAX; slot++)
		any |= is_strict(&devs[slot]);
	if (!any)
		return;
	links_read(&links);
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (is_strict(&devs[slot]))
			ports_behind(&devs[slot], &links);
	free(links.at);
	memcpy(ports, devs, sizeof(ports));
	shares_find(devs, ports, DEV_MAX);
}

/* One device as if it were checked strictly, and what of that comes from its links alone. */
static void behind_one(__u32 ifindex, struct dev *dev, struct dev *ports)
{
	struct links links;

	*dev = (struct dev){ .ifindex = ifindex, .urpf = URPF_STRICT };
	links_read(&links);
	ports_behind(dev, &links);
	free(links.at);
	*ports = *dev;
	shares_find(dev, ports, 1);
}

bool device_takes(__u32 ifindex, __u32 towards)
{
	struct dev dev, ports;

	behind_one(ifindex, &dev, &ports);
	return dev.flags & DEV_BEHIND_MORE || stands_behind(&dev, towards);
}

void device_shares(__u32 ifindex, char *names, size_t size)
{
	struct dev dev, ports;
	size_t used = 0;

	behind_one(ifindex, &dev, &ports);
	*names = '\0';
	for (int i = 0; i < DEV_BEHIND && used < size; i++) {
		char name[IF_NAMESIZE], shown[4 * IF_NAMESIZE + 1];

		if (!dev.behind[i] || stands_behind(&ports, dev.behind[i]) ||
		    !if_indextoname(dev.behind[i], name))
			continue;
		out_escape(name, shown, sizeof(shown));
		used += snprintf(names + used, size - used, "%s%s", used ? ", " : "", shown);
	}
}
