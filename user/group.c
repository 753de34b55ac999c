// SPDX-License-Identifier: GPL-2.0-only
#include <arpa/inet.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include "group.h"
#include "bpf/group.h"
#include "policy.h"

/* The counterpart of group_aggregate() in bpf/group.h. */
static void read_aggregate(const struct source_hot *hot, struct group_row *row)
{
	bool six = hot->word & SEAT_SIX;
	__u64 half = htobe64(hot->key << (six ? 16 : 40));

	row->prefix = (struct prefix){ .family = six ? 6 : 4, .length = six ? 48 : 24 };
	memcpy(row->prefix.addr, &half, six ? sizeof(half) : sizeof(__be32));
}

/* The counterpart of group_destination(). */
static void read_destination(const struct source_hot *hot, struct group_row *row)
{
	__be32 address = (hot->key & ~GROUP_DESTINATION) >> 24;

	row->destination = true;
	if (hot->word & SEAT_SIX)
		return;
	row->prefix = (struct prefix){ .family = 4, .length = 32 };
	memcpy(row->prefix.addr, &address, sizeof(address));
	row->protocol = hot->key >> 16;
	row->port = ntohs(hot->key);
}

bool group_read(const struct source_hot *hot, struct group_row *row)
{
	if (!hot->word)
		return false;
	*row = (struct group_row){
		.role = hot->word & SEAT_INSIDE ? ROLE_INSIDE : ROLE_OUTSIDE,
	};
	if (hot->key & GROUP_DESTINATION)
		read_destination(hot, row);
	else
		read_aggregate(hot, row);
	return true;
}

char *group_print(const struct group_row *row, char *out, size_t size)
{
	const char *name = protocol_name(row->protocol);
	char prefix[PREFIX_TEXT], protocol[16], port[16] = "";

	prefix_print(&row->prefix, prefix, sizeof(prefix));
	snprintf(protocol, sizeof(protocol), "proto %u", row->protocol);
	if (row->port)
		snprintf(port, sizeof(port), " port %u", row->port);
	if (!row->destination)
		snprintf(out, size, "%s", prefix);
	else if (!row->prefix.family)
		snprintf(out, size, "an IPv6 destination");
	else
		snprintf(out, size, "%s %s%s", prefix, name ? name : protocol, port);
	return out;
}
