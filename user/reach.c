// SPDX-License-Identifier: GPL-2.0-only
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

static void forwarding_warn(FILE *to, const struct policy *policy)
{
	struct if_nameindex *devices = if_nameindex();
	bool six = has_six();
	char shown[4 * IF_NAMESIZE + 1];

	for (struct if_nameindex *at = devices; at && at->if_index; at++) {
		const struct interface *said = port_statement(policy, at->if_name);
		enum urpf urpf = said && said->urpf_set ? said->urpf : policy->check.urpf;

		if (!said || (urpf == URPF_OFF && !policy->check.blackhole_table))
			continue;
		out_escape(at->if_name, shown, sizeof(shown));
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

	forwarding_warn(to, policy);
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

bool reach_drops(const struct policy *policy, const struct prefix *host, __u64 now_ns,
		 enum reason *reason)
{
	const struct bypass_groups no_groups = { 0 };
	struct policy plain = *policy;
	char name[IF_NAMESIZE];
	const struct interface *said;
	struct facts facts = { 0 };
	__u32 device;

	*reason = REASON_NONE;
	if (rtnl_way(host, &device) || !if_indextoname(device, name))
		return false;
	said = port_statement(policy, name);
	plain.bypass_count = 0;
	if (!said || source_facts(&plain, &no_groups, now_ns, &facts)) {
		facts_free(&facts);
		return false;
	}
	if (fact_holds(&facts, FACT_MARTIAN, said->role, host))
		*reason = REASON_MARTIAN;
	else if (said->role == ROLE_OUTSIDE && fact_holds(&facts, FACT_INSIDE, said->role, host))
		*reason = REASON_WRONG_SIDE;
	else if (said->role == ROLE_INSIDE && said->source_count &&
		 !fact_holds(&facts, FACT_INSIDE, said->role, host))
		*reason = REASON_WRONG_SIDE;
	else if (policy->check.blackhole_table && hole_of(policy->check.blackhole_table, host))
		*reason = REASON_BLACKHOLE;
	facts_free(&facts);
	return *reason;
}
