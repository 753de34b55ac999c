/* SPDX-License-Identifier: GPL-2.0-only */
/* Gives up what a process does not need. */
#ifndef WEIR_PRIVILEGE_H
#define WEIR_PRIVILEGE_H

#include <linux/capability.h>
#include <linux/types.h>
#include "fail.h"

#define CAPABILITY(number) (1ULL << (number))

/*
 * Keeps the capabilities in `keep` and drops all others, for good: from the bounding set too, and
 * with no_new_privs, so that no program that is executed later gets more. The user stays root:
 * root owns the pins, and its files need no capability.
 */
int privilege_drop(__u64 keep, struct fail *fail);

#endif
