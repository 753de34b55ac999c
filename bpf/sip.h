/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SipHash-2-4 (Aumasson and Bernstein, 2012) over whole words: a short keyed hash whose key can't
 * be found from what it gives, for numbers that strangers get to see. What nobody sees is hashed
 * by hash.h, which is faster.
 *
 *	struct sip sip = sip_begin(key0, key1);
 *	sip_word(&sip, a);
 *	sip_word(&sip, b);
 *	hash = sip_end(&sip, 2);
 */
#ifndef WEIR_SIP_H
#define WEIR_SIP_H

#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

struct sip {
	__u64	a, b, c, d;
};

static __always_inline __u64 sip_turn(__u64 word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static __always_inline void sip_round(struct sip *sip)
{
	sip->a += sip->b;
	sip->b = sip_turn(sip->b, 13) ^ sip->a;
	sip->a = sip_turn(sip->a, 32);
	sip->c += sip->d;
	sip->d = sip_turn(sip->d, 16) ^ sip->c;
	sip->a += sip->d;
	sip->d = sip_turn(sip->d, 21) ^ sip->a;
	sip->c += sip->b;
	sip->b = sip_turn(sip->b, 17) ^ sip->c;
	sip->c = sip_turn(sip->c, 32);
}

static __always_inline struct sip sip_begin(__u64 key0, __u64 key1)
{
	/* "somepseudorandomlygeneratedbytes" */
	return (struct sip){
		.a = key0 ^ 0x736f6d6570736575, .b = key1 ^ 0x646f72616e646f6d,
		.c = key0 ^ 0x6c7967656e657261, .d = key1 ^ 0x7465646279746573,
	};
}

static __always_inline void sip_word(struct sip *sip, __u64 word)
{
	sip->d ^= word;
	sip_round(sip);
	sip_round(sip);
	sip->a ^= word;
}

/* words: how many there were */
static __always_inline __u64 sip_end(struct sip *sip, __u64 words)
{
	sip_word(sip, (words * 8) << 56);
	sip->c ^= 0xff;
	sip_round(sip);
	sip_round(sip);
	sip_round(sip);
	sip_round(sip);
	return sip->a ^ sip->b ^ sip->c ^ sip->d;
}

#endif
