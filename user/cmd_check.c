// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include <stdlib.h>
#include "advice.h"
#include "apply.h"
#include "attach.h"
#include "cli.h"
#include "compile.h"
#include "conntrack.h"
#include "forward.h"
#include "nat.h"
#include "notrack.h"
#include "port.h"
#include "program.h"
#include "reach.h"
#include "ruleset.h"
#include "session.h"
#include "vlan.h"
#include "warnings.h"

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

/*
 * The table that makes bypassed packets untracked can have gone with a flush of all rules. Of all that
 * is found here this is what is not as the policy in force says: it is a failure.
 */
static int check_table(FILE *to, const char *instance, const struct policy *policy, struct fail *fail)
{
	static const char remedy[] = "each change of the policy puts it back; `weir daemon` keeps it";
	enum notrack_state state;
	struct fail ignored;

	if (!policy->bypass_count || notrack_look(instance, policy, &state, &ignored))
		return 0;
	if (state != NOTRACK_ABSENT && state != NOTRACK_OTHER)
		return 0;
	fail_set(fail, EXIT_ABSENT, remedy, "weir's nftables table is %s: bypassed flows are tracked",
		 state == NOTRACK_ABSENT ? "missing" : "not the one that was put there");
	if (to)
		fprintf(to, "weir: warning: %s\n  %s\n", fail->what, fail->remedy);
	return -fail->status;
}

/* The devices that the file names, as far as they are there. */
static void check_named(FILE *to, const struct policy *file)
{
	struct if_nameindex *devices = if_nameindex();

	for (struct if_nameindex *at = devices; at && at->if_index; at++) {
		const struct interface *said = port_statement(file, at->if_name);

		if (said && said->driver != DRIVER_TC)
			vlan_warn(to, at->if_name);
	}
	if (devices)
		if_freenameindex(devices);
}

static void check_attached(FILE *to, const struct store *store)
{
	struct dev devs[DEV_MAX];
	struct fail ignored;

	if (store_devs_read(store, devs, &ignored))
		return;
	for (int slot = 0; slot < DEV_MAX; slot++)
		if (devs[slot].ifindex && devs[slot].driver != DRIVER_TC &&
		    if_nametoindex(devs[slot].name) == devs[slot].ifindex)
			vlan_warn(to, devs[slot].name);
}

/* What limits flows from inside to one destination, as `limit show` names it; NULL: nothing. */
static const char *guarded_by(const struct policy *policy)
{
	bool inside = false;

	for (size_t i = 0; policy && i < policy->limit_count; i++) {
		const struct limit *limit = &policy->limit[i];

		if (limit->kind == LIMIT_DESTINATION && !limit->prefix.family &&
		    limit->roles & 1 << ROLE_INSIDE)
			return "policy";
	}
	for (size_t i = 0; policy && i < policy->interface_count; i++)
		inside |= policy->interface[i].role == ROLE_INSIDE;
	return inside ? "default" : NULL;
}

/* How many flows to one destination the source ports have room for, and who sees to it. */
static void check_ports(struct cli *cli, const struct policy *policy)
{
	__u64 seconds = conntrack_unreplied_ns() / 1000000000;
	const char *by = guarded_by(policy);
	struct snat_pool pool;
	struct limit guard;
	char text[320];

	if (!nat_pool(&pool))
		return;
	guard = nat_guard(&pool, seconds * 1000000000);
	if (!cli->out.json) {
		snprintf(text, sizeof(text), "%llu address%s x %llu ports / %llu s: %llu new flows/second "
			 "to one destination, %llu at once%s%s", pool.addresses,
			 pool.addresses == 1 ? "" : "es", pool.ports, seconds, guard.rate.count, guard.burst,
			 !by ? "; nothing limits them, no device is inside" : *by == 'p' ?
			 "; the policy has another limit" : "",
			 pool.guessed ? "; the rule can't be read, so one address is assumed" : "");
		out_field_text(&cli->out, "source ports", "source_ports", text);
		out_field_text(&cli->out, "by the rule", "rule", pool.rule[0] ? pool.rule : NULL);
		return;
	}
	out_object_begin(&cli->out, "source ports", "source_ports");
	out_field_number(&cli->out, "addresses", "addresses", pool.addresses);
	out_field_number(&cli->out, "ports", "ports", pool.ports);
	out_field_number(&cli->out, "timeout", "timeout_seconds", seconds);
	out_field_number(&cli->out, "rate", "rate", guard.rate.count);
	out_field_number(&cli->out, "burst", "burst", guard.burst);
	out_field_bool(&cli->out, "guessed", "guessed", pool.guessed);
	out_field_text(&cli->out, "rule", "rule", pool.rule[0] ? pool.rule : NULL);
	out_field_text(&cli->out, "set by", "set", by);
	out_object_end(&cli->out);
}

/* Against the rules and routes of this machine: the policy of a file. */
static void check_file_here(FILE *to, const char *instance, const struct policy *policy, __u32 features)
{
	session_warn(to, instance, policy, apply_now_ns());
	ruleset_check(to, policy);
	forward_warn(to, policy->bypass, policy->bypass_count, NULL);
	reach_warn(to, policy, features);
	check_named(to, policy);
}

/* The same of the policy in force; NULL: it can't be read. */
static int check_in_force(FILE *to, struct cli *cli, const struct store *store,
			  const struct policy *policy, __u32 features)
{
	int result;

	check_attached(to, store);
	if (!policy)
		return 0;
	ruleset_check(to, policy);
	forward_warn(to, policy->bypass, policy->bypass_count, store);
	/* as text the failure itself says it */
	result = check_table(cli->out.json ? to : NULL, cli->instance, policy, &cli->fail);
	reach_warn(to, policy, features);
	session_warn(to, cli->instance, policy, apply_now_ns());
	return result;
}

/* arena: of a file, path, that was read; policy: that one, or the one in force; NULL: not known */
static void check_print(struct cli *cli, const char *path, const struct arena *arena,
			const struct policy *policy, __u32 features, const char *warnings)
{
	out_object_begin(&cli->out, NULL, NULL);
	if (path)
		check_file(cli, path, policy, arena);
	check_kernel(cli, features);
	check_ports(cli, policy);
	if (cli->out.json)
		warnings_out(&cli->out, warnings);
	out_object_end(&cli->out);
	if (cli->out.json)
		return;
	fflush(cli->out.to);
	fputs(warnings, stderr);
}

/* policy: that of the file, or empty */
static int check(struct cli *cli, const char *path, struct policy *policy, const struct arena *arena)
{
	__u32 features = attach_probe();
	char *warnings = NULL;
	bool known = path;
	struct store store;
	struct fail none;
	size_t size;
	FILE *to = open_memstream(&warnings, &size);
	int result = 0;

	if (!to)
		return fail_set(&cli->fail, EXIT_REFUSED, NULL, "out of memory");
	if (path) {
		check_file_here(to, cli->instance, policy, features);
	} else if (!store_open(cli->instance, STORE_READ, &store, &none)) {
		known = !apply_read(&store, policy, &none);
		result = check_in_force(to, cli, &store, known ? policy : NULL, features);
		store_close(&store);
	}
	fclose(to);
	check_print(cli, path, arena, known ? policy : NULL, features, warnings);
	free(warnings);
	return result;
}

int cmd_check(struct cli *cli)
{
	const char *path = cli_file(cli);
	struct arena arena = {};
	struct policy policy;
	int result = 0;

	policy_init(&policy);
	if (cli_end(cli))
		return -cli->fail.status;
	if (path)
		result = policy_read(path, apply_now_ns(), false, &policy, &cli->fail);
	if (path && !result)
		result = compile(&policy, NULL, apply_now_ns(), &arena, &cli->fail);
	if (!result)
		result = check(cli, path, &policy, &arena);
	arena_free(&arena);
	policy_free(&policy);
	return result;
}
