// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "capture.h"

#define LINK_ETHERNET	1
#define WIRE_MAX	1514
#define HOSTS		1024

struct file_header {
	uint32_t	magic;
	uint16_t	major, minor;
	uint32_t	zone, accuracy, snap_length, link;
};

struct record_header {
	uint32_t	seconds, fraction, captured, length;
};

static FILE *file;
static bool swapped;
static unsigned long left_out;
static struct { uint8_t bytes[16]; enum side side; } host[HOSTS];
static unsigned int hosts;

static void __attribute__((noreturn)) die(const char *path, const char *why)
{
	fprintf(stderr, "differential: %s: %s\n", path, why);
	exit(1);
}

static uint32_t number(uint32_t value)
{
	return swapped ? __builtin_bswap32(value) : value;
}

void capture_open(const char *path)
{
	struct file_header header;

	file = fopen(path, "re");
	if (!file)
		die(path, strerror(errno));
	if (fread(&header, sizeof(header), 1, file) != 1)
		die(path, "ends in its header");
	swapped = header.magic == 0xd4c3b2a1 || header.magic == 0x4d3cb2a1;
	if (number(header.magic) != 0xa1b2c3d4 && number(header.magic) != 0xa1b23c4d)
		die(path, "is no pcap file");
	if (number(header.link) != LINK_ETHERNET)
		die(path, "is no capture of Ethernet");
	hosts = left_out = 0;
}

static bool is_known(const uint8_t *address, unsigned int length, enum side *side)
{
	for (unsigned int i = 0; i < hosts; i++) {
		if (memcmp(host[i].bytes, address, length))
			continue;
		*side = host[i].side;
		return true;
	}
	return false;
}

static void know(const uint8_t *address, unsigned int length, enum side side)
{
	enum side known;

	if (hosts == HOSTS || is_known(address, length, &known))
		return;
	memcpy(host[hosts].bytes, address, length);
	host[hosts++].side = side;
}

/* Where it comes from; what is neither IPv4 nor IPv6 comes from inside. */
static enum side side_of(const struct frame *frame)
{
	bool six = frame->bytes[12] == 0x86 && frame->bytes[13] == 0xdd;
	const uint8_t *source = frame->bytes + (six ? 22 : 26);
	unsigned int length = six ? 16 : 4;
	enum side side = INSIDE;

	if (frame->length < (six ? 54U : 34U) || (!six && (frame->bytes[12] != 8 || frame->bytes[13])))
		return INSIDE;
	is_known(source, length, &side);
	know(source, length, side);
	know(source + length, length, !side);
	return side;
}

bool capture_next(struct frame *frame)
{
	struct record_header header;
	uint32_t captured;

	for (;;) {
		if (fread(&header, sizeof(header), 1, file) != 1)
			return false;
		captured = number(header.captured);
		if (captured >= 14 && captured == number(header.length) && captured <= WIRE_MAX)
			break;
		left_out++;
		if (fseek(file, captured, SEEK_CUR))
			return false;
	}
	memset(frame, 0, sizeof(*frame));
	if (fread(frame->bytes, captured, 1, file) != 1)
		return false;
	frame->length = captured;
	frame->l3 = 14;
	frame->side = side_of(frame);
	frame_address(frame);
	return true;
}

unsigned long capture_close(void)
{
	fclose(file);
	return left_out;
}
