// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's verifier pays for each program: it refuses at a million instructions, newer
 * kernels count more for the same program, so a program that nears a tenth of it is in danger on a
 * kernel that nobody has tried. The ceilings are low on purpose: raise one when you know why.
 */
#include <bpf/libbpf.h>
#include "abi.h"
#include "test.h"
#include "xdp.skel.h"

#define CEILING	100000
static char verifier_log[1 << 16];

static long processed(void)
{
	const char *at = strstr(verifier_log, "processed ");

	return at ? strtol(at + strlen("processed "), NULL, 10) : -1;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

static void measure(const char *name, __u32 features)
{
	struct xdp *skeleton;
	int error;

	libbpf_set_print(quiet);
	skeleton = xdp__open();
	CHECK(skeleton);
	if (!skeleton)
		return;
	skeleton->rodata->features = features;
	bpf_program__set_log_level(skeleton->progs.weir_xdp, 4);
	bpf_program__set_log_buf(skeleton->progs.weir_xdp, verifier_log, sizeof(verifier_log));
	error = xdp__load(skeleton);
	CHECK_SAID(!error, "%s: %d\n%s", name, error, verifier_log);
	printf("# %s: %ld instructions\n", name, processed());
	CHECK(processed() > 0);
	CHECK_SAID(processed() <= CEILING, "%ld", processed());
	xdp__destroy(skeleton);
}

TEST(xdp_with_flow_lookup)
{
	measure("xdp, all that the kernel offers", FEATURE_CT_XDP | FEATURE_CT_SKB | FEATURE_FIB_TBID);
}

TEST(xdp_without_kfuncs)
{
	measure("xdp, nothing but the floor", 0);
}

int main(void)
{
	return test_main();
}
