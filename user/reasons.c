// SPDX-License-Identifier: GPL-2.0-only
#include "reasons.h"

const struct reason_name reason_names[] = {
#define X(number, identifier, name, help) { REASON_##identifier, name },
	REASONS(X)
#undef X
};
const size_t reason_name_count = sizeof(reason_names) / sizeof(reason_names[0]);

const char *reason_action(enum reason reason, bool would)
{
	if (reason < REASON_DROP_FIRST)
		return "pass";
	return would ? "would-drop" : "drop";
}
