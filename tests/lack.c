// SPDX-License-Identifier: GPL-2.0-only
/* Devices that a policy names and that have no program: which, and whether they are there. */
#include "lack.h"
#include "policy.h"
#include "port.h"
#include "test.h"

static char lo[] = "lo", wan0[] = "wan0", lan1[] = "lan1", odd[] = "a*b", other[] = "eth5";
static const struct if_nameindex devices[] = {
	{ 1, lo }, { 2, wan0 }, { 3, lan1 }, { 4, odd }, { 5, other }, { 0, NULL },
};
static struct dev devs[DEV_MAX];
static struct lack lack[LACK_MAX];

static size_t lacks(const char *text)
{
	struct policy policy;
	struct fail fail;
	size_t count;

	if (policy_parse(text, "test", 0, &policy, &fail)) {
		CHECK_SAID(false, "%s", fail.what);
		return 0;
	}
	count = lacks_of(&policy, devs, devices, lack);
	policy_free(&policy);
	return count;
}

static void is(size_t at, const char *name, enum role role, bool there)
{
	CHECK_STR(lack[at].name, name);
	CHECK_EQ(lack[at].role, role);
	CHECK_EQ(lack[at].there, there);
}

TEST(a_name_that_no_device_has_is_missing)
{
	memset(devs, 0, sizeof(devs));
	CHECK_EQ(lacks("interface wan9 { role inside }\n"), 1);
	is(0, "wan9", ROLE_INSIDE, false);
}

TEST(a_glob_is_never_missing)
{
	memset(devs, 0, sizeof(devs));
	CHECK_EQ(lacks("interface \"ppp*\" { role inside }\ninterface \"x[0-9]\" { role inside }\n"), 0);
}

TEST(what_a_statement_matches_lacks_a_program)
{
	memset(devs, 0, sizeof(devs));
	CHECK_EQ(lacks("interface wan0 { role outside }\ninterface \"lan*\" { role inside }\n"), 2);
	is(0, "wan0", ROLE_OUTSIDE, true);
	is(1, "lan1", ROLE_INSIDE, true);
}

TEST(a_slot_that_is_taken_lacks_nothing)
{
	memset(devs, 0, sizeof(devs));
	devs[7] = (struct dev){ .ifindex = 2, .name = "wan0" };
	devs[8] = (struct dev){ .ifindex = 99, .name = "wan9" };	/* has gone: the slot tells that */
	CHECK_EQ(lacks("interface wan0 { role outside }\ninterface wan9 { role outside }\n"), 0);
	devs[7].ifindex = 0;
	CHECK_EQ(lacks("interface wan0 { role outside }\n"), 1);
}

TEST(loopback_is_nobodys)
{
	memset(devs, 0, sizeof(devs));
	devs[0] = (struct dev){ .ifindex = 2, .name = "wan0" };
	CHECK_EQ(lacks("interface \"[lw]*0\" { role inside }\ninterface \"l?\" { role inside }\n"), 0);
}

/* A name is a pattern that matches it alone, so that odd ones can be named at all. */
TEST(names_that_look_like_globs)
{
	struct policy policy;
	char name[64];

	memset(devs, 0, sizeof(devs));
	policy_init(&policy);
	CHECK(port_put(&policy, "a*b"));
	CHECK(port_put(&policy, "c?[d]\\"));
	CHECK(port_name(&policy.interface[0], name));
	CHECK_STR(name, "a*b");
	CHECK(port_name(&policy.interface[1], name));
	CHECK_STR(name, "c?[d]\\");
	CHECK_EQ(lacks_of(&policy, devs, devices, lack), 2);
	is(0, "c?[d]\\", ROLE_OUTSIDE, false);
	is(1, "a*b", ROLE_OUTSIDE, true);
	policy_free(&policy);
}

TEST(more_than_fits_is_cut)
{
	char text[LACK_MAX * 64] = "";

	memset(devs, 0, sizeof(devs));
	for (int i = 0; i < LACK_MAX + 5; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "interface no%d { role inside }\n", i);
	CHECK_EQ(lacks(text), LACK_MAX);
}

int main(void)
{
	return test_main();
}
