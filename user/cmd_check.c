// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include "advice.h"
#include "apply.h"
#include "attach.h"
#include "cli.h"
#include "compile.h"
#include "conntrack.h"
#include "forward.h"
#include "notrack.h"
#include "port.h"
#include "program.h"
#include "reach.h"
#include "ruleset.h"
#include "session.h"
#include "vlan.h"

static void check_file(struct cli *cli, const char *path, const struct policy *policy,
		       const struct arena *arena)
{
	__u32 sources = capacity_of(&policy->sources).sources;

	out_object_begin(&cli->out, "config", "config");
	out_field_text(&cli->out, "file", "file", path);
	out_field_number(&cli->out, "interfaces", "interfaces", policy->interface_count);
	out_field_number(&cli->out, "limits", "limits", policy->limit_count);
	out_field_number(&cli->out, "blocked prefixes", "blocked", policy->block.count);
	out_field_number(&cli->out, "bytes of kernel memory", "bytes", (__u64)arena_pages(arena) * POLICY_PAGE);
	out_field_number(&cli->out, "sources remembered at most", "sources", sources);
	out_field_number(&cli->out, "bytes of kernel memory for them", "source_bytes",
			 capacity_bytes(sources));
	out_object_end(&cli->out);
	session_warn(policy, apply_now_ns());
}

static void check_kernel(struct cli *cli, __u32 features)
{
	const char *without = advise_features(features);
	__u64 count, max;

	out_object_begin(&cli->out, "kernel", "kernel");
	out_field_bool(&cli->out, "BTF", "btf", program_btf());
	out_field_bool(&cli->out, "nf_conntrack", "nf_conntrack", !conntrack_fill(&count, &max));
	out_field_bool(&cli->out, "flow look-up from XDP", "ct_lookup_xdp", features & FEATURE_CT_XDP);
	out_field_bool(&cli->out, "flow look-up from tc", "ct_lookup_tc", features & FEATURE_CT_SKB);
	if (cli->out.json || without)
		out_field_text(&cli->out, "without the look-up", "without_ct_lookup", without);
	out_field_bool(&cli->out, "route look-up in one table", "fib_table",
		       features & FEATURE_FIB_TBID);
	out_field_bool(&cli->out, "tcx", "tcx", features & FEATURE_TCX);
	out_object_end(&cli->out);
}

/* The table that makes bypassed packets untracked can have gone with a flush of all rules. */
static void check_table(const char *instance, const struct policy *policy)
{
	enum notrack_state state;
	struct fail ignored;

	if (!policy->bypass_count || notrack_look(instance, policy, &state, &ignored))
		return;
	if (state != NOTRACK_ABSENT && state != NOTRACK_OTHER)
		return;
	fprintf(stderr, "weir: warning: weir's nftables table is %s: bypassed flows are tracked\n"
		"  each change of the policy puts it back; `weir daemon` keeps it\n",
		state == NOTRACK_ABSENT ? "missing" : "not the one that was put there");
}

/* The devices that the file names, as far as they are there. */
static void check_named(const struct policy *file)
{
	struct if_nameindex *devices = if_nameindex();

	for (struct if_nameindex *at = devices; at && at->if_index; at++) {
		const struct interface *said = port_statement(file, at->if_name);

		if (said && said->driver != DRIVER_TC)
			vlan_warn(stderr, at->if_name);
	}
	if (devices)
		if_freenameindex(devices);
}

static void check_attached(const struct store *store)
{
	struct dev devs[DEV_MAX];
	struct fail ignored;

	if (store_devs_read(store, devs, &ignored))
		return;
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (devs[slot].ifindex && devs[slot].driver != DRIVER_TC &&
		    if_nametoindex(devs[slot].name) == devs[slot].ifindex)
			vlan_warn(stderr, devs[slot].name);
}

/* Against the rules and routes of this machine: the file, or the policy in force. */
static void check_machine(const struct cli *cli, const struct policy *file, __u32 features)
{
	struct policy policy;
	struct store store;
	struct fail none;

	if (file) {
		ruleset_warn(stderr, file->bypass, file->bypass_count);
		forward_warn(stderr, file->bypass, file->bypass_count, NULL);
		reach_warn(stderr, file, features);
		check_named(file);
		return;
	}
	if (store_open(cli->instance, STORE_READ, &store, &none))
		return;
	check_attached(&store);
	if (!apply_read(&store, &policy, &none)) {
		ruleset_warn(stderr, policy.bypass, policy.bypass_count);
		forward_warn(stderr, policy.bypass, policy.bypass_count, &store);
		check_table(cli->instance, &policy);
		reach_warn(stderr, &policy, features);
		session_warn(&policy, apply_now_ns());
		policy_free(&policy);
	}
	store_close(&store);
}

int cmd_check(struct cli *cli)
{
	const char *path = cli_next(cli);
	struct arena arena = {};
	struct policy policy;
	__u32 features;
	int result = 0;

	policy_init(&policy);
	if (cli_end(cli))
		return -cli->fail.status;
	features = attach_probe();
	if (path)
		result = policy_read(path, apply_now_ns(), false, &policy, &cli->fail);
	if (path && !result)
		result = compile(&policy, NULL, apply_now_ns(), &arena, &cli->fail);
	if (!result) {
		out_object_begin(&cli->out, NULL, NULL);
		if (path)
			check_file(cli, path, &policy, &arena);
		check_kernel(cli, features);
		out_object_end(&cli->out);
		check_machine(cli, path ? &policy : NULL, features);
	}
	arena_free(&arena);
	policy_free(&policy);
	return result;
}
