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

/* The widest block of ports that begins there and does not go beyond last. */
static struct prefix ports_block(__u32 first, __u32 last)
{
	struct prefix prefix = { .family = 4, .length = 16, .addr = { first >> 8, first } };
	__u32 size = 1;

	while (!(first & (2 * size - 1)) && first + 2 * size - 1 <= last) {
		size *= 2;
		prefix.length--;
	}
	return prefix;
}

/* Appends the blocks of first .. last. Returns how many there are then. */
static size_t put_blocks(struct table_entry *entry, size_t count, __u32 first, __u32 last, __u32 set)
{
	while (first <= last) {
		struct prefix prefix = ports_block(first, last);

		entry[count++] = (struct table_entry){ prefix, set };
		first += 1U << (16 - prefix.length);
	}
	return count;
}

/* What asks for each port, as blocks of ports with a set; entry: room for PORTS of them. Returns how
 * many they are, or -1 when there are too many sets. */
static long list_ports(const struct bypass_groups *groups, const bool edge[PORTS + 1],
		       struct table_entry *entry, __u64 sets[BYPASS_PORT_SETS], __u32 *set_count)
{
	__u32 first = 0, number;
	size_t count = 0;

	for (__u32 next = 1; next <= PORTS; next++) {
		if (next < PORTS && !edge[next])
			continue;
		number = set_number(sets, set_count, groups_of_port(groups, first));
		if (number == BYPASS_PORT_SETS)
			return -1;
		count = put_blocks(entry, count, first, next - 1, number);
		first = next;
	}
	return count;
}

/* Builds the table of ports and the list of sets. 0, -ENOMEM, or -E2BIG for too many sets. */
static int compile_ports(const struct bypass_groups *groups, struct arena *arena, __u32 *ports,
			 __u32 *port_sets)
{
	struct table_entry *entry = malloc(PORTS * sizeof(*entry));
	bool *edge = calloc(PORTS + 1, sizeof(*edge));
	__u64 sets[BYPASS_PORT_SETS];
	__u32 set_count = 0;
	long count, root = -ENOMEM;

	if (entry && edge) {
		mark_edges(groups, edge);
		count = list_ports(groups, edge, entry, sets, &set_count);
		root = count < 0 ? -E2BIG : table_build(arena, entry, count, 4);
	}
	free(edge);
	free(entry);
	if (root < 0)
		return root;
	*ports = root;
	*port_sets = arena_grow(arena, (set_count + WORDS_A_LINE - 1) / WORDS_A_LINE);
	if (!*port_sets)
		return -ENOMEM;
	memcpy(line_of(arena, *port_sets), sets, set_count * sizeof(*sets));
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
	((struct policy_knobs *)line_of(arena, POLICY_KNOBS))->flags |= KNOB_BYPASS;
	return 0;
}
