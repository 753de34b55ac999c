// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <string.h>
#include "frame.h"

static const uint8_t gateway_mac[SIDES][6] = { { 2, 0, 0, 0, 0, 1 }, { 2, 0, 0, 0, 0, 2 } };

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static uint32_t sum_bytes(uint32_t sum, const uint8_t *at, unsigned int length)
{
	for (; length > 1; at += 2, length -= 2)
		sum += get16(at);
	return length ? sum + (at[0] << 8) : sum;
}

static uint16_t sum_close(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* offset of the checksum in the transport header, 0: it has none that is computed here */
static unsigned int checksum_offset(int protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:	return 16;
	case IPPROTO_UDP:	return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:	return 2;
	default:		return 0;
	}
}

void frame_checksum(struct frame *frame)
{
	uint8_t *ip = frame->bytes + frame->l3, *l4 = frame->bytes + frame->l4;
	unsigned int length = frame->length - frame->l4;
	bool six = frame->bytes[12] == 0x86;
	int protocol = six ? ip[6] : ip[9];
	unsigned int at = checksum_offset(protocol);
	uint32_t sum = 0;

	if (!six) {
		put16(ip + 10, 0);
		put16(ip + 10, sum_close(sum_bytes(0, ip, (ip[0] & 15) * 4)));
	}
	if (!at || length < at + 2)
		return;
	if (protocol != IPPROTO_ICMP)
		sum = sum_bytes(protocol + length, six ? ip + 8 : ip + 12, six ? 32 : 8);
	put16(l4 + at, 0);
	sum = sum_close(sum_bytes(sum, l4, length));
	put16(l4 + at, sum || protocol != IPPROTO_UDP ? sum : 0xffff);
}

void frame_address(struct frame *frame)
{
	memcpy(frame->bytes, gateway_mac[frame->side], 6);
	memcpy(frame->bytes + 6, "\2\0\0\0\0\x63", 6);
}

/* Returns where the transport header goes; length: of header and payload */
static uint8_t *begin(struct frame *frame, const struct letter *letter, unsigned int length)
{
	uint8_t *ip;

	memset(frame->bytes, 0, sizeof(frame->bytes));
	frame_address(frame);
	put16(frame->bytes + 12, letter->family == 6 ? 0x86dd : 0x0800);
	frame->l3 = 14;
	frame->l4 = 14 + (letter->family == 6 ? 40 : 20);
	frame->length = frame->l4 + length;
	ip = frame->bytes + frame->l3;
	if (letter->family == 6) {
		ip[0] = 0x60;
		put16(ip + 4, length);
		ip[6] = letter->protocol;
		ip[7] = 64;
		memcpy(ip + 8, letter->from.bytes, 16);
		memcpy(ip + 24, letter->to.bytes, 16);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, 20 + length);
		ip[8] = 64;
		ip[9] = letter->protocol;
		memcpy(ip + 12, letter->from.bytes, 4);
		memcpy(ip + 16, letter->to.bytes, 4);
	}
	return frame->bytes + frame->l4;
}

void frame_tcp(struct frame *frame, const struct letter *letter, const struct tcp_part *tcp)
{
	unsigned int header = 20 + tcp->options_length;
	uint8_t *at = begin(frame, letter, header + tcp->payload);

	put16(at, letter->sport);
	put16(at + 2, letter->dport);
	put32(at + 4, tcp->seq);
	put32(at + 8, tcp->ack);
	at[12] = header / 4 << 4;
	at[13] = tcp->flags;
	put16(at + 14, tcp->window);
	if (tcp->options_length)
		memcpy(at + 20, tcp->options, tcp->options_length);
	frame_checksum(frame);
}

void frame_udp(struct frame *frame, const struct letter *letter, unsigned int payload)
{
	uint8_t *at = begin(frame, letter, 8 + payload);

	put16(at, letter->sport);
	put16(at + 2, letter->dport);
	put16(at + 4, 8 + payload);
	frame_checksum(frame);
}

void frame_icmp(struct frame *frame, const struct letter *letter, uint8_t type, uint8_t code,
		uint32_t rest, const void *body, unsigned int length)
{
	uint8_t *at = begin(frame, letter, 8 + length);

	at[0] = type;
	at[1] = code;
	put32(at + 4, rest);
	if (length)
		memcpy(at + 8, body, length);
	frame_checksum(frame);
}

void frame_other(struct frame *frame, const struct letter *letter, unsigned int length)
{
	uint8_t *at = begin(frame, letter, length);

	if (length >= 4) {
		put16(at, letter->sport);
		put16(at + 2, letter->dport);
	}
	frame_checksum(frame);
}

void frame_split(const struct frame *whole, unsigned int at, struct frame part[2])
{
	unsigned int rest = whole->length - whole->l4 - at;

	part[0] = part[1] = *whole;
	part[0].length = whole->l4 + at;
	put16(part[0].bytes + whole->l3 + 2, 20 + at);
	put16(part[0].bytes + whole->l3 + 6, 0x2000);
	part[1].length = whole->l4 + rest;
	memcpy(part[1].bytes + whole->l4, whole->bytes + whole->l4 + at, rest);
	put16(part[1].bytes + whole->l3 + 2, 20 + rest);
	put16(part[1].bytes + whole->l3 + 6, at / 8);
	for (int i = 0; i < 2; i++) {
		uint8_t *ip = part[i].bytes + whole->l3;

		put16(ip + 10, 0);
		put16(ip + 10, sum_close(sum_bytes(0, ip, 20)));
	}
}
