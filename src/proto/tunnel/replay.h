/* SPDX-License-Identifier: Apache-2.0
 *
 * The window against replays of one inbound association (RFC 4303, section 3.4.3), with extended
 * sequence numbers inferred from their low half (appendix A2).
 */
#ifndef NOON_PROTO_TUNNEL_REPLAY_H
#define NOON_PROTO_TUNNEL_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

/** Numbers that are remembered: a packet may be overtaken by so many. */
#define NOON_REPLAY_WINDOW 1024

#define NOON_REPLAY_WORDS (NOON_REPLAY_WINDOW / 64 + 1)

/** All zero: nothing was accepted yet. */
struct noon_replay {
	uint64_t top; /**< highest number accepted; the first packet has number 1 */
	uint64_t seen[NOON_REPLAY_WORDS]; /**< a ring: number s is bit s % 64 of word s / 64 */
};

/** Return the number of 64 bits whose low half is `low` and that is nearest to the window; 0, which
 *  no packet has, where that would be before the first one. */
uint64_t noon_replay_infer(const struct noon_replay *r, uint32_t low);

/** Tell whether a number was neither accepted nor fell out of the window. Before the packet is
 *  authenticated this says nothing of it. */
bool noon_replay_is_fresh(const struct noon_replay *r, uint64_t seq);

/** Remember the number of an authenticated packet; it must be fresh. */
void noon_replay_accept(struct noon_replay *r, uint64_t seq);

#endif
