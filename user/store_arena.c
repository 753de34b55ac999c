// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "store_arena.h"

/*
 * Before 6.8 the kernel waits for all programs that run (10-20 ms) whenever a slot is read, set or
 * emptied, also an empty one: none is touched that need not be.
 */
#define PAGES_AT_ONCE	64	/* that are open: each is a file */

static size_t arena_bytes(const struct arena *arena)
{
	return (size_t)arena_pages(arena) * POLICY_PAGE;
}

/* ---- pages --------------------------------------------------------------------------------- */

/* A new page with these bytes in it. Its fd, or -errno. */
static int page_make(const void *bytes, size_t size)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "weir_policy", sizeof(__u32), POLICY_PAGE, 1, &opts);
	int error;
	void *view;

	if (fd < 0)
		return -errno;
	view = mmap(NULL, POLICY_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (view == MAP_FAILED) {
		error = -errno;
		close(fd);
		return error;
	}
	memcpy(view, bytes, size);
	munmap(view, POLICY_PAGE);
	return fd;
}

/* The page in a slot, by its id. Its fd, or -errno: EAGAIN if it has just been let go. */
static int page_open(int policy, __u32 slot, __u32 *id)
{
	int fd;

	if (bpf_map_lookup_elem(policy, &slot, id))
		return -errno;
	fd = bpf_map_get_fd_by_id(*id);
	if (fd >= 0)
		return fd;
	return errno == ENOENT ? -EAGAIN : -errno;
}

/* Maps a page of the kernel's: at an address, or anywhere if that is NULL. */
static void *page_map(int fd, void *at)
{
	return mmap(at, POLICY_PAGE, PROT_READ, MAP_SHARED | (at ? MAP_FIXED : 0), fd, 0);
}

/* The head of a policy, by the slot of its first page. 0, or -errno. id: of that page. */
static int head_fetch(int policy, __u32 slot, struct policy_head *head, __u32 *id)
{
	int fd = page_open(policy, slot, id), error;
	void *view;

	if (fd < 0)
		return fd;
	view = page_map(fd, NULL);
	error = -errno;
	close(fd);
	if (view == MAP_FAILED)
		return error;
	memcpy(head, view, sizeof(*head));
	munmap(view, POLICY_PAGE);
	return 0;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* One call for many slots: from 6.8 on the kernel waits for all programs once, and not for each. */
static int slots_set(int policy, const __u32 *slot, const __u32 *fd, __u32 count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);

	return bpf_map_update_batch(policy, slot, fd, &count, &opts) ? -errno : 0;
}

/* Pages from `first` on, before `end` and at most PAGES_AT_ONCE, into their slots. How many, or -errno. */
static int pages_put(int policy, const struct arena *arena, __u32 generation, __u32 first, __u32 end)
{
	__u32 slot[PAGES_AT_ONCE] = { 0 }, fd[PAGES_AT_ONCE] = { 0 }, count = 0;
	size_t size = arena->lines * POLICY_LINE;
	int made = 0, error;

	while (count < PAGES_AT_ONCE && first + count < end && made >= 0) {
		size_t at = (size_t)(first + count) * POLICY_PAGE;

		made = page_make(arena->bytes + at, size - at < POLICY_PAGE ? size - at : POLICY_PAGE);
		slot[count] = POLICY_SLOT(generation, first + count);
		fd[count] = made;
		count += made >= 0;
	}
	error = made < 0 ? made : slots_set(policy, slot, fd, count);
	for (__u32 i = 0; i < count; i++)
		close(fd[i]);
	return error ? error : (int)count;
}

/* The one store that brings a filled half into force. 0, or -errno. */
static int half_switch(int policy, __u32 generation)
{
	__u32 zero = 0, id;
	int fd = page_open(policy, POLICY_SLOT(generation, 0), &id), error = 0;

	if (fd < 0)
		return fd;
	if (bpf_map_update_elem(policy, &zero, &fd, BPF_ANY))
		error = -errno;
	close(fd);
	return error;
}

/* pages: that it may have. The first one, which tells how many there are, last. */
static void half_empty(int policy, __u32 generation, __u32 pages)
{
	while (pages--) {
		__u32 slot = POLICY_SLOT(generation, pages);

		bpf_map_delete_elem(policy, &slot);
	}
}

/* The pages that somebody left in a half who did not live to bring them into force. */
static __u32 half_left(int policy, __u32 generation, __u32 pages)
{
	for (; pages < POLICY_PAGES_MAX; pages++) {
		__u32 slot = POLICY_SLOT(generation, pages), id;

		if (bpf_map_lookup_elem(policy, &slot, &id))
			break;
	}
	return pages;
}

void arena_sweep(int policy)
{
	struct policy_head head, old;
	__u32 id, pages = 1;	/* half_fill() writes the first one last */

	if (head_fetch(policy, 0, &head, &id))
		return;
	if (!head_fetch(policy, POLICY_SLOT(head.generation + 1, 0), &old, &id) && old.lines <= TABLE_LINE_MASK)
		pages = arena_pages(&(struct arena){ .lines = old.lines });
	half_empty(policy, head.generation + 1, half_left(policy, head.generation + 1, pages));
}

/*
 * From which tick on words of flows are of this policy (bpf/shortcut.h): said when it is in force, and
 * the programs that had the one before have ended, however long that took. Without it there is no short way.
 */
static void half_since(int policy, __u32 tick)
{
	struct policy_head *head;
	__u32 id;
	int fd = page_open(policy, 0, &id);

	if (fd < 0)
		return;
	head = mmap(NULL, POLICY_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (head == MAP_FAILED)
		return;
	__atomic_store_n(&head->since, tick, __ATOMIC_RELAXED);
	munmap(head, POLICY_PAGE);
}

#define SINCE_NEVER	(1U << 30)	/* ticks from now */

/* The first page last: it tells how many there are. */
static int half_fill(int policy, struct arena *arena, __u32 tick)
{
	struct policy_head *head = (struct policy_head *)arena->bytes;
	__u32 pages = arena_pages(arena);
	int put;

	for (__u32 page = 1; page < pages; page += put) {
		put = pages_put(policy, arena, head->generation, page, pages);
		if (put < 0)
			return put;
	}
	head->since = tick + SINCE_NEVER;
	put = pages_put(policy, arena, head->generation, 0, 1);
	return put < 0 ? put : 0;
}

int arena_publish(int policy, struct arena *arena, __u64 (*clock_ns)(void))
{
	struct policy_head *head = (struct policy_head *)arena->bytes, before = { 0 };
	__u32 id;
	int error;

	if (arena_pages(arena) > POLICY_PAGES_MAX)
		return -E2BIG;
	error = head_fetch(policy, 0, &before, &id);
	if (error && error != -ENOENT)
		return error;
	head->generation = before.generation + 1;
	error = half_fill(policy, arena, FLOW_TICK(clock_ns ? clock_ns() : 0));
	if (!error)
		error = half_switch(policy, head->generation);
	if (error) {
		half_empty(policy, head->generation, arena_pages(arena));
		return error;
	}
	/* a tick more: a word does not tell when in its tick it was written */
	head->since = FLOW_TICK(clock_ns ? clock_ns() : 0) + 1;
	half_since(policy, head->since);
	return 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* All pages of a half side by side. 0, or -errno. */
static int pages_map(int policy, __u32 generation, struct arena *arena)
{
	__u32 id;

	for (__u32 page = 0; page < arena_pages(arena); page++) {
		int fd = page_open(policy, POLICY_SLOT(generation, page), &id), error;
		void *view;

		if (fd < 0)
			return fd;
		view = page_map(fd, arena->bytes + (size_t)page * POLICY_PAGE);
		error = -errno;
		close(fd);
		if (view == MAP_FAILED)
			return error;
	}
	return 0;
}

/* One try. EAGAIN: another policy has come into force meanwhile, and may have taken the half. */
static int fetch(int policy, struct arena *arena)
{
	struct policy_head head;
	__u32 before, after, zero = 0;
	int error = head_fetch(policy, 0, &head, &before);
	void *room;

	if (error)
		return error;
	if (head.magic != POLICY_MAGIC || !head.lines || head.lines > TABLE_LINE_MASK)
		return -EINVAL;
	*arena = (struct arena){ .lines = head.lines };
	room = mmap(NULL, arena_bytes(arena), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED) {
		error = -errno;
		*arena = (struct arena){ 0 };
		return error;
	}
	arena->bytes = room;
	error = pages_map(policy, head.generation, arena);
	if (bpf_map_lookup_elem(policy, &zero, &after) || after != before)
		error = -EAGAIN;
	if (error)
		arena_free(arena);
	return error;
}

int arena_fetch(int policy, struct arena *arena)
{
	int error;

	do
		error = fetch(policy, arena);
	while (error == -EAGAIN);
	return error;
}
