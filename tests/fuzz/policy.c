// SPDX-License-Identifier: GPL-2.0-only
/* No text crashes the parser or makes it leak; what it reads, it prints and reads to the same. */
#include <stdint.h>
#include "tests/policy_equal.h"

#define NOW 1000000000000ULL

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *printed;
	struct policy policy, again;
	struct fail fail = {};

	/* the file system is no part of this */
	if (strstr(text, "include")) {
		free(text);
		return 0;
	}
	if (policy_parse(text, "fuzz", NOW, &policy, &fail)) {
		if (fail.status != EXIT_USAGE || !fail.what[0] || !fail.line || !fail.column)
			abort();
		free(text);
		return 0;
	}
	printed = policy_text(&policy, NOW);
	if (policy_parse(printed, "printed", NOW, &again, &fail) || !policy_equal(&policy, &again)) {
		fail_print(stderr, &fail, 0);
		fputs(printed, stderr);
		abort();
	}
	policy_free(&again);
	policy_free(&policy);
	free(printed);
	free(text);
	return 0;
}
