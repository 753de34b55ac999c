// SPDX-License-Identifier: GPL-2.0-only
#include "apply.h"
#include "attach.h"
#include "cli.h"
#include "compile.h"
#include "conntrack.h"
#include "program.h"
#include "session.h"

static void check_file(struct cli *cli, const char *path, const struct policy *policy,
		       const struct arena *arena)
{
	out_object_begin(&cli->out, "config", "config");
	out_field_text(&cli->out, "file", "file", path);
	out_field_number(&cli->out, "interfaces", "interfaces", policy->interface_count);
	out_field_number(&cli->out, "limits", "limits", policy->limit_count);
	out_field_number(&cli->out, "blocked prefixes", "blocked", policy->block.count);
	out_field_number(&cli->out, "bytes of kernel memory", "bytes", arena->lines * POLICY_LINE);
	out_object_end(&cli->out);
	session_warn(policy, apply_now_ns());
}

static void check_kernel(struct cli *cli)
{
	__u32 features = attach_probe();
	__u64 count, max;

	out_object_begin(&cli->out, "kernel", "kernel");
	out_field_bool(&cli->out, "BTF", "btf", program_btf());
	out_field_bool(&cli->out, "nf_conntrack", "nf_conntrack", !conntrack_fill(&count, &max));
	out_field_bool(&cli->out, "flow look-up from XDP", "ct_lookup_xdp", features & FEATURE_CT_XDP);
	out_field_bool(&cli->out, "flow look-up from tc", "ct_lookup_tc", features & FEATURE_CT_SKB);
	out_object_end(&cli->out);
}

int cmd_check(struct cli *cli)
{
	const char *path = cli_next(cli);
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
	if (!result) {
		out_object_begin(&cli->out, NULL, NULL);
		if (path)
			check_file(cli, path, &policy, &arena);
		check_kernel(cli);
		out_object_end(&cli->out);
	}
	arena_free(&arena);
	policy_free(&policy);
	return result;
}
