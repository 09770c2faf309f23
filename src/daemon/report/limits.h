/* SPDX-License-Identifier: Apache-2.0
 *
 * Why the state is not ok, for programs and for users, and limits that cannot be met.
 */
#ifndef NOON_DAEMON_LIMITS_H
#define NOON_DAEMON_LIMITS_H

#include "daemon/config/config.h"
#include "engine/clock/reading.h"
#include "noonmark/clock.h"

#define NOON_LIMITS_TEXT 256

/** The context for judging a reading. */
struct noon_limits_input {
	const struct noon_config *conf;	    /**< borrowed */
	const struct noon_reading *reading; /**< taken just now; borrowed */
	uint64_t accepted; /**< accepted exchanges of the source that has the most */
};

/** Return why a reading is not ok: the cause before its effect. */
enum noon_clock_reason noon_limits_reason(const struct noon_limits_input *in);

/** Describe it in a clause, with the decisive figures and what would help; "" if the state is
 *  ok. */
void noon_limits_why(const struct noon_limits_input *in, char ret[NOON_LIMITS_TEXT]);

/**
 * Tell whether a configuration can never be ok on any path: the stated errors of its sources, the
 * hidden advance and the drift from one poll to the next exceed the alert limit. No more is known
 * before the first exchange: a distance gives the least delay, which is not part of the bound.
 *
 * @param ret  why, with what would help; untouched if it can be
 */
bool noon_limits_never(const struct noon_config *c, char ret[NOON_LIMITS_TEXT]);

/** Format a duration: "16 ms", "1.25 us". */
void noon_limits_dur(char *out, size_t n, noon_dur d);

#endif
