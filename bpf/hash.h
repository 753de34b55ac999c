/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keyed hash that chooses a line of a table.
 *
 * Multiply and xor-shift in 64 bits, with secrets that are random per instance. Each round is a
 * bijection, so two different words never become equal: they can only meet in the bits that
 * choose the line. A difference in any bit of the word reaches the upper half through a product
 * with a secret odd number, so which words meet depends on the secrets. They are never shown, a
 * table never tells which line it used, and a set of words made for one instance is worth nothing
 * on another. This is no cryptographic function: it need not hide its input, only its collisions,
 * and a collision costs at worst the accounting of a few sources of one line.
 */
#ifndef WEIR_HASH_H
#define WEIR_HASH_H

#include <linux/types.h>

/* Scatters one word. The upper half is the good one. key: struct secret. */
static __always_inline __u64 hash_word(__u64 word, const volatile __u64 key[4])
{
	word = (word ^ key[0]) * (key[1] | 1);
	word ^= word >> 32;
	word = (word + key[2]) * (key[3] | 1);
	return word ^ word >> 29;
}

/* Scatters two words; hash_pair(a, b) and hash_pair(b, a) have nothing in common. */
static __always_inline __u64 hash_pair(__u64 first, __u64 second, const volatile __u64 key[4])
{
	return hash_word(hash_word(first, key) + second, key);
}

/* The line that a hash chooses among mask + 1 lines, a power of two up to 2^32. */
static __always_inline __u32 hash_line(__u64 hash, __u32 mask)
{
	return (__u32)(hash >> 32) & mask;
}

#endif
