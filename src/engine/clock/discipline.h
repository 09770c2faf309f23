/* SPDX-License-Identifier: Apache-2.0
 *
 * Steering of the disciplined clock: the line, and what it should become.
 *
 * Slews by default, at most slew_rate beside the frequency. Steps only when told that it may.
 * The goal is always clamped into the certificate, so the line never leaves it once reached.
 */
#ifndef NOON_ENGINE_DISCIPLINE_H
#define NOON_ENGINE_DISCIPLINE_H

#include <stdbool.h>

#include "engine/clock/line.h"
#include "engine/source.h"
#include "estimate/bound/fuse.h"

/** Where the clock should be. */
struct noon_goal {
	noon_dur theta; /**< UTC - h at the instant of steering, ns */
	noon_freq rate; /**< d theta / dh */
};

struct noon_discipline {
	struct noon_line line;
	noon_freq slew_rate; /**< limit, fractional, > 0 */
};

/** Combine the fits of the sources in `steer` at h, weighted by inverse variance, and clamp.
 *  Without any fit the middle of the certificate. Returns the bits of the sources that count. */
uint32_t noon_goal_of(const struct noon_source *s, uint32_t steer, const struct noon_cert *c,
		      noon_freq rate_now, noon_time h, struct noon_goal *ret);

/** Return the goal of a clock that follows nobody: its own line, kept within the certificate. */
struct noon_goal noon_goal_hold(const struct noon_cert *c, const struct noon_line *line,
				noon_time h);

/** What a clock knows by itself while it must not trust any estimate. */
struct noon_doubt {
	bool is_on;
	noon_time since;
	struct noon_fit fit; /**< the best one when it began */
	double sd_ns;	     /**< of that fit at the last event */
	double width_ns;     /**< half-width about the line that holds UTC by what is known */
};

/** Begin, by the best fit of the sources; without any, nothing is known. Nothing happens if it is
 * on.
 */
void noon_doubt_begin(struct noon_doubt *d, const struct noon_source *s, uint32_t used,
		      noon_time h);

/**
 * Return the goal of a clock under doubt. UTC lies within a width of the line that grows as its
 * last trusted fit loses its worth, and within the estimate with `doubt` on both sides: the goal is
 * the middle of what they have in common, kept within the certificate. So the line stays while it
 * knows better, and follows the estimate as soon as that does. The frequency stays.
 * @param estimate  noon_goal_of()
 * @param doubt     half-width, ns, >= 0; NOON_DUR_MAX: the estimate says nothing
 */
struct noon_goal noon_goal_doubted(struct noon_doubt *d, const struct noon_cert *c,
				   const struct noon_line *line, const struct noon_goal *estimate,
				   noon_dur doubt, noon_time h);

/** Turn the line towards the goal from h on; within `horizon` ns if the slew limit allows. */
void noon_discipline_slew(struct noon_discipline *d, noon_time h, const struct noon_goal *goal,
			  noon_dur horizon);

/** Put the line onto the goal at h at once. */
void noon_discipline_step(struct noon_discipline *d, noon_time h, const struct noon_goal *goal);

#endif
