// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <sys/socket.h>
#include "netdev.h"

#define MESSAGE_SIZE	8192

/* of linux/netdev.h, which Debian 12 does not have */
enum { NETDEV_CMD_DEV_GET = 1 };
enum { NETDEV_A_DEV_IFINDEX = 1, NETDEV_A_DEV_XDP_FEATURES = 3 };

/* An attribute of a generic netlink message, and what it held. */
struct wanted {
	__u16		type;
	bool		found;
	__u64		value;
};

static int attribute_read(const struct nlmsghdr *message, void *data)
{
	struct wanted *wanted = data;
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct genlmsghdr)) {
		__u16 size = mnl_attr_get_payload_len(attribute);

		if (mnl_attr_get_type(attribute) != wanted->type)
			continue;
		wanted->found = true;
		if (size == sizeof(__u16))
			wanted->value = mnl_attr_get_u16(attribute);
		else if (size == sizeof(__u64))
			wanted->value = mnl_attr_get_u64(attribute);
	}
	return MNL_CB_OK;
}

static struct nlmsghdr *request_begin(char *buffer, __u16 family, __u8 command)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *head = mnl_nlmsg_put_extra_header(request, sizeof(*head));

	request->nlmsg_type = family;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	head->cmd = command;
	head->version = 1;
	return request;
}

/* One request, up to its acknowledgment. 0, or -errno. */
static int ask(struct mnl_socket *socket, struct nlmsghdr *request, char *buffer,
	       struct wanted *wanted)
{
	int more = MNL_CB_OK;
	ssize_t size;

	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	while (more == MNL_CB_OK) {
		size = mnl_socket_recvfrom(socket, buffer, MESSAGE_SIZE);
		more = size < 0 ? MNL_CB_ERROR :
				  mnl_cb_run(buffer, size, 0, 0, attribute_read, wanted);
	}
	if (more == MNL_CB_ERROR)
		return -errno;
	return wanted->found ? 0 : -ENOENT;
}

int netdev_features(__u32 ifindex, __u64 *features)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	struct wanted family = { .type = CTRL_ATTR_FAMILY_ID };
	struct wanted flags = { .type = NETDEV_A_DEV_XDP_FEATURES };
	char buffer[MESSAGE_SIZE];
	struct nlmsghdr *request;
	int error;

	if (!socket)
		return -errno;
	error = mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
	if (!error) {
		request = request_begin(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
		mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, "netdev");
		error = ask(socket, request, buffer, &family);
	}
	if (!error) {
		request = request_begin(buffer, family.value, NETDEV_CMD_DEV_GET);
		mnl_attr_put_u32(request, NETDEV_A_DEV_IFINDEX, ifindex);
		error = ask(socket, request, buffer, &flags);
	}
	mnl_socket_close(socket);
	*features = flags.value;
	return error;
}
