/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only way to the bytes of a frame: frame_at() and header_at() check every access, in a form
 * that the verifier of each kernel understands whatever the compiler does to it.
 *
 * Two ends bound what is read. data_end: behind it there is no memory. ip_end, the end of the IP
 * packet as its length says: behind it there is padding. A header that crosses the second one is
 * PKT_TRUNCATED. One that the packet has, but not before data_end (a multi-buffer frame with a
 * header in its second buffer), is PKT_TOO_DEEP: nobody's fault, and passed.
 */
#ifndef WEIR_FRAME_H
#define WEIR_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include "bpf/pkt.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define FRAME_OFFSET_MAX	0x7ff	/* bytes into the frame that are read; 2^n - 1 */

/* The compiler forgets how it computed x: what is checked is then what is used. */
#define FRAME_HIDE(x) __asm__ volatile("" : "+r"(x))

struct frame {
	const __u8	*data;
	const __u8	*data_end;
	__u32		bytes;		/* whole frame, padding included */
	__u32		ip_end;		/* offset behind the IP packet */
	__u32		unknown;	/* any bytes of the frame, never compared: see merge() */
};

/*
 * The same value, but the verifier takes it for an unknown one: paths that differ only by it are
 * one path from here on. Without it the rest is read once for each number of tags, each chain of
 * extension headers and each set of flags.
 */
static __always_inline __u32 merge(const struct frame *frame, __u32 value)
{
	value ^= frame->unknown;
	FRAME_HIDE(value);
	return value ^ frame->unknown;
}

/* Is there no memory from at on? The compiler must not fold data_end into its own arithmetic. */
static __always_inline bool is_behind(const struct frame *frame, const void *at)
{
	const __u8 *data_end = frame->data_end;

	FRAME_HIDE(data_end);
	return (const __u8 *)at > data_end;
}

/* Pointer to size bytes at offset, or NULL: data_end or FRAME_OFFSET_MAX come first. */
static __always_inline const void *frame_at(const struct frame *frame, __u32 offset, __u32 size)
{
	const __u8 *at;

	if (offset > FRAME_OFFSET_MAX)
		return NULL;
	FRAME_HIDE(offset);
	offset &= FRAME_OFFSET_MAX;	/* same bounds on every path: the verifier merges them */
	at = frame->data + offset;
	FRAME_HIDE(at);
	return is_behind(frame, at + size) ? NULL : at;
}

/* The same for what must lie inside of the IP packet; says in pkt->flags why it is not there. */
static __always_inline const void *header_at(const struct frame *frame, __u32 offset, __u32 size,
					     struct pkt *pkt)
{
	const void *at;

	if (offset + size > frame->ip_end) {
		pkt->flags |= PKT_TRUNCATED;
		return NULL;
	}
	at = frame_at(frame, offset, size);
	if (!at)
		pkt->flags |= PKT_TOO_DEEP;
	return at;
}

#endif
