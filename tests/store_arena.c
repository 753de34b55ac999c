// SPDX-License-Identifier: GPL-2.0-only
/* A policy arena goes into the map as pages, and comes out again as it was. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "store_arena.h"
#include "test.h"

static int policy_map(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, inner, .map_flags = BPF_F_MMAPABLE);
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int page = bpf_map_create(BPF_MAP_TYPE_ARRAY, "page", 4, POLICY_PAGE, 1, &inner), map;

	opts.inner_map_fd = page;
	map = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "policy", 4, 4, POLICY_SLOTS, &opts);
	close(page);
	return map;
}

/* An arena of so many lines, each full of its own bytes. */
static struct arena arena_make(size_t lines, int salt)
{
	struct arena arena = { 0 };
	struct policy_head *head;

	CHECK(arena_grow(&arena, lines - 1));
	for (size_t i = 0; i < lines; i++)
		memset(arena.bytes + i * POLICY_LINE, (i * 7 + salt) & 255, POLICY_LINE);
	head = (struct policy_head *)arena.bytes;
	memset(head, 0, sizeof(*head));
	head->magic = POLICY_MAGIC;
	head->lines = lines;
	return arena;
}

static __u32 id_in(int map, __u32 slot)
{
	__u32 id = 0;

	return bpf_map_lookup_elem(map, &slot, &id) ? 0 : id;
}

static void comes_back(int map, size_t lines, int salt, __u64 generation)
{
	struct arena arena = arena_make(lines, salt), back = { 0 };

	CHECK_EQ(arena_publish(map, &arena, 0), 0);
	CHECK_EQ(arena_fetch(map, &back), 0);
	CHECK_EQ(back.lines, lines);
	CHECK(back.lines == lines && !memcmp(back.bytes, arena.bytes, lines * POLICY_LINE));
	CHECK_EQ(((const struct policy_head *)back.bytes)->generation, generation);
	CHECK(id_in(map, 0) && id_in(map, 0) == id_in(map, POLICY_SLOT(generation, 0)));
	arena_free(&back);
	arena_free(&arena);
}

TEST(comes_back_as_it_was)
{
	int map = policy_map();

	comes_back(map, 5, 1, 1);
	comes_back(map, POLICY_PAGE_LINES, 2, 2);
	comes_back(map, POLICY_PAGE_LINES + 1, 3, 3);
	comes_back(map, 200 * POLICY_PAGE_LINES - 3, 4, 4);	/* more pages than are open at once */
	comes_back(map, 7, 5, 5);
	comes_back(map, 3 * POLICY_PAGE_LINES, 6, 6);
	close(map);
}

TEST(old_pages_are_let_go)
{
	int map = policy_map(), fd;
	struct arena large = arena_make(100 * POLICY_PAGE_LINES, 1), small = arena_make(4, 2);
	__u32 old;

	CHECK_EQ(arena_publish(map, &large, 0), 0);
	old = id_in(map, POLICY_SLOT(1, 99));
	CHECK(old && old != id_in(map, 0));
	CHECK_EQ(arena_publish(map, &small, 0), 0);
	for (__u32 page = 0; page < 100; page++)
		CHECK_EQ(id_in(map, POLICY_SLOT(1, page)), id_in(map, 0));
	/* nobody holds it any more: the kernel frees it when it gets to it */
	for (int i = 0; i < 1000 && (fd = bpf_map_get_fd_by_id(old)) >= 0; i++) {
		close(fd);
		usleep(1000);
	}
	CHECK(fd < 0 && errno == ENOENT);
	arena_free(&large);
	arena_free(&small);
	close(map);
}

TEST(a_view_stays_what_it_was)
{
	struct arena first = arena_make(2 * POLICY_PAGE_LINES, 1), other = arena_make(9, 2), view = { 0 };
	int map = policy_map();

	CHECK_EQ(arena_publish(map, &first, 0), 0);
	CHECK_EQ(arena_fetch(map, &view), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(arena_publish(map, &other, 0), 0);
	CHECK(view.lines == first.lines && !memcmp(view.bytes, first.bytes, view.lines * POLICY_LINE));
	arena_free(&view);
	arena_free(&first);
	arena_free(&other);
	close(map);
}

TEST(what_is_no_policy_is_refused)
{
	struct arena arena = arena_make(4, 1), view = { 0 };
	int map = policy_map();

	CHECK_EQ(arena_fetch(map, &view), -ENOENT);
	((struct policy_head *)arena.bytes)->magic = 1;
	CHECK_EQ(arena_publish(map, &arena, 0), 0);
	CHECK_EQ(arena_fetch(map, &view), -EINVAL);
	arena_free(&arena);
	close(map);
}

int main(void)
{
	return test_main();
}
