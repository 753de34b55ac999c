/* SPDX-License-Identifier: GPL-2.0-only */
/* What status and health know of an instance, read at one time. */
#ifndef WEIR_OVERVIEW_H
#define WEIR_OVERVIEW_H

#include "advice.h"
#include "store.h"

struct overview {
	struct store	store;		/* open for statistics */
	struct run	run;
	struct dev	dev[DEV_MAX];
	const char	*state[DEV_MAX];
	struct lack	lack[LACK_MAX];
	struct audit	audit[AUDIT_MAX];
	struct pressure_now pressure;
	__u64		passed;		/* packets */
	struct situation is;		/* points into the others: not to be copied */
};

/* Close it with overview_close() when this returned 0. */
int overview_open(const char *instance, struct overview *seen, struct fail *fail);
void overview_close(struct overview *seen);

#endif
