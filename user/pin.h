/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where an instance keeps its pins: <base>/<instance>/v<WEIR_ABI>/ on a bpffs of weir's own at
 * /run/weir/bpf (mode 0750, group weir if there is one, so that statistics are read without any
 * capability). A process in a private mount namespace (as `ip netns exec` makes it) neither sees
 * nor may make that mount where it lasts: it is then reached through /proc/1/root.
 */
#ifndef WEIR_PIN_H
#define WEIR_PIN_H

#include <stdbool.h>
#include <stddef.h>
#include "abi.h"
#include "fail.h"

#define PIN_BASE	"/run/weir/bpf"
#define PIN_LOCKS	"/run/weir"	/* where daemons keep their locks */
#define INSTANCE_MAX	32	/* bytes of a name, with the NUL */
#define PIN_PATH	256

/* A letter or digit, then letters, digits, '.', '_' or '-'. */
int pin_instance_check(const char *instance, struct fail *fail);

/* How the instance is spoken to: "weir", or "weir -I NAME". Returns call. */
#define INSTANCE_CALL	(INSTANCE_MAX + 8)
const char *pin_call(const char *instance, char call[INSTANCE_CALL]);

/* Writes the directory of the instance. -EXIT_ABSENT when there is no such instance. */
int pin_find(const char *instance, char *directory, size_t size, struct fail *fail);

/* The same, but mounts and makes what is missing. */
int pin_make(const char *instance, char *directory, size_t size, struct fail *fail);

/* Removes the directory and all pins in it; the kernel frees what nothing else holds. */
int pin_remove(const char *instance, struct fail *fail);

/* Calls each(name) for every instance. Returns how many there are, 0 also when nothing is mounted. */
int pin_each(void (*each)(const char *instance, void *data), void *data);

/* Gives a pin its mode: stats may be read by the group, everything else by root alone. */
int pin_mode(const char *path, bool stats, struct fail *fail);

#endif
