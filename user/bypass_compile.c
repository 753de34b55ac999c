// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "bypass.h"

#define PORTS		65536
#define WORDS_A_LINE	(POLICY_LINE / sizeof(__u64))

static void *line_of(const struct arena *arena, __u32 line)
{
	return arena->bytes + (size_t)line * POLICY_LINE;
}

static bool has_port(const struct bypass_group *group, __u32 port)
{
	if (group->any_port)
		return true;
	for (size_t i = 0; i < group->port_count; i++)
		if (port >= group->ports[i].first && port <= group->ports[i].last)
			return true;
	return false;
}

static __u64 groups_of_port(const struct bypass_groups *groups, __u32 port)
{
	__u64 bits = 0;

	for (size_t i = 0; i < groups->count; i++)
		bits |= (__u64)has_port(&groups->at[i], port) << i;
	return bits;
}

/* Does what is said of ports change from the port before to this one? */
static void mark_edges(const struct bypass_groups *groups, bool edge[PORTS + 1])
{
	for (size_t i = 0; i < groups->count; i++)
		for (size_t n = 0; n < groups->at[i].port_count; n++) {
			edge[groups->at[i].ports[n].first] = true;
			edge[groups->at[i].ports[n].last + 1] = true;
		}
}

/* The number of the set in sets[]; BYPASS_PORT_SETS when there is no room for it. */
static __u32 set_number(__u64 sets[BYPASS_PORT_SETS], __u32 *count, __u64 bits)
{
	for (__u32 i = 0; i < *count; i++)
		if (sets[i] == bits)
			return i;
	if (*count == BYPASS_PORT_SETS)
		return BYPASS_PORT_SETS;
	sets[*count] = bits;
	return (*count)++;
}

/* Each port gets the number of its set. */
static int fill_ports(const struct bypass_groups *groups, __u8 number[PORTS],
		      __u64 sets[BYPASS_PORT_SETS])
{
	bool *edge = calloc(PORTS + 1, sizeof(*edge));
	__u32 count = 0, now = 0;

	if (!edge)
		return -1;
	edge[0] = true;
	mark_edges(groups, edge);
	for (__u32 port = 0; port < PORTS; port++) {
		if (edge[port])
			now = set_number(sets, &count, groups_of_port(groups, port));
		if (now == BYPASS_PORT_SETS)
			break;
		number[port] = now;
	}
	free(edge);
	return now == BYPASS_PORT_SETS ? -1 : 0;
}

__u32 bypass_blocks(const struct bypass_groups *groups, __u64 bits)
{
	__u32 blocks = 0;

	for (size_t i = 0; i < groups->count; i++) {
		const struct bypass_group *group = &groups->at[i];

		if (!(bits >> i & 1))
			continue;
		if (group->any_port)
			return ~0U;
		for (size_t n = 0; n < group->port_count; n++)
			for (__u32 block = group->ports[n].first / BYPASS_BLOCK_PORTS;
			     block <= group->ports[n].last / BYPASS_BLOCK_PORTS; block++)
				blocks |= 1U << block;
	}
	return blocks;
}

int bypass_compile(const struct policy *policy, const struct bypass_groups *groups,
		   struct arena *arena, struct fail *fail)
{
	struct policy_bypass *bypass;
	__u32 protocols, ports, sets;

	if (!groups->count)
		return 0;
	protocols = arena_grow(arena, BYPASS_PROTOCOLS / WORDS_A_LINE);
	ports = arena_grow(arena, PORTS / POLICY_LINE);
	sets = arena_grow(arena, BYPASS_PORT_SETS / WORDS_A_LINE);
	if (!protocols || !ports || !sets)
		return fail_set(fail, EXIT_REFUSED, NULL, "no memory for the compiled policy");
	bypass = line_of(arena, POLICY_BYPASS);
	bypass->mark = bypass_mark(policy);
	bypass->protocols = protocols;
	bypass->ports = ports;
	bypass->port_sets = sets;
	for (size_t i = 0; i < groups->count; i++) {
		const struct bypass_group *group = &groups->at[i];
		__u64 *accepts = line_of(arena, protocols);

		if (group->any_port)
			bypass->portless |= 1ULL << i;
		if (group->fast)
			bypass->fast |= 1ULL << i;
		for (__u32 protocol = 0; protocol < BYPASS_PROTOCOLS; protocol++)
			if (!group->protocol || group->protocol == protocol)
				accepts[protocol] |= 1ULL << i;
	}
	if (fill_ports(groups, line_of(arena, ports), line_of(arena, sets)))
		return fail_set(fail, EXIT_USAGE, "use fewer and wider ranges of ports",
				"the ports of the bypasses overlap in more than %d ways",
				BYPASS_PORT_SETS);
	((struct policy_knobs *)line_of(arena, POLICY_KNOBS))->flags |= KNOB_BYPASS;
	return 0;
}
