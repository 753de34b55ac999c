// SPDX-License-Identifier: GPL-2.0-only
/* A policy arena goes into the map as pages, and comes out again as it was. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
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

	CHECK_EQ(arena_publish(map, &arena, NULL), 0);
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
	comes_back(map, 66 * POLICY_PAGE_LINES - 3, 4, 4);	/* more pages than are open at once */
	comes_back(map, 7, 5, 5);
	comes_back(map, 3 * POLICY_PAGE_LINES, 6, 6);
	close(map);
}

/* nobody holds it any more: the kernel frees it when it gets to it */
static bool is_freed(__u32 id)
{
	int fd = -1;

	for (int i = 0; i < 5000 && (fd = bpf_map_get_fd_by_id(id)) >= 0; i++) {
		close(fd);
		usleep(1000);
	}
	return fd < 0 && errno == ENOENT;
}

TEST(old_pages_are_let_go)
{
	struct arena large = arena_make(9 * POLICY_PAGE_LINES, 1), small = arena_make(4, 2), back = { 0 };
	int map = policy_map();
	__u32 old, first;

	CHECK_EQ(arena_publish(map, &large, NULL), 0);
	old = id_in(map, POLICY_SLOT(1, 8));
	first = id_in(map, 0);
	CHECK(old && old != first);
	CHECK_EQ(arena_publish(map, &small, NULL), 0);
	arena_sweep(map);
	for (__u32 page = 0; page < 9; page++)
		CHECK_EQ(id_in(map, POLICY_SLOT(1, page)), 0);
	CHECK(is_freed(old));
	CHECK(is_freed(first));
	CHECK_EQ(arena_fetch(map, &back), 0);
	CHECK_EQ(back.lines, 4);
	arena_free(&back);
	arena_free(&large);
	arena_free(&small);
	close(map);
}

/* Whoever filled a half died before he brought it into force. filled_again: by somebody else, in part */
static void left_behind(bool filled_again)
{
	struct arena small = arena_make(4, 2), large = arena_make(3 * POLICY_PAGE_LINES, 1);
	int map = policy_map(), fd;

	CHECK_EQ(arena_publish(map, &large, NULL), 0);
	fd = bpf_map_get_fd_by_id(id_in(map, POLICY_SLOT(1, 1)));
	for (__u32 page = 1; page < 8; page++) {
		__u32 slot = POLICY_SLOT(2, page);

		CHECK(fd >= 0 && !bpf_map_update_elem(map, &slot, &fd, BPF_ANY));
	}
	close(fd);
	for (int i = 0; filled_again && i < 2; i++)
		CHECK_EQ(arena_publish(map, &small, NULL), 0);
	arena_sweep(map);
	for (__u32 page = 0; page < 8; page++)
		CHECK_EQ(id_in(map, POLICY_SLOT(2, page)), 0);
	CHECK(id_in(map, 0));
	arena_free(&small);
	arena_free(&large);
	close(map);
}

TEST(what_never_was_in_force_is_let_go)
{
	left_behind(false);
	left_behind(true);
}

static __u64 one_hour(void)
{
	return 3600000000000ULL;
}

TEST(since_is_told)
{
	struct arena arena = arena_make(2 * POLICY_PAGE_LINES, 1), back = { 0 };
	int map = policy_map();

	CHECK_EQ(arena_publish(map, &arena, one_hour), 0);
	CHECK_EQ(arena_fetch(map, &back), 0);
	CHECK_EQ(((const struct policy_head *)back.bytes)->since, FLOW_TICK(one_hour()) + 1);
	arena_free(&back);
	arena_free(&arena);
	close(map);
}

TEST(a_view_stays_what_it_was)
{
	struct arena first = arena_make(2 * POLICY_PAGE_LINES, 1), other = arena_make(9, 2), view = { 0 };
	int map = policy_map();

	CHECK_EQ(arena_publish(map, &first, NULL), 0);
	CHECK_EQ(arena_fetch(map, &view), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(arena_publish(map, &other, NULL), 0);
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
	CHECK_EQ(arena_publish(map, &arena, NULL), 0);
	CHECK_EQ(arena_fetch(map, &view), -EINVAL);
	arena_free(&arena);
	close(map);
}

int main(void)
{
	return test_main();
}
