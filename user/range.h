/* SPDX-License-Identifier: GPL-2.0-only */
/* Ranges of addresses as prefixes. */
#ifndef WEIR_RANGE_H
#define WEIR_RANGE_H

#include "value.h"

#define RANGE_PREFIXES	254	/* that a range of IPv6 addresses needs at most */

/*
 * Reads "A", "A/N" or "A-B" and fills prefix[] with the fewest prefixes that have just these
 * addresses, in order. Returns how many, or -EXIT_USAGE.
 */
int range_parse(const char *text, struct prefix prefix[static RANGE_PREFIXES], struct fail *fail);

#endif
