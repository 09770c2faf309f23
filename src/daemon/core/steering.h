/* SPDX-License-Identifier: Apache-2.0
 *
 * The real clock and the engine's line: the clock follows the line, and a reading includes its
 * distance from it.
 */
#ifndef NOON_DAEMON_STEERING_H
#define NOON_DAEMON_STEERING_H

#include "daemon/config/config.h"
#include "engine/engine.h"
#include "platform/clock/clock.h"

struct noon_steering {
	struct noon_clock *clock;   /**< borrowed */
	struct noon_engine *engine; /**< borrowed */
	enum noon_clock_kind kind;
	uint32_t steps; /**< of the engine's line, as carried out */
};

/** Steer the clock towards the line, and step it where the line was stepped. Failures are logged.
 *  @return whether the clock was stepped */
bool noon_steering_follow(struct noon_steering *s);

/** The line has been shifted by a leap second. Failures are logged. */
void noon_steering_leap(struct noon_steering *s, noon_dur shift);

/** Step the clock onto the line. @retval as noon_clock_step() */
NOON_MUST_USE noon_err noon_steering_step(struct noon_steering *s);

/** Read the published clock: the engine's reading of now, widened by the distance of the real clock
 *  from the line (still being steered, or stepped by another program). */
void noon_steering_reading(const struct noon_steering *s, struct noon_reading *ret);

/** Read a clock without sources: it is taken as it is, with unknown error. */
void noon_steering_local_reading(struct noon_clock *c, struct noon_reading *ret);

/**
 * Convert a reading of the line to one of a clock that is `off` the line.
 *
 * @param off          C less its line, ns, signed; known to +-err
 * @param err          ns, >= 0
 * @param alert_limit  ns; above it no state is OK or HOLDOVER
 */
void noon_reading_of_clock(struct noon_reading *r, noon_dur off, noon_dur err,
			   noon_dur alert_limit);

#endif
