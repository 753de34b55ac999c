/* SPDX-License-Identifier: GPL-2.0-only */
/* Admission as the judge asks for it, with spent() in front of admit(); natively, on one CPU. */
#ifndef WEIR_TESTS_SPENT_H
#define WEIR_TESTS_SPENT_H

#include "admission.h"

static struct bloom_line blooms[BLOOM_LINES];

static inline struct bloom_line *bloom_line(__u32 line)
{
	return line < BLOOM_LINES ? &blooms[line] : NULL;
}

#include "bpf/spent.h"

static struct scratch scratch;
static unsigned long unseen;	/* flows that were refused by spent() */

/* As judge_new() and what comes behind it (bpf/judge.h). */
static inline enum reason ask_all(const struct pkt *pkt, const struct admit_input *in)
{
	enum reason reason = spent_asked(&scratch) ? spent(pkt, in, &scratch) : 0;

	if (reason) {
		unseen++;
		return reason;
	}
	reason = admit(pkt, in, &scratch.admission);
	spent_learn(&scratch, reason, in);
	if (reason == REASON_NEW)
		spent_admitted(&scratch.admission.source, in->now_ns);
	return reason;
}

#endif
