// SPDX-License-Identifier: GPL-2.0-only
/* Which blocks have one answer, from messages as the kernel sends them. */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include "route_blocks.h"
#include "test.h"

static char buffer[1024];
static struct route_blocks blocks;

static struct nlmsghdr *route(const char *to, __u8 length, __u8 family)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	message->nlmsg_type = RTM_NEWROUTE;
	header->rtm_family = family;
	header->rtm_dst_len = length;
	if (to)
		mnl_attr_put_u32(message, RTA_DST, inet_addr(to));
	return message;
}

static struct rtmsg *header_of(struct nlmsghdr *message)
{
	return mnl_nlmsg_get_payload(message);
}

static unsigned split_count(void)
{
	unsigned count = 0;

	for (int i = 0; i < ROUTES_BLOCKS / 64; i++)
		count += __builtin_popcountll(blocks.split[i]);
	return count;
}

static bool is_split(const char *address)
{
	__u32 block = ntohl(inet_addr(address)) >> 16;

	return blocks.split[block / 64] >> (block & 63) & 1;
}

static void begin(void)
{
	blocks = (struct route_blocks){ 0 };
}

TEST(what_covers_whole_blocks_splits_none)
{
	begin();
	route_blocks_route(&blocks, route(NULL, 0, AF_INET));
	route_blocks_route(&blocks, route("10.0.0.0", 8, AF_INET));
	route_blocks_route(&blocks, route("10.1.0.0", 16, AF_INET));
	CHECK_EQ(split_count(), 0);
}

TEST(what_leads_to_a_part_splits_its_block)
{
	begin();
	route_blocks_route(&blocks, route("10.1.2.0", 24, AF_INET));
	route_blocks_route(&blocks, route("255.255.255.255", 32, AF_INET));
	route_blocks_route(&blocks, route("203.0.128.0", 17, AF_INET));
	CHECK_EQ(split_count(), 3);
	CHECK(is_split("10.1.200.1"));
	CHECK(is_split("255.255.0.0"));
	CHECK(is_split("203.0.0.1"));
}

TEST(several_answers_for_one_address_split_all_it_covers)
{
	struct nlmsghdr *message;

	begin();
	message = route("10.0.0.0", 8, AF_INET);
	mnl_attr_put(message, RTA_MULTIPATH, 0, NULL);
	route_blocks_route(&blocks, message);
	CHECK_EQ(split_count(), 256);
	CHECK(is_split("10.255.0.1") && !is_split("11.0.0.0"));
	begin();
	message = route("10.2.0.0", 15, AF_INET);
	mnl_attr_put_u32(message, RTA_NH_ID, 7);
	route_blocks_route(&blocks, message);
	CHECK_EQ(split_count(), 2);
	begin();
	message = route(NULL, 0, AF_INET);
	header_of(message)->rtm_tos = 4;
	route_blocks_route(&blocks, message);
	CHECK_EQ(split_count(), ROUTES_BLOCKS);
}

TEST(other_families_and_cached_routes_say_nothing)
{
	struct nlmsghdr *message;

	begin();
	route_blocks_route(&blocks, route("10.1.2.0", 64, AF_INET6));
	message = route("10.1.2.3", 32, AF_INET);
	header_of(message)->rtm_flags = RTM_F_CLONED;
	route_blocks_route(&blocks, message);
	CHECK_EQ(split_count(), 0);
}

static struct nlmsghdr *rule(__u32 table, __u32 priority)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	message->nlmsg_type = RTM_NEWRULE;
	header->family = AF_INET;
	header->action = FR_ACT_TO_TBL;
	header->table = table;
	mnl_attr_put_u32(message, FRA_TABLE, table);
	mnl_attr_put_u32(message, FRA_SUPPRESS_PREFIXLEN, ~0U);
	mnl_attr_put_u8(message, FRA_PROTOCOL, 2);
	if (priority)
		mnl_attr_put_u32(message, FRA_PRIORITY, priority);
	return message;
}

static bool odd(const struct nlmsghdr *message)
{
	begin();
	route_blocks_rule(&blocks, message);
	return blocks.odd_rule;
}

TEST(rules_that_ask_for_nothing_are_no_matter)
{
	CHECK(!odd(rule(255, 0)));
	CHECK(!odd(rule(254, 32766)));
	CHECK(!odd(rule(100, 1000)));
}

TEST(rules_that_ask_for_more_end_it)
{
	static const __u16 asks[] = { FRA_SRC, FRA_DST, FRA_IIFNAME, FRA_OIFNAME, FRA_FWMARK, FRA_L3MDEV,
				      FRA_UID_RANGE, FRA_SPORT_RANGE, FRA_IP_PROTO, FRA_GOTO, 77 };
	struct nlmsghdr *message;

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		message = rule(254, 100);
		mnl_attr_put_u32(message, asks[i], 1);
		CHECK_SAID(odd(message), "attribute %d", asks[i]);
	}
	message = rule(254, 100);
	((struct fib_rule_hdr *)mnl_nlmsg_get_payload(message))->src_len = 8;
	CHECK(odd(message));
	message = rule(254, 100);
	((struct fib_rule_hdr *)mnl_nlmsg_get_payload(message))->action = FR_ACT_BLACKHOLE;
	CHECK(odd(message));
	message = rule(254, 100);
	mnl_attr_put_u32(message, FRA_SUPPRESS_PREFIXLEN, 0);
	CHECK(odd(message));
}

int main(void)
{
	return test_main();
}
