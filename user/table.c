// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "table.h"

/* an address in host order, left-aligned in 128 bits */
typedef unsigned __int128 bits_t;

struct build {
	struct arena		*arena;
	const struct table_entry *entry;
	const __u32		*item;	/* which of the entries count; a covering prefix comes first */
	__u32			family_bits;
};

/* items [first, end) lie below one node: all are longer than depth and agree in that many bits */
struct group {
	size_t	first, end;
	__u32	depth;
	__u32	class;		/* what covers the whole node */
};

static const struct shape {
	__u32	width;
	__u32	edges;
} shapes[] = { { 63, 5 }, { 31, 10 }, { 15, 20 } };
#define EDGES_MAX 20

/* a bucket in the making: range n starts at edge[n - 1] */
struct ranges {
	__u64		edge[EDGES_MAX];
	__u32		count;		/* edges */
	__u8		choice[EDGES_MAX + 1];
	__u32		values;
	struct value {
		bool		is_group;
		struct group	group;	/* if not: the class is in it */
	} value[TABLE_VALUES];
};

static __u32 build_node(struct build *build, const struct group *group);

__u32 arena_grow(struct arena *arena, size_t count)
{
	size_t first = arena->lines ? arena->lines : 1, lines = first + count, room = arena->room;
	__u8 *bytes;

	if (lines > TABLE_LINE_MASK || lines < first)
		return 0;
	if (lines > room) {
		room = room + room / 4 > lines ? room + room / 4 : lines + 16;
		bytes = realloc(arena->bytes, room * POLICY_LINE);
		if (!bytes)
			return 0;
		arena->bytes = bytes;
		arena->room = room;
	}
	memset(arena->bytes + arena->lines * POLICY_LINE, 0, (lines - arena->lines) * POLICY_LINE);
	arena->lines = lines;
	return first;
}

void arena_free(struct arena *arena)
{
	if (arena->lines && !arena->room)
		munmap(arena->bytes, (size_t)arena_pages(arena) * POLICY_PAGE);
	else
		free(arena->bytes);
	*arena = (struct arena){ 0 };
}

static void *line_at(const struct build *build, __u32 line)
{
	return build->arena->bytes + (size_t)line * POLICY_LINE;
}

static const struct table_entry *item_at(const struct build *build, size_t number)
{
	return &build->entry[build->item[number]];
}

static bits_t bits_of(const struct prefix *prefix)
{
	__be64 half[2];

	memcpy(half, prefix->addr, sizeof(half));
	return (bits_t)be64toh(half[0]) << 64 | be64toh(half[1]);
}

/* count bits of an address, from depth on; those beyond its end are 0 */
static __u64 bits_at(bits_t bits, __u32 depth, __u32 count)
{
	return depth < 128 ? (__u64)(bits << depth >> (128 - count)) : 0;
}

/* The items from first on that agree in their bits up to depth. */
static struct group group_at(const struct build *build, size_t first, size_t end, __u32 depth,
			     __u32 class)
{
	struct group group = { first, first + 1, depth, class };
	bits_t same = bits_of(&item_at(build, first)->prefix);

	while (group.end < end &&
	       (bits_of(&item_at(build, group.end)->prefix) ^ same) >> (128 - depth) == 0)
		group.end++;
	return group;
}

/* ---- buckets ------------------------------------------------------------------------------- */

static int find_value(struct ranges *ranges, const struct value *value)
{
	__u32 i;

	for (i = 0; i < ranges->values && !value->is_group; i++)
		if (!ranges->value[i].is_group && ranges->value[i].group.class == value->group.class)
			return i;
	if (ranges->values == TABLE_VALUES)
		return -1;
	ranges->value[ranges->values] = *value;
	return ranges->values++;
}

/* From edge on the value holds. False: the bucket is full. */
static bool put_edge(struct ranges *ranges, const struct shape *shape, __u64 edge,
		     const struct value *value)
{
	int choice;

	if (edge >> shape->width)	/* the end of the window: nothing follows */
		return true;
	choice = find_value(ranges, value);
	if (choice < 0)
		return false;
	if (ranges->count && ranges->edge[ranges->count - 1] == edge)
		ranges->count--;	/* nothing was between two changes: the later one holds */
	if (edge && ranges->choice[ranges->count] == choice)
		return true;
	if (ranges->count == shape->edges)
		return false;
	if (edge)
		ranges->edge[ranges->count++] = edge;
	ranges->choice[ranges->count] = choice;
	return true;
}

/* prefixes that cover the place where split() is, the innermost last */
struct cover {
	__u32	depth;
	struct {
		__u64		end;
		struct value	value;
	} at[66];
};

static bool leave(struct cover *cover, struct ranges *ranges, const struct shape *shape, __u64 edge)
{
	while (cover->depth && cover->at[cover->depth].end <= edge) {
		__u64 end = cover->at[cover->depth--].end;

		if (!put_edge(ranges, shape, end, &cover->at[cover->depth].value))
			return false;
	}
	return true;
}

/* Splits the group into ranges of its next width bits. False: there are too many. */
static bool split(const struct build *build, const struct group *group, const struct shape *shape,
		  struct ranges *ranges)
{
	struct value whole = { .group.class = group->class };
	struct cover cover = { 0 };
	size_t next;

	*ranges = (struct ranges){ 0 };
	cover.at[0].end = ~0ULL;
	cover.at[0].value = whole;
	if (!put_edge(ranges, shape, 0, &whole))
		return false;
	for (size_t i = group->first; i < group->end; i = next) {
		const struct table_entry *item = item_at(build, i);
		__u64 start = bits_at(bits_of(&item->prefix), group->depth, shape->width), size = 1;
		struct value value = { .group.class = item->class };

		if (!leave(&cover, ranges, shape, start))
			return false;
		next = i + 1;
		if (item->prefix.length > group->depth + shape->width) {
			value.is_group = true;
			value.group = group_at(build, i, group->end, group->depth + shape->width,
					       cover.at[cover.depth].value.group.class);
			next = value.group.end;
		} else {
			size <<= shape->width - (item->prefix.length - group->depth);
		}
		if (!put_edge(ranges, shape, start, &value))
			return false;
		cover.at[++cover.depth].end = start + size;
		cover.at[cover.depth].value = value;
	}
	return leave(&cover, ranges, shape, ~0ULL - 1);
}

/* Returns a ref, or 0 when memory is out. */
static __u32 build_bucket(struct build *build, const struct shape *shape, const struct ranges *ranges)
{
	__u32 lanes = 64 / (shape->width + 1), line = arena_grow(build->arena, 1);
	struct table_bucket bucket = { 0 };

	if (!line)
		return 0;
	for (__u32 i = 0; i < shape->edges; i++) {
		__u64 edge = i < ranges->count ? ranges->edge[i] : 1ULL << shape->width;

		bucket.edge[i / lanes] |= edge << i % lanes * (shape->width + 1);
	}
	for (__u32 i = 0; i <= ranges->count; i++)
		bucket.choice |= (__u64)ranges->choice[i] << 2 * i;
	for (__u32 i = 0; i < ranges->values; i++) {
		const struct value *value = &ranges->value[i];

		bucket.value[i] = value->group.class;
		if (!value->is_group)
			continue;
		bucket.value[i] = build_node(build, &value->group);
		if (!bucket.value[i])
			return 0;
	}
	memcpy(line_at(build, line), &bucket, sizeof(bucket));
	return (TABLE_BUCKET | shape->width) << TABLE_LINE_BITS | line;
}

/* ---- fans ---------------------------------------------------------------------------------- */

/* A fan costs at most 4 bytes a prefix, or its smallest size. With larger ones the first line that
 * an address touches leaves the cache too often, with smaller ones the ways get longer. */
static __u32 fan_stride(const struct build *build, const struct group *group)
{
	__u32 left = build->family_bits - group->depth, stride = TABLE_STRIDE_MIN;

	while (stride < TABLE_STRIDE_MAX && 1ULL << (stride + 1) <= group->end - group->first)
		stride++;
	return stride < left ? stride : left;
}

static __u32 build_fan(struct build *build, const struct group *group)
{
	__u32 stride = fan_stride(build, group), slots = 1U << stride, *slot;
	__u32 line = arena_grow(build->arena, (slots + 15) / 16);
	size_t next;

	if (!line)
		return 0;
	slot = line_at(build, line);
	for (__u32 i = 0; i < slots; i++)
		slot[i] = group->class;
	for (size_t i = group->first; i < group->end; i = next) {
		const struct table_entry *item = item_at(build, i);
		__u32 at = bits_at(bits_of(&item->prefix), group->depth, stride);
		__u32 depth = group->depth + stride;
		struct group below;
		__u32 ref;

		next = i + 1;
		if (item->prefix.length <= depth) {
			for (__u32 n = 1U << (depth - item->prefix.length); n; n--)
				slot[at + n - 1] = item->class;
			continue;
		}
		below = group_at(build, i, group->end, depth, slot[at]);
		next = below.end;
		ref = build_node(build, &below);
		if (!ref)
			return 0;
		slot = line_at(build, line);	/* the arena may have moved */
		slot[at] = ref;
	}
	return stride << TABLE_LINE_BITS | line;
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* The widest bucket that holds the group, else a fan. Returns a ref, or 0 when memory is out. */
static __u32 build_node(struct build *build, const struct group *group)
{
	struct ranges ranges;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (split(build, group, &shapes[i], &ranges))
			return build_bucket(build, &shapes[i], &ranges);
	return build_fan(build, group);
}

/* Lists the entries that change anything: not those that say what their cover says. class: what
 * is said of the whole family. */
static size_t list_items(const struct table_entry *entry, size_t count, __u32 *item, __u32 *class)
{
	const struct table_entry *cover[129];
	size_t depth = 0, items = 0;

	*class = 0;
	for (size_t i = 0; i < count; i++) {
		if (!entry[i].prefix.length) {
			*class = entry[i].class;
			continue;
		}
		while (depth && !prefix_covers(&cover[depth - 1]->prefix, &entry[i].prefix))
			depth--;
		if (entry[i].class == (depth ? cover[depth - 1]->class : *class))
			continue;
		item[items++] = i;
		cover[depth++] = &entry[i];
	}
	return items;
}

long table_build(struct arena *arena, const struct table_entry *entry, size_t count, int family)
{
	struct build build = { .arena = arena, .entry = entry,
			       .family_bits = family == 6 ? 128 : 32 };
	struct group whole = { 0 };
	__u32 *item, root;

	if (!count)
		return 0;
	item = malloc(count * sizeof(*item));
	if (!item)
		return -ENOMEM;
	build.item = item;
	whole.end = list_items(entry, count, item, &whole.class);
	root = whole.class;
	if (whole.end) {
		root = build_node(&build, &whole);
		if (!root)
			root = ~0U;
	}
	free(item);
	return root == ~0U ? -ENOMEM : (long)root;
}
