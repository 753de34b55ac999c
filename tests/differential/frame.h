/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames, byte by byte: built whole with right checksums, then broken on purpose. */
#ifndef WEIR_FRAME_H
#define WEIR_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_MAX	2048

enum side { INSIDE, OUTSIDE, SIDES };

struct frame {
	enum side	side;		/* where it arrives at the gateway */
	unsigned int	length;
	unsigned int	l3, l4;		/* offsets */
	uint8_t		bytes[FRAME_MAX];
};

struct address { uint8_t bytes[16]; };	/* IPv4 in the first four */

/* One packet as its sender wrote it. */
struct letter {
	int		family;		/* 4 or 6 */
	int		protocol;
	struct address	from, to;
	uint16_t	sport, dport;
};

struct tcp_part {
	uint8_t		flags;
	uint32_t	seq, ack;
	uint16_t	window;
	const uint8_t	*options;	/* a multiple of 4 bytes, or NULL */
	unsigned int	options_length;
	unsigned int	payload;	/* bytes */
};

void frame_tcp(struct frame *frame, const struct letter *letter, const struct tcp_part *tcp);
void frame_udp(struct frame *frame, const struct letter *letter, unsigned int payload);
/* rest: what stands in bytes 4-7 of the header */
void frame_icmp(struct frame *frame, const struct letter *letter, uint8_t type, uint8_t code,
		uint32_t rest, const void *body, unsigned int length);
/* any other protocol; the first four bytes are the ports */
void frame_other(struct frame *frame, const struct letter *letter, unsigned int length);

/* Addresses the frame to the gateway, on the side it comes from. */
void frame_address(struct frame *frame);

/* Makes the transport checksum (and for IPv4 the header's) right again after a change. */
void frame_checksum(struct frame *frame);

/* Cuts an IPv4 frame in two behind `at` payload bytes, a multiple of 8. */
void frame_split(const struct frame *whole, unsigned int at, struct frame part[2]);

#endif
