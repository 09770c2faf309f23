/* SPDX-License-Identifier: Apache-2.0
 *
 * Why the state is not ok, for programs and for people, and limits that cannot be met.
 */
#ifndef NOON_DAEMON_LIMITS_H
#define NOON_DAEMON_LIMITS_H

#include "daemon/config/config.h"
#include "engine/clock/reading.h"
#include "noonmark/clock.h"

#define NOON_LIMITS_TEXT 256

/** What a reading is judged by. */
struct noon_limits_input {
	const struct noon_config *conf;	    /**< borrowed */
	const struct noon_reading *reading; /**< taken just now; borrowed */
	uint64_t accepted; /**< exchanges accepted of the source that has most of them */
};

/** Return why a reading is not ok: the cause before its effect. */
enum noon_clock_reason noon_limits_reason(const struct noon_limits_input *in);

/** Say it in a clause, with the figures that decide and what would help; "" if the state is ok. */
void noon_limits_why(const struct noon_limits_input *in, char ret[NOON_LIMITS_TEXT]);

/**
 * Tell whether a configuration can never be ok, whatever the path is like: what its sources are
 * said to be wrong by, what a faster path could hide and the drift from one poll to the next are
 * too much for the alert limit. No more is known before the first exchange: a distance tells the
 * least delay, which the bound does not contain.
 *
 * @param ret  why, with what would help; untouched if it can be
 */
bool noon_limits_never(const struct noon_config *c, char ret[NOON_LIMITS_TEXT]);

/** Write a span for people: "16 ms", "1.25 us". */
void noon_limits_dur(char *out, size_t n, noon_dur d);

#endif
