/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose turn is it? Behind a dispatcher a program is replaced by one that joins before the other
 * leaves. Meanwhile each packet meets both, the old one first, and only one of them may judge it:
 * the one whose number stands in dev.turn. When the turn passes on, TURN_SWAP stands there, too:
 * then the new one asks whether the old one has had this very packet. User space moves on only when
 * no packet is under way that has not seen the step before (user/hook_chain.c).
 */
#ifndef WEIR_TURN_H
#define WEIR_TURN_H

#include "state.h"

static __always_inline bool turn_is_mine(void)
{
	const struct dev *dev = dev_of(dev_slot);
	__u64 *taken = turn_taken_of_cpu();
	__u8 turn;

	if (!dev || !taken)
		return true;
	turn = *(const volatile __u8 *)&dev->turn;
	if ((turn & ~TURN_SWAP) != dev_turn || (turn & TURN_SWAP && *taken)) {
		*taken = false;
		return false;
	}
	*taken = true;
	return true;
}

#endif
