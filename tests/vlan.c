// SPDX-License-Identifier: GPL-2.0-only
/* Which VLAN devices wait for the tags of a device. */
#include <string.h>
#include "test.h"
#include "vlan.h"

static struct link at[] = {
	{ .index = 2, .name = "eth0", .master = 5 },
	{ .index = 3, .name = "eth1" },
	{ .index = 9, .name = "bond0.7.9", .lower = 6, .vlan = true },
	{ .index = 6, .name = "bond0.7", .lower = 5, .vlan = true },
	{ .index = 5, .name = "bond0" },
	{ .index = 7, .name = "mac0", .lower = 3 },
	{ .index = 8, .name = "eth2" },
	{ .index = 10, .name = "eth2.1", .lower = 8, .vlan = true },
};
static const struct links all = { .at = at, .count = sizeof(at) / sizeof(at[0]) };

static const char *above(__u32 index)
{
	static char names[64];

	vlan_names(&all, index, names, sizeof(names));
	return names;
}

TEST(above_a_device)
{
	CHECK_STR(above(8), "eth2.1");
}

TEST(above_the_bond_of_a_port)
{
	CHECK_STR(above(2), "bond0.7.9, bond0.7");
}

TEST(a_macvlan_is_none)
{
	CHECK_STR(above(3), "");
}

TEST(a_vlan_does_not_wait_for_itself)
{
	CHECK_STR(above(10), "");
	CHECK_STR(above(6), "bond0.7.9");
}

TEST(too_many_are_cut_off)
{
	char names[8];

	CHECK_EQ(vlan_names(&all, 2, names, sizeof(names)), 2);
	CHECK_EQ(strlen(names), 7);
}

TEST(no_devices)
{
	const struct links none = { 0 };
	char names[8] = "x";

	CHECK_EQ(vlan_names(&none, 2, names, sizeof(names)), 0);
	CHECK_STR(names, "");
}

int main(void)
{
	return test_main();
}
