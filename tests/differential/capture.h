/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of a capture (pcap, Ethernet), one by one, as if they came to the gateway. Whoever is first
 * seen as a source stands inside, and whom that one speaks to stands outside.
 */
#ifndef WEIR_CAPTURE_H
#define WEIR_CAPTURE_H

#include "frame.h"

/* Prints why and exits when it is no such file. */
void capture_open(const char *path);
/* False at the end. Frames that were cut, or are longer than a wire takes, are left out. */
bool capture_next(struct frame *frame);
/* How many were left out; closes the file. */
unsigned long capture_close(void);

#endif
