// SPDX-License-Identifier: GPL-2.0-only
#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "store_arena.h"

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

/* The page in a slot, by its id. Its fd, or -errno. */
static int page_open(int policy, __u32 slot, __u32 *id)
{
	int fd;

	if (bpf_map_lookup_elem(policy, &slot, id))
		return -errno;
	fd = bpf_map_get_fd_by_id(*id);
	return fd < 0 ? -errno : fd;
}

/* Maps a page of the kernel's: at an address, or anywhere if that is NULL. */
static void *page_map(int fd, void *at)
{
	return mmap(at, POLICY_PAGE, PROT_READ, MAP_SHARED | (at ? MAP_FIXED : 0), fd, 0);
}

/* The head of what is in force. 0, or -errno. id: of its page. */
static int head_fetch(int policy, struct policy_head *head, __u32 *id)
{
	int fd = page_open(policy, 0, id), error;
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

/* One call for many slots, since the kernel waits for all programs after each. */
static int slots_set(int policy, const __u32 *slot, const __u32 *fd, __u32 count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);

	return bpf_map_update_batch(policy, slot, fd, &count, &opts) ? -errno : 0;
}

/* Pages from `first` on, at most PAGES_AT_ONCE, into their slots. How many, or -errno. */
static int pages_put(int policy, const struct arena *arena, __u32 generation, __u32 first)
{
	__u32 slot[PAGES_AT_ONCE], fd[PAGES_AT_ONCE], count = 0;
	size_t size = arena->lines * POLICY_LINE, at = (size_t)first * POLICY_PAGE;
	int made = 0, error = 0;

	while (count < PAGES_AT_ONCE && at < size && made >= 0) {
		made = page_make(arena->bytes + at, size - at < POLICY_PAGE ? size - at : POLICY_PAGE);
		slot[count] = POLICY_SLOT(generation, first + count);
		fd[count] = made;
		count += made >= 0;
		at += POLICY_PAGE;
	}
	error = made < 0 ? made : slots_set(policy, slot, fd, count);
	for (__u32 i = 0; i < count; i++)
		close(fd[i]);
	return error ? error : (int)count;
}

/* Gives the slots of a half to one page that is there anyway: those in them are let go. */
static int pages_drop(int policy, __u32 generation, __u32 pages, int page)
{
	__u32 slot[PAGES_AT_ONCE], fd[PAGES_AT_ONCE], done = 0, count;
	int error = 0;

	while (done < pages && !error) {
		for (count = 0; count < PAGES_AT_ONCE && done + count < pages; count++) {
			slot[count] = POLICY_SLOT(generation, done + count);
			fd[count] = page;
		}
		error = slots_set(policy, slot, fd, count);
		done += count;
	}
	return error;
}

/* The one store that brings a filled half into force. The fd of its first page, or -errno. */
static int half_switch(int policy, __u32 generation)
{
	__u32 zero = 0, id;
	int fd = page_open(policy, POLICY_SLOT(generation, 0), &id), error;

	if (fd < 0 || !bpf_map_update_elem(policy, &zero, &fd, BPF_ANY))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

int arena_publish(int policy, struct arena *arena, __u64 now_ns)
{
	struct policy_head *head = (struct policy_head *)arena->bytes, before = { 0 };
	__u32 pages = arena_pages(arena), id;
	int put, fd;

	if (pages > POLICY_PAGES_MAX)
		return -E2BIG;
	put = head_fetch(policy, &before, &id);
	if (put && put != -ENOENT)
		return put;
	head->generation = before.generation + 1;
	/* a quarter of a second at the least, in which a large policy is written */
	head->since = FLOW_TICK(now_ns) + 1;
	for (__u32 page = 0; page < pages; page += put) {
		put = pages_put(policy, arena, head->generation, page);
		if (put < 0)
			return put;
	}
	fd = half_switch(policy, head->generation);
	if (fd < 0)
		return fd;
	/* the kernel has waited for the last packet under the old one */
	if (before.lines)
		pages_drop(policy, before.generation,
			   (before.lines + POLICY_PAGE_LINES - 1) / POLICY_PAGE_LINES, fd);
	close(fd);
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

/* One try. *moved: another policy has come into force meanwhile, and may have taken the half. */
static int fetch(int policy, struct arena *arena, bool *moved)
{
	struct policy_head head, now;
	__u32 before, after;
	int error = head_fetch(policy, &head, &before);
	void *room;

	*moved = false;
	if (error)
		return error;
	if (head.magic != POLICY_MAGIC || !head.lines || head.lines > TABLE_LINE_MASK)
		return -EINVAL;
	*arena = (struct arena){ .lines = head.lines };
	room = mmap(NULL, arena_bytes(arena), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (room == MAP_FAILED) {
		*arena = (struct arena){ 0 };
		return -errno;
	}
	arena->bytes = room;
	error = pages_map(policy, head.generation, arena);
	*moved = !head_fetch(policy, &now, &after) && after != before;
	if (error || *moved)
		arena_free(arena);
	return error;
}

int arena_fetch(int policy, struct arena *arena)
{
	bool moved;
	int error;

	do
		error = fetch(policy, arena, &moved);
	while (moved);
	return error;
}
