// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "conntrack.h"
#include "nat.h"

struct limit nat_guard(unsigned int addresses, __u64 unreplied_ns)
{
	__u64 ports = (__u64)NAT_PORTS * addresses / 8 * 7, burst = ports / 4;
	__u64 seconds = unreplied_ns / 1000000000 ? unreplied_ns / 1000000000 : 1;
	__u64 rate = (ports - burst) / seconds;

	return (struct limit){
		.kind = LIMIT_DESTINATION,
		.roles = 1 << ROLE_INSIDE,
		.rate = { .count = rate ? rate : 1, .per_ns = 1000000000 },
		.burst = burst,
	};
}

/* A chain of type nat at postrouting: sets *data, a bool. */
static int chain_seen(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attribute, *inner;
	bool *nat = data, typed = false, hooked = false;

	mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attribute) == NFTA_CHAIN_TYPE)
			typed = !strcmp(mnl_attr_get_str(attribute), "nat");
		if (mnl_attr_get_type(attribute) != NFTA_CHAIN_HOOK)
			continue;
		mnl_attr_for_each_nested(inner, attribute)
			if (mnl_attr_get_type(inner) == NFTA_HOOK_HOOKNUM)
				hooked = ntohl(mnl_attr_get_u32(inner)) == NF_INET_POST_ROUTING;
	}
	*nat |= typed && hooked;
	return MNL_CB_OK;
}

static bool nftables_translates(void)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	char buffer[16384];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *head;
	bool nat = false;
	ssize_t size;

	if (!socket)
		return false;
	message->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = time(NULL);
	head = mnl_nlmsg_put_extra_header(message, sizeof(*head));
	head->nfgen_family = NFPROTO_UNSPEC;
	head->version = NFNETLINK_V0;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) >= 0 &&
	    mnl_socket_sendto(socket, message, message->nlmsg_len) >= 0)
		while ((size = mnl_socket_recvfrom(socket, buffer, sizeof(buffer))) > 0)
			if (mnl_cb_run(buffer, size, 0, 0, chain_seen, &nat) <= MNL_CB_STOP)
				break;
	mnl_socket_close(socket);
	return nat;
}

/* The tables of the older iptables, of this namespace. */
static bool iptables_translates(void)
{
	FILE *names = fopen("/proc/net/ip_tables_names", "re");
	char line[64];
	bool nat = false;

	while (names && fgets(line, sizeof(line), names))
		nat |= !strcmp(line, "nat\n");
	if (names)
		fclose(names);
	return nat;
}

void nat_guard_find(struct policy *policy)
{
	bool inside = false;

	policy->guard = (struct limit){};
	for (size_t i = 0; i < policy->interface_count; i++)
		inside |= policy->interface[i].role == ROLE_INSIDE;
	if (inside && (nftables_translates() || iptables_translates()))
		policy->guard = nat_guard(1, conntrack_unreplied_ns());
}
