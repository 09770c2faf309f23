/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tunnel/replay.h"

#include <assert.h>

uint64_t noon_replay_infer(const struct noon_replay *r, uint32_t low)
{
	const uint64_t high = r->top >> 32;
	const uint32_t top_low = (uint32_t)r->top;
	/* The low end of the window, which may lie in the half before. */
	const uint32_t bottom = top_low - (NOON_REPLAY_WINDOW - 1);
	uint64_t half = high;

	if (top_low >= NOON_REPLAY_WINDOW - 1) {
		if (low < bottom)
			half = high + 1;
	} else if (low >= bottom) {
		if (high == 0)
			return 0;
		half = high - 1;
	}
	/* After the last half there is none. */
	return half > UINT32_MAX ? 0 : half << 32 | low;
}

static uint64_t bit_of(uint64_t seq)
{
	return UINT64_C(1) << seq % 64;
}

bool noon_replay_is_fresh(const struct noon_replay *r, uint64_t seq)
{
	if (seq == 0)
		return false;
	if (seq > r->top)
		return true;
	if (r->top - seq >= NOON_REPLAY_WINDOW)
		return false;
	return !(r->seen[seq / 64 % NOON_REPLAY_WORDS] & bit_of(seq));
}

void noon_replay_accept(struct noon_replay *r, uint64_t seq)
{
	assert(noon_replay_is_fresh(r, seq));
	if (seq > r->top) {
		const uint64_t from = r->top / 64;
		uint64_t words = seq / 64 - from;

		words = words < NOON_REPLAY_WORDS ? words : NOON_REPLAY_WORDS;
		for (uint64_t i = 0; i < words; i++)
			r->seen[(seq / 64 - i) % NOON_REPLAY_WORDS] = 0;
		r->top = seq;
	}
	r->seen[seq / 64 % NOON_REPLAY_WORDS] |= bit_of(seq);
}
