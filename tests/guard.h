/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that ends at an unmapped page: a read behind it is a SIGSEGV.
 */
#ifndef WEIR_GUARD_H
#define WEIR_GUARD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GUARD_MAX	65536

/* A copy of size bytes whose end is the end of the mapped memory. Valid until the next call. */
static inline const uint8_t *guard_copy(const void *from, size_t size)
{
	static uint8_t *end;

	if (!end) {
		size_t page = sysconf(_SC_PAGESIZE);
		uint8_t *map = mmap(NULL, GUARD_MAX + page, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (map == MAP_FAILED || mprotect(map + GUARD_MAX, page, PROT_NONE))
			abort();
		end = map + GUARD_MAX;
	}
	if (size > GUARD_MAX)
		abort();
	return memcpy(end - size, from, size);
}

#endif
