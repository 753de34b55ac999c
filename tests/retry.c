// SPDX-License-Identifier: GPL-2.0-only
/* Devices that could not be attached are tried again, unless a hand was there since. */
#include "retry.h"
#include "test.h"

static char wan0[] = "wan0", lan0[] = "lan0";
static const struct if_nameindex devices[] = { { 7, wan0 }, { 8, lan0 }, { 0, NULL } };
static struct dev devs[DEV_MAX];

/* both failed at 1000 */
static struct retry two(void)
{
	struct retry retry = {};

	memset(devs, 0, sizeof(devs));
	CHECK(retry_add(&retry, 7, false, 1000));
	CHECK(retry_add(&retry, 8, false, 1000));
	return retry;
}

TEST(the_first_failure_is_told_and_the_next_are_not)
{
	struct retry retry = two();

	CHECK(!retry_add(&retry, 7, false, 2000));
	CHECK_EQ(retry.count, 2);
	retry_drop(&retry, 7);
	CHECK(!retry_has(&retry, 7) && retry_has(&retry, 8));
	CHECK(retry_add(&retry, 7, false, 3000));
	retry_drop(&retry, 99);
	CHECK_EQ(retry.count, 2);
}

TEST(nothing_happened_so_both_are_tried_again)
{
	struct retry retry = two();

	/* an attachment of before the failure is none since */
	devs[0] = (struct dev){ .name = "wan0", .attached_ns = 999 };
	retry_settle(&retry, devs, devices);
	CHECK(retry_has(&retry, 7) && retry_has(&retry, 8));
}

TEST(what_has_gone_is_forgotten)
{
	struct retry retry = two();

	retry_settle(&retry, devs, &devices[1]);
	CHECK(!retry_has(&retry, 7) && retry_has(&retry, 8));
}

TEST(attached_by_hand)
{
	struct retry retry = two();

	devs[4] = (struct dev){ .ifindex = 8, .name = "lan0", .attached_ns = 1500 };
	retry_settle(&retry, devs, devices);
	CHECK(retry_has(&retry, 7) && !retry_has(&retry, 8));
}

TEST(attached_and_detached_by_hand_between_two_looks)
{
	struct retry retry = two();

	devs[4] = (struct dev){ .name = "lan0", .attached_ns = 1500 };
	retry_settle(&retry, devs, devices);
	CHECK(retry_has(&retry, 7) && !retry_has(&retry, 8));
}

/* its program was lost and did not come back: the slot is what link detach takes */
TEST(a_slot_that_was_held_and_is_given_up)
{
	struct retry retry = {};

	memset(devs, 0, sizeof(devs));
	devs[4] = (struct dev){ .ifindex = 8, .name = "lan0", .attached_ns = 500 };
	CHECK(retry_add(&retry, 8, true, 1000));
	retry_settle(&retry, devs, devices);
	CHECK(retry_has(&retry, 8));
	devs[4].ifindex = 0;
	retry_settle(&retry, devs, devices);
	CHECK(!retry_has(&retry, 8));
}

TEST(it_is_bounded)
{
	struct retry retry = {};

	for (__u32 i = 1; i <= RETRY_MAX + 3; i++)
		CHECK(retry_add(&retry, i, false, 1));
	CHECK_EQ(retry.count, RETRY_MAX);
	CHECK(!retry_has(&retry, RETRY_MAX + 1));
}

int main(void)
{
	return test_main();
}
