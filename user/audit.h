/* SPDX-License-Identifier: GPL-2.0-only */
/* The self-audit: what a sample of the drops belonged to, by weir's reasons. */
#ifndef WEIR_AUDIT_H
#define WEIR_AUDIT_H

#include "abi.h"
#include "out.h"

/* What an operator should look into. */
struct audit_alarm {
	__u64		asked;
	__u64		established;
	const char	*reason;	/* the one with most of them; NULL: none */
};

/*
 * Malformed packets and those out of a window do not count: a spoofed packet with the addresses of
 * an established flow is dropped for these reasons, and rightly.
 */
struct audit_alarm audit_alarm(const struct audit audits[AUDIT_MAX]);

/* A row for each reason that has dropped, or would have: how many of them were looked up, and how
 * many of these belonged to established flows. */
void audit_show(struct out *out, const struct audit audits[AUDIT_MAX]);

#endif
