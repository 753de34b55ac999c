// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include "route_blocks.h"

#define BLOCK_LENGTH	ROUTES_BLOCK_BITS	/* of its prefix: as many bits as number the blocks */

static void split(struct route_blocks *blocks, __u32 first, __u32 count)
{
	for (__u32 block = first; block < first + count; block++)
		blocks->split[block / 64] |= 1ULL << (block & 63);
}

void route_blocks_route(struct route_blocks *blocks, const struct nlmsghdr *message)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	bool several = route->rtm_tos;	/* answers for one address, by what else the packet is */
	const struct nlattr *attribute;
	__u32 to = 0, count = 1;

	if (route->rtm_family != AF_INET || route->rtm_flags & RTM_F_CLONED)
		return;
	mnl_attr_for_each(attribute, message, sizeof(*route)) {
		switch (mnl_attr_get_type(attribute)) {
		case RTA_DST:
			to = ntohl(mnl_attr_get_u32(attribute));
			break;
		case RTA_MULTIPATH:
		case RTA_NH_ID:
			several = true;
			break;
		}
	}
	if (route->rtm_dst_len < BLOCK_LENGTH)
		count = 1U << (BLOCK_LENGTH - route->rtm_dst_len);
	if (several || route->rtm_dst_len > BLOCK_LENGTH)
		split(blocks, to >> (32 - ROUTES_BLOCK_BITS), count);
}

void route_blocks_rule(struct route_blocks *blocks, const struct nlmsghdr *message)
{
	const struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;

	if (rule->family != AF_INET)
		return;
	if (rule->dst_len || rule->src_len || rule->tos || rule->action != FR_ACT_TO_TBL ||
	    rule->flags & FIB_RULE_INVERT)
		blocks->odd_rule = true;
	mnl_attr_for_each(attribute, message, sizeof(*rule)) {
		switch (mnl_attr_get_type(attribute)) {
		case FRA_TABLE:
		case FRA_PRIORITY:
		case FRA_PROTOCOL:
		case FRA_PAD:
			break;
		case FRA_SUPPRESS_PREFIXLEN:	/* told of each rule; all ones: it does not */
			blocks->odd_rule |= mnl_attr_get_u32(attribute) != ~0U;
			break;
		default:
			blocks->odd_rule = true;
		}
	}
}
