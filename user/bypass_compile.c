// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
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

/* Which set of groups asks for each port. Returns how many sets there are, or -1: too many. */
static long fill_ports(const struct bypass_groups *groups, const bool edge[PORTS + 1], __u8 set[PORTS],
		       __u64 sets[BYPASS_PORT_SETS])
{
	__u32 number = 0, count = 0;

	for (__u32 port = 0; port < PORTS; port++) {
		if (!port || edge[port])
			number = set_number(sets, &count, groups_of_port(groups, port));
		if (number == BYPASS_PORT_SETS)
			return -1;
		set[port] = number;
	}
	return count;
}

/* Appends the ports and the list of sets. 0, -ENOMEM, or -E2BIG for too many sets. */
static int compile_ports(const struct bypass_groups *groups, struct arena *arena, __u32 *ports,
			 __u32 *port_sets)
{
	bool *edge = calloc(PORTS + 1, sizeof(*edge));
	__u64 sets[BYPASS_PORT_SETS];
	long count = -1;

	*ports = arena_grow(arena, PORTS / POLICY_LINE);
	if (edge && *ports) {
		mark_edges(groups, edge);
		count = fill_ports(groups, edge, line_of(arena, *ports), sets);
	}
	free(edge);
	if (count < 0)
		return edge && *ports ? -E2BIG : -ENOMEM;
	*port_sets = arena_grow(arena, (count + WORDS_A_LINE - 1) / WORDS_A_LINE);
	if (!*port_sets)
		return -ENOMEM;
	memcpy(line_of(arena, *port_sets), sets, count * sizeof(*sets));
	return 0;
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
	int error;

	if (!groups->count)
		return 0;
	protocols = arena_grow(arena, BYPASS_PROTOCOLS / WORDS_A_LINE);
	error = protocols ? compile_ports(groups, arena, &ports, &sets) : -ENOMEM;
	if (error == -E2BIG)
		return fail_set(fail, EXIT_USAGE, "use fewer and wider ranges of ports",
				"the ports of the bypasses overlap in more than %d ways",
				BYPASS_PORT_SETS);
	if (error)
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
	bypass->blocks = bypass_blocks(groups, ~bypass->portless);
	((struct policy_knobs *)line_of(arena, POLICY_KNOBS))->flags |= KNOB_BYPASS;
	return 0;
}
