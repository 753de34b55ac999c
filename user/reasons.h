/* SPDX-License-Identifier: GPL-2.0-only */
/* The reasons as an operator sees them: in the order of headers/reason.h, with their names. */
#ifndef WEIR_REASONS_H
#define WEIR_REASONS_H

#include <stdbool.h>
#include <stddef.h>
#include "reason.h"

struct reason_name {
	enum reason	reason;
	const char	*name;
};
extern const struct reason_name reason_names[];
extern const size_t reason_name_count;

/* What became of a packet: "pass", "drop", or "would-drop" for one that monitor mode spared. */
const char *reason_action(enum reason reason, bool would);

#endif
