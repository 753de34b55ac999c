// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said to cost one cache line stands in one: the kernel puts the values of an array behind a
 * head of any size, and on a page of their own only if they can be mapped.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <unistd.h>
#include "test.h"
#include "tests/bpf/lines.skel.h"

#define CACHE_LINE	64

static void begins_a_line(const char *name, const void *at)
{
	CHECK_SAID(at && !((uintptr_t)at % CACHE_LINE), "%s: %d bytes into a line", name,
		   (int)((uintptr_t)at % CACHE_LINE));
}

TEST(lines_are_cache_lines)
{
	char frame[64] = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame));
	struct lines *lines;

	if (geteuid())
		SKIP("needs root");
	lines = lines__open_and_load();
	CHECK(lines);
	if (!lines)
		return;
	CHECK(!bpf_prog_test_run_opts(bpf_program__fd(lines->progs.lines), &opts));
	begins_a_line("source", lines->bss->source_at);
	begins_a_line("group", lines->bss->group_at);
	begins_a_line("strangers", lines->bss->strangers_at);
	begins_a_line("flow", lines->bss->flow_at);
	begins_a_line("flow_hot", lines->bss->flow_hot_at);
	begins_a_line("budget", lines->bss->budget_at);
	begins_a_line("engaged", lines->bss->engaged_at);
	lines__destroy(lines);
}

int main(void)
{
	return test_main();
}
