// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include "device.h"
#include "fact.h"
#include "out.h"
#include "port.h"
#include "reach.h"
#include "rtnl.h"

#define TABLE_MAIN	254	/* linux/rtnetlink.h */

/* ---- devices ------------------------------------------------------------------------------- */

static bool forwards(const char *family, const char *device)
{
	char path[128];
	int value = 1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/forwarding", family, device);
	file = fopen(path, "re");
	if (!file)
		return true;
	if (fscanf(file, "%d", &value) != 1)
		value = 1;
	fclose(file);
	return value;
}

static bool has_six(void)
{
	struct prefix *own;
	bool six = false;
	size_t count;

	if (device_addresses(&own, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		six |= own[i].family == 6;
	free(own);
	return six;
}

static enum urpf urpf_of(const struct policy *policy, const struct interface *said)
{
	return said && said->urpf_set ? said->urpf : policy->check.urpf;
}

/* No fault, but less than the word promises. */
static void sharing_warn(FILE *to, __u32 ifindex, const char *name)
{
	char others[DEV_BEHIND * IF_NAMESIZE];

	device_shares(ifindex, others, sizeof(others));
	if (*others)
		fprintf(to, "weir: warning: %s shares routes with %s (several next hops): strict urpf on %s takes\n"
			"  what leads to any of them\n", name, others, name);
}

static void devices_warn(FILE *to, const struct policy *policy)
{
	struct if_nameindex *devices = if_nameindex();
	bool six = has_six();
	char shown[4 * IF_NAMESIZE + 1];

	for (struct if_nameindex *at = devices; at && at->if_index; at++) {
		const struct interface *said = port_statement(policy, at->if_name);
		enum urpf urpf = urpf_of(policy, said);

		if (!said || (urpf == URPF_OFF && !policy->check.blackhole_table))
			continue;
		out_escape(at->if_name, shown, sizeof(shown));
		if (urpf == URPF_STRICT)
			sharing_warn(to, at->if_index, shown);
		if (!forwards("ipv4", at->if_name))
			fprintf(to, "weir: warning: %s does not forward IPv4: urpf and blackhole see nothing there\n"
				"  sysctl net.ipv4.conf.%s.forwarding=1\n", shown, shown);
		if (six && !forwards("ipv6", at->if_name))
			fprintf(to, "weir: warning: %s does not forward IPv6: urpf and blackhole see nothing there\n"
				"  sysctl net.ipv6.conf.%s.forwarding=1\n", shown, shown);
	}
	if (devices)
		if_freenameindex(devices);
}

/* ---- tables -------------------------------------------------------------------------------- */

/* Does the table refuse the host? NULL: everything that has no other route. */
static bool hole_of(__u32 table, const struct prefix *host)
{
	struct holes holes;
	struct fail ignored;
	bool found = false;

	if (rtnl_holes(RTNL_ANY, &holes, &ignored))
		return false;
	for (size_t i = 0; i < holes.count; i++) {
		const struct hole *hole = &holes.at[i];

		found |= hole->table == table &&
			 (host ? prefix_covers(&hole->prefix, host) : !hole->prefix.length);
	}
	free(holes.at);
	return found;
}

void reach_warn(FILE *to, const struct policy *policy, __u32 features)
{
	__u32 table = policy->check.blackhole_table;

	devices_warn(to, policy);
	if (!table)
		return;
	if (table != TABLE_MAIN && !(features & FEATURE_FIB_TBID))
		fprintf(to, "weir: warning: this kernel can't ask table %u by itself\n"
			"  boot Linux 6.5 or a later 6.1, or let a rule lead to it: ip rule add lookup %u, and the same for ip -6\n",
			table, table);
	if (hole_of(table, NULL))
		fprintf(to, "weir: warning: table %u refuses its default route: each source without another one is dropped\n"
			"  see: ip route show table %u default\n", table, table);
}

/* ---- one host ------------------------------------------------------------------------------ */

/* What the longest prefix says that covers the host; of two alike the later one. */
static bool fact_holds(const struct facts *facts, enum fact_kind kind, enum role role,
		       const struct prefix *host)
{
	const struct fact *best = NULL;

	for (size_t i = 0; i < facts->count; i++) {
		const struct fact *fact = &facts->at[i];

		if (fact->kind != kind || !prefix_covers(&fact->prefix, host))
			continue;
		if (kind == FACT_MARTIAN && !(fact->roles & 1 << role))
			continue;
		if (!best || fact->prefix.length >= best->prefix.length)
			best = fact;
	}
	return best && best->value;
}

/* Would the way back be refused on the device? */
static bool way_fails(enum urpf urpf, __u32 device, const struct session *session)
{
	__u32 towards;

	switch (rtnl_way(&session->peer, &session->here, &towards)) {
	case 0:
		return urpf == URPF_STRICT && !device_takes(device, towards);
	case -ENETUNREACH: case -EHOSTUNREACH: case -EACCES: case -EINVAL:
		return urpf != URPF_OFF;
	default:
		return false;
	}
}

/* In the order in which the datapath asks. */
static enum reason dropped_for(const struct policy *policy, const struct interface *said, __u32 device,
			       const struct session *session, bool trusted,
			       const struct facts *facts)
{
	const struct prefix *host = &session->peer;

	if (said->role == ROLE_OUTSIDE && fact_holds(facts, FACT_INSIDE, said->role, host))
		return REASON_WRONG_SIDE;
	if (trusted)
		return REASON_NONE;
	if (fact_holds(facts, FACT_MARTIAN, said->role, host))
		return REASON_MARTIAN;
	if (said->role == ROLE_INSIDE && said->source_count &&
	    !fact_holds(facts, FACT_INSIDE, said->role, host))
		return REASON_WRONG_SIDE;
	if (policy->check.blackhole_table && hole_of(policy->check.blackhole_table, host))
		return REASON_BLACKHOLE;
	if (policy->check.urpf_action != CHECK_MONITOR &&
	    way_fails(urpf_of(policy, said), device, session))
		return REASON_URPF;
	return REASON_NONE;
}

bool reach_drops(const struct policy *policy, const struct session *session, __u64 now_ns,
		 enum reason *reason)
{
	__u32 device = session->here.family ? device_of(&session->here) : 0;
	const struct bypass_groups no_groups = { 0 };
	struct policy plain = *policy;
	char name[IF_NAMESIZE];
	const struct interface *said;
	struct facts facts = { 0 };

	*reason = REASON_NONE;
	if (device_of(&session->peer))
		return false;	/* from this machine to itself: by no device that is judged */
	if ((!device && rtnl_way(&session->peer, &session->here, &device)) ||
	    !if_indextoname(device, name))
		return false;
	said = port_statement(policy, name);
	plain.bypass_count = 0;
	if (said && !source_facts(&plain, &no_groups, now_ns, &facts))
		*reason = dropped_for(policy, said, device, session,
				      entries_find(&policy->trust, &session->peer, now_ns), &facts);
	facts_free(&facts);
	return *reason;
}
