// SPDX-License-Identifier: GPL-2.0-only
/* What a reader of value.c takes, its printer gives back, and it reads the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "out.h"
#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool held)
{
	if (!held)
		abort();
}

static void prefix_and_rate(const char *text)
{
	struct prefix prefix, prefix_again;
	struct rate rate, rate_again;
	char printed[64];
	struct fail fail;

	if (!prefix_parse(text, &prefix, &fail)) {
		must(!prefix_parse(prefix_print(&prefix, printed, PREFIX_TEXT), &prefix_again, &fail));
		must(!prefix_compare(&prefix, &prefix_again));
		must(prefix_covers(&prefix, &prefix_again));
	}
	if (!rate_parse(text, &rate, &fail)) {
		must(!rate_parse(rate_print(&rate, printed, RATE_TEXT), &rate_again, &fail));
		must(rate.count == rate_again.count && rate.per_ns == rate_again.per_ns);
		must(rate_cost_ns(&rate) >= 1);
	}
}

static void duration_and_ports(const char *text)
{
	struct ports ports, ports_again;
	__u64 ns, ns_again;
	char printed[64];
	struct fail fail;

	if (!duration_parse(text, &ns, &fail)) {
		must(!duration_parse(duration_print(ns, printed, DURATION_TEXT), &ns_again, &fail));
		must(ns == ns_again);
	}
	if (!ports_parse(text, &ports, &fail)) {
		must(!ports_parse(ports_print(&ports, printed, PORTS_TEXT), &ports_again, &fail));
		must(ports.first == ports_again.first && ports.last == ports_again.last);
	}
}

/* what reaches the terminal has no control character */
static void escapes(const char *text)
{
	char shown[256];

	for (const char *at = out_escape(text, shown, sizeof(shown)); *at; at++)
		must((unsigned char)*at >= ' ' && *at != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = { "mode", "martians", "interface", NULL };
	char *text = strndup((const char *)data, size);
	unsigned int percent;
	struct fail fail;
	__u64 number;

	prefix_and_rate(text);
	duration_and_ports(text);
	escapes(text);
	if (!percent_parse(text, &percent, &fail))
		must(percent <= 100);
	if (!number_parse(text, 5, 500, &number, &fail))
		must(number >= 5 && number <= 500);
	value_nearest(text, words);
	free(text);
	return 0;
}
