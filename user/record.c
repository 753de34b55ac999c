// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include "record.h"

#define FOREVER (~0ULL)

/* The records: this, the text with its NUL, the trust entries, the block entries. */
struct record_head {
	__u64	now_ns;			/* what durations in the text are counted from */
	__u64	enforce_until_ns;
	__u64	text_bytes;
	__u64	trust_bytes;
	__u64	trust_count;
	__u64	block_count;
};

/* An entry: these flags, the prefix length, as many bytes of address as that needs, and then what
 * the flags say: end (8 bytes), slot (2), length of the comment (2) and the comment. */
enum packed_flag {
	PACKED_SIX = 1 << 0, PACKED_UNTIL = 1 << 1, PACKED_HIT = 1 << 2, PACKED_COMMENT = 1 << 3,
	PACKED_ANNOUNCE = 1 << 4,
};
#define PACKED_MAX (2 + 16 + 8 + 2 + 2)	/* without the comment */

/* The records in the making: the last lines of the arena. */
struct buffer {
	struct arena	*arena;
	__u32		line;		/* the first one */
	size_t		used;
};

static __u8 *buffer_bytes(const struct buffer *buffer)
{
	return buffer->arena->bytes + (size_t)buffer->line * POLICY_LINE;
}

static bool buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t room = (buffer->arena->lines - buffer->line) * POLICY_LINE;
	size_t wanted = buffer->used + more;

	return wanted <= room ||
	       arena_grow(buffer->arena, (wanted - room + POLICY_LINE - 1) / POLICY_LINE);
}

static void put(struct buffer *buffer, const void *bytes, size_t count)
{
	memcpy(buffer_bytes(buffer) + buffer->used, bytes, count);
	buffer->used += count;
}

static size_t address_bytes(const struct prefix *prefix)
{
	return (prefix->length + 7) / 8;
}

static bool pack(struct buffer *buffer, const struct entry *entry, __u16 hit)
{
	size_t comment = entry->comment ? strlen(entry->comment) : 0;
	__u16 bytes = comment < 0xffff ? comment : 0xffff;
	__u8 flags[2] = { 0, entry->prefix.length };

	if (!buffer_reserve(buffer, PACKED_MAX + bytes))
		return false;
	flags[0] |= entry->prefix.family == 6 ? PACKED_SIX : 0;
	flags[0] |= entry->until_ns != FOREVER ? PACKED_UNTIL : 0;
	flags[0] |= hit ? PACKED_HIT : 0;
	flags[0] |= entry->comment ? PACKED_COMMENT : 0;
	flags[0] |= entry->announce ? PACKED_ANNOUNCE : 0;
	put(buffer, flags, sizeof(flags));
	put(buffer, entry->prefix.addr, address_bytes(&entry->prefix));
	if (flags[0] & PACKED_UNTIL)
		put(buffer, &entry->until_ns, sizeof(entry->until_ns));
	if (flags[0] & PACKED_HIT)
		put(buffer, &hit, sizeof(hit));
	if (flags[0] & PACKED_COMMENT) {
		put(buffer, &bytes, sizeof(bytes));
		put(buffer, entry->comment, bytes);
	}
	return true;
}

static bool pack_all(struct buffer *buffer, const struct entries *entries, const __u16 *hit,
		     __u64 now_ns, __u64 *count)
{
	for (size_t i = 0; i < entries->count; i++) {
		if (entries->at[i].until_ns <= now_ns)
			continue;
		if (!pack(buffer, &entries->at[i], hit ? hit[i] : 0))
			return false;
		++*count;
	}
	return true;
}

/* What the text can't say exactly is taken out of it. */
static bool pack_text(struct buffer *buffer, const struct policy *policy, __u64 now_ns, __u64 *count)
{
	struct policy plain = *policy;
	char *text = NULL;
	size_t bytes = 0;
	FILE *to = open_memstream(&text, &bytes);
	bool packed;

	if (!to)
		return false;
	plain.trust = plain.block = (struct entries){ 0 };
	plain.enforce_until_ns = 0;
	policy_print(to, &plain, now_ns, false);
	packed = !fclose(to) && buffer_reserve(buffer, bytes + 1);
	if (packed)
		put(buffer, text, bytes + 1);
	*count = bytes + 1;
	free(text);
	return packed;
}

static bool pack_policy(struct buffer *buffer, const struct policy *policy, const __u16 *hit,
			__u64 now_ns)
{
	struct record_head head = { .now_ns = now_ns, .enforce_until_ns = policy->enforce_until_ns };
	size_t before;

	if (!buffer_reserve(buffer, sizeof(head)))
		return false;
	buffer->used = sizeof(head);
	if (!pack_text(buffer, policy, now_ns, &head.text_bytes))
		return false;
	before = buffer->used;
	if (!pack_all(buffer, &policy->trust, NULL, now_ns, &head.trust_count))
		return false;
	head.trust_bytes = buffer->used - before;
	if (!pack_all(buffer, &policy->block, hit, now_ns, &head.block_count))
		return false;
	memcpy(buffer_bytes(buffer), &head, sizeof(head));
	return true;
}

int record_write(struct arena *arena, const struct policy *policy, const __u16 *hit, __u64 now_ns,
		 struct fail *fail)
{
	struct buffer buffer = { .arena = arena, .line = arena_grow(arena, 1) };
	struct policy_head *head;

	if (!buffer.line || !pack_policy(&buffer, policy, hit, now_ns))
		return fail_set(fail, EXIT_REFUSED, NULL, "no memory for the policy");
	head = (struct policy_head *)arena->bytes;
	head->record = buffer.line;
	head->record_bytes = buffer.used;
	return 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* The head of the records, or NULL if they are not whole. */
static const struct record_head *record_at(const struct arena *arena, const __u8 **end)
{
	const struct policy_head *head = (const struct policy_head *)arena->bytes;
	const struct record_head *record;
	size_t at, room;

	if (!arena->lines || head->magic != POLICY_MAGIC || head->record >= arena->lines)
		return NULL;
	at = (size_t)head->record * POLICY_LINE;
	room = arena->lines * POLICY_LINE - at;
	if (head->record_bytes < sizeof(*record) || head->record_bytes > room)
		return NULL;
	record = (const struct record_head *)(arena->bytes + at);
	room = head->record_bytes - sizeof(*record);
	if (!record->text_bytes || record->text_bytes > room ||
	    record->trust_bytes > room - record->text_bytes ||
	    ((const char *)(record + 1))[record->text_bytes - 1])
		return NULL;
	*end = arena->bytes + at + head->record_bytes;
	return record;
}

static bool take(struct record_walk *walk, void *out, size_t count)
{
	if ((size_t)(walk->end - walk->at) < count)
		return false;
	memcpy(out, walk->at, count);
	walk->at += count;
	return true;
}

static bool unpack(struct record_walk *walk, struct entry *entry, __u16 *hit, __u16 *comment_bytes)
{
	__u8 flags[2];

	*entry = (struct entry){ .until_ns = FOREVER };
	*hit = *comment_bytes = 0;
	if (!take(walk, flags, sizeof(flags)))
		return false;
	entry->prefix.family = flags[0] & PACKED_SIX ? 6 : 4;
	entry->prefix.length = flags[1];
	entry->announce = flags[0] & PACKED_ANNOUNCE;
	if (entry->prefix.length > (entry->prefix.family == 6 ? 128 : 32))
		return false;
	if (!take(walk, entry->prefix.addr, address_bytes(&entry->prefix)))
		return false;
	if (flags[0] & PACKED_UNTIL && !take(walk, &entry->until_ns, sizeof(entry->until_ns)))
		return false;
	if (flags[0] & PACKED_HIT && !take(walk, hit, sizeof(*hit)))
		return false;
	if (!(flags[0] & PACKED_COMMENT))
		return true;
	if (!take(walk, comment_bytes, sizeof(*comment_bytes)) ||
	    walk->end - walk->at < *comment_bytes)
		return false;
	entry->comment = (char *)walk->at;
	walk->at += *comment_bytes;
	return true;
}

bool record_next(struct record_walk *walk, struct entry *entry, __u16 *hit)
{
	__u16 comment_bytes;

	if (!walk->left || !unpack(walk, entry, hit, &comment_bytes))
		return false;
	walk->left--;
	return true;
}

void record_walk_block(const struct arena *arena, struct record_walk *walk)
{
	const struct record_head *record;

	*walk = (struct record_walk){ 0 };
	record = record_at(arena, &walk->end);
	if (!record)
		return;
	walk->at = (const __u8 *)(record + 1) + record->text_bytes + record->trust_bytes;
	walk->left = record->block_count;
}

/* The entries lie in order, so none has to be looked for. */
static bool unpack_all(struct record_walk *walk, __u64 count, __u64 now_ns, struct entries *entries)
{
	if (count > (size_t)(walk->end - walk->at) / 2)	/* an entry has two bytes at least */
		return false;
	entries->at = malloc((count + 1) * sizeof(*entries->at));
	entries->room = entries->at ? count + 1 : 0;
	for (__u64 i = 0; i < count && entries->at; i++) {
		struct entry *entry = &entries->at[entries->count];
		__u16 hit, comment_bytes;

		if (!unpack(walk, entry, &hit, &comment_bytes))
			return false;
		if (entry->until_ns <= now_ns)
			continue;
		if (entry->comment)
			entry->comment = strndup(entry->comment, comment_bytes);
		entries->count++;
	}
	return entries->at;
}

int record_read_text(const struct arena *arena, struct policy *policy, struct fail *fail)
{
	const struct record_head *record;
	const __u8 *end;

	policy_init(policy);
	record = record_at(arena, &end);
	if (!record)
		return fail_set(fail, EXIT_REFUSED, "load the configuration again: weir config load",
				"the policy in force has no readable records");
	if (policy_parse((const char *)(record + 1), "policy in force", record->now_ns, policy, fail))
		return -fail->status;
	policy->enforce_until_ns = record->enforce_until_ns;
	return 0;
}

int record_read(const struct arena *arena, __u64 now_ns, struct policy *policy, struct fail *fail)
{
	struct record_walk walk = { 0 };
	const struct record_head *record;

	if (record_read_text(arena, policy, fail))
		return -fail->status;
	record = record_at(arena, &walk.end);
	walk.at = (const __u8 *)(record + 1) + record->text_bytes;
	if (unpack_all(&walk, record->trust_count, now_ns, &policy->trust) &&
	    unpack_all(&walk, record->block_count, now_ns, &policy->block))
		return 0;
	policy_free(policy);
	policy_init(policy);
	return fail_set(fail, EXIT_REFUSED, NULL, "the lists of the policy in force are not readable");
}
