// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's verifier pays for each program: it refuses at a million instructions, newer
 * kernels count more for the same program, so a program that nears a tenth of it is in danger on a
 * kernel that nobody has tried. The ceilings are low on purpose: raise one when you know why.
 */
#include <bpf/libbpf.h>
#include "abi.h"
#include "test.h"
#include "tc.skel.h"
#include "xdp.skel.h"

#define FEATURES (FEATURE_CT_XDP | FEATURE_CT_SKB | FEATURE_FIB_TBID)
#define CEILING	120000
/* Of the 512 bytes of stack the deepest calls take 352, in steps of 32 as old kernels count: this is left
 * for the program itself. */
#define FRAME_MAX 160
static char verifier_log[1 << 16];

static long processed(void)
{
	const char *at = strstr(verifier_log, "processed ");

	return at ? strtol(at + strlen("processed "), NULL, 10) : -1;
}

/* Bytes of stack that the program itself takes; the functions that it calls follow. */
static long frame(void)
{
	const char *at = strstr(verifier_log, "stack depth ");

	return at ? strtol(at + strlen("stack depth "), NULL, 10) : -1;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

static void measure(const char *name, struct bpf_object *object, const char *program)
{
	struct bpf_program *measured = bpf_object__find_program_by_name(object, program);
	int error;

	CHECK(measured);
	if (!measured)
		return;
	bpf_program__set_log_level(measured, 4);
	bpf_program__set_log_buf(measured, verifier_log, sizeof(verifier_log));
	error = bpf_object__load(object);
	CHECK_SAID(!error, "%s: %d\n%s", name, error, verifier_log);
	printf("# %s: %ld instructions, %ld bytes of stack\n", name, processed(), frame());
	CHECK(processed() > 0);
	CHECK(frame() >= 0);
	CHECK_SAID(frame() <= FRAME_MAX, "%ld", frame());
	CHECK_SAID(processed() <= CEILING, "%ld", processed());
}

static void measure_xdp(const char *name, const char *program, __u32 features)
{
	struct xdp *skeleton;

	libbpf_set_print(quiet);
	skeleton = xdp__open();
	CHECK(skeleton);
	if (!skeleton)
		return;
	skeleton->rodata->features = features;
	bpf_program__set_autoload(skeleton->progs.weir_xdp, !strcmp(program, "weir_xdp"));
	bpf_program__set_autoload(skeleton->progs.weir_chain, !strcmp(program, "weir_chain"));
	bpf_program__set_autoload(skeleton->progs.weir_generic, !strcmp(program, "weir_generic"));
	measure(name, skeleton->obj, program);
	xdp__destroy(skeleton);
}

static void measure_tc(const char *name, __u32 features, bool l3)
{
	struct tc *skeleton;

	libbpf_set_print(quiet);
	skeleton = tc__open();
	CHECK(skeleton);
	if (!skeleton)
		return;
	skeleton->rodata->features = features;
	skeleton->rodata->dev_l3 = l3;
	measure(name, skeleton->obj, "weir_tc");
	tc__destroy(skeleton);
}

TEST(xdp_with_flow_lookup)
{
	measure_xdp("xdp, all that the kernel offers", "weir_xdp", FEATURES);
}

TEST(xdp_without_kfuncs)
{
	measure_xdp("xdp, nothing but the floor", "weir_xdp", 0);
}

TEST(xdp_generic)
{
	measure_xdp("xdp generic, all that the kernel offers", "weir_generic", FEATURES);
}

TEST(xdp_in_a_chain)
{
	measure_xdp("xdp in a chain, all that the kernel offers", "weir_chain", FEATURES);
}

TEST(tc_with_flow_lookup)
{
	measure_tc("tc, all that the kernel offers", FEATURES, false);
}

TEST(tc_without_ethernet)
{
	measure_tc("tc without Ethernet, nothing but the floor", 0, true);
}

int main(void)
{
	return test_main();
}
