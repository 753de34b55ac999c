// SPDX-License-Identifier: GPL-2.0-only
/* What may be announced, and the routes that come of it, in a network namespace of its own. */
#include <sched.h>
#include <unistd.h>
#include "announce.h"
#include "rtnl.h"
#include "test.h"

#define SECOND	1000000000ULL
#define NOW	(1000 * SECOND)
#define HEAD	"mode enforce\ncheck { blackhole table 666; }\n"

static void parse(const char *text, struct policy *policy)
{
	struct fail fail = {};
	int error = policy_parse(text, "test", NOW, policy, &fail);

	CHECK_SAID(!error, "%s: %s", text, fail.what);
}

/* Is this entry, alone on the list, fit to be announced? */
static bool fit(const char *head, const char *entry)
{
	char text[256];
	struct policy policy;
	struct fail fail;
	bool is;

	snprintf(text, sizeof(text), "%s\nblocked { %s announce }", head, entry);
	parse(text, &policy);
	is = announce_check_all(&policy, &fail) == 0;
	policy_free(&policy);
	return is;
}

static void sync_at(const char *text, __u64 now_ns)
{
	struct policy policy;
	struct fail fail = {};
	int error;

	parse(text, &policy);
	error = announce_sync(&policy, now_ns, &fail);
	CHECK_SAID(!error, "%s: %s", text, fail.what);
	policy_free(&policy);
}

static size_t routes(void)
{
	struct holes holes;
	struct fail fail;

	CHECK_EQ(rtnl_holes(ANNOUNCE_PROTOCOL, &holes, &fail), 0);
	free(holes.at);
	return holes.count;
}

/* Does `ip route` show it so? */
static bool shown(const char *what)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "{ ip route show table all; ip -6 route show table all; } | grep -q '%s'", what);
	return system(command) == 0;
}

TEST(floor_own_and_trusted)
{
	CHECK(fit(HEAD, "198.51.100.1"));
	CHECK(fit(HEAD, "198.51.100.0/24"));
	CHECK(!fit(HEAD, "198.51.100.0/23"));
	CHECK(fit(HEAD, "2001:db8:5::/48"));
	CHECK(!fit(HEAD, "2001:db8:4::/47"));
	CHECK(!fit("", "198.51.100.1"));
	CHECK(!fit(HEAD "trusted { 198.51.100.1 }", "198.51.100.0/24"));
	CHECK(!fit(HEAD "trusted { 198.51.0.0/16 }", "198.51.100.1"));
	CHECK(fit(HEAD "trusted { 198.51.100.2 }", "198.51.100.1"));
	CHECK(!fit(HEAD, "192.0.2.1"));
	CHECK(!fit(HEAD, "192.0.2.0/24"));
	CHECK(fit(HEAD, "192.0.2.2"));
	CHECK(!fit(HEAD, "2001:db8:1::/48"));
}

TEST(not_too_many)
{
	struct policy policy;
	struct entry entry = { .prefix = { .family = 4, .length = 32 }, .announce = true,
			       .until_ns = ~0ULL };
	struct fail fail;

	parse(HEAD, &policy);
	entry.prefix.addr[0] = 8;
	for (int i = 0; i < ANNOUNCE_MAX; i++) {
		entry.prefix.addr[2] = i >> 8;
		entry.prefix.addr[3] = i;
		CHECK_EQ(announce_check(&policy, &entry, &fail), 0);
		CHECK_EQ(entries_put(&policy.block, &entry, &fail), 0);
	}
	CHECK_EQ(announce_check_all(&policy, &fail), 0);
	CHECK_EQ(announce_check(&policy, &entry, &fail), 0);	/* again, with another end */
	entry.prefix.addr[0] = 9;
	CHECK(announce_check(&policy, &entry, &fail));
	CHECK_EQ(entries_put(&policy.block, &entry, &fail), 0);
	CHECK(announce_check_all(&policy, &fail));
	policy_free(&policy);
}

TEST(routes_follow_the_list)
{
	struct fail fail;

	sync_at(HEAD "blocked { 198.51.100.1 announce, 198.51.100.2, 2001:db8:5::/48 announce }", NOW);
	CHECK_EQ(routes(), 2);
	CHECK(shown("blackhole 198.51.100.1 table 666 proto 87"));
	CHECK(shown("blackhole 2001:db8:5::/48 .*table 666 proto 87"));
	sync_at(HEAD "blocked { 198.51.100.3 announce, 198.51.100.2 }", NOW);
	CHECK_EQ(routes(), 1);
	CHECK(shown("blackhole 198.51.100.3 table 666 proto 87"));
	/* another table */
	sync_at("mode enforce\ncheck { blackhole table 70000; }\nblocked { 198.51.100.3 announce }", NOW);
	CHECK_EQ(routes(), 1);
	CHECK(shown("blackhole 198.51.100.3 table 70000 proto 87"));
	/* what came to be trusted is taken back */
	sync_at(HEAD "trusted { 198.51.100.0/24 }\nblocked { 198.51.100.3 announce }", NOW);
	CHECK_EQ(routes(), 0);
	sync_at("mode monitor\ncheck { blackhole table 666; }\nblocked { 198.51.100.3 announce }", NOW);
	CHECK_EQ(routes(), 0);
	sync_at(HEAD "blocked { 198.51.100.3 announce }", NOW);
	CHECK_EQ(routes(), 1);
	CHECK_EQ(announce_sync(NULL, NOW, &fail), 0);
	CHECK_EQ(routes(), 0);
}

TEST(only_our_own_routes_go)
{
	struct fail fail;

	CHECK_EQ(system("ip route add blackhole 198.51.100.9 table 666 proto static && "
			"ip -6 route add blackhole 2001:db8:6::1 table 666 proto static"), 0);
	sync_at(HEAD "blocked { 198.51.100.9 announce, 198.51.100.1 announce }", NOW);
	CHECK_EQ(routes(), 2);
	CHECK_EQ(announce_sync(NULL, NOW, &fail), 0);
	CHECK_EQ(routes(), 0);
	CHECK(shown("blackhole 198.51.100.9 table 666 proto static"));
	CHECK(shown("blackhole 2001:db8:6::1 .*table 666 proto static"));
	CHECK_EQ(system("ip route flush table 666 && ip -6 route flush table 666"), 0);
}

TEST(they_end)
{
	struct fail fail;

	sync_at(HEAD "blocked { 198.51.100.1 timeout 60s announce, 198.51.100.2 announce, "
		"2001:db8:5::1 timeout 60s announce }", NOW);
	CHECK_EQ(routes(), 3);
	CHECK_EQ(announce_expire(NOW + 59 * SECOND, &fail), 0);
	CHECK_EQ(routes(), 3);
	CHECK_EQ(announce_expire(NOW + 61 * SECOND, &fail), 0);
	CHECK_EQ(routes(), 1);
	CHECK(shown("198.51.100.2"));
	CHECK_EQ(announce_expire(~0ULL / 4, &fail), 0);
	CHECK_EQ(routes(), 1);
	/* a longer end: the new route is there before the old one goes */
	sync_at(HEAD "blocked { 198.51.100.2 timeout 60s announce }", NOW);
	CHECK_EQ(routes(), 1);
	sync_at(HEAD "blocked { 198.51.100.2 timeout 90s announce }", NOW);
	CHECK_EQ(routes(), 1);
	CHECK_EQ(announce_expire(NOW + 62 * SECOND, &fail), 0);
	CHECK_EQ(routes(), 1);
	CHECK_EQ(announce_sync(NULL, NOW, &fail), 0);
}

int main(void)
{
	if (geteuid() || unshare(CLONE_NEWNET)) {
		puts("skip announce: needs root");
		return 0;
	}
	if (system("ip link set lo up && ip link add wan type veth peer name far && "
		   "ip link set wan up && ip link set far up && ip addr add 192.0.2.1/24 dev wan && "
		   "ip -6 addr add 2001:db8:1::1/64 dev wan nodad")) {
		puts("not ok announce: can't set up");
		return 1;
	}
	return test_main();
}
