/* SPDX-License-Identifier: Apache-2.0
 *
 * For the clock_*.c files only.
 */
#ifndef NOON_PLATFORM_CLOCK_PRIV_H
#define NOON_PLATFORM_CLOCK_PRIV_H

#include "platform/clock/clock.h"

/** Initialise the shared fields: raw0 now, h0 as given, a flat line. */
void noon_clock_begin(struct noon_clock *c, const struct noon_clock_ops *ops, int64_t raw_ns,
		      noon_time h0);

/** Return C at free-running time h along a line. */
noon_time noon_clock_line_at(const struct noon_clock_line *line, noon_time h);

/** Tell whether the machine was suspended since the last call, and for how long. */
bool noon_clock_slept(struct noon_clock *c, noon_dur *ret_size);

/** Step a clock of the kernel by delta ns. @return 0 or errno */
int noon_clock_step_by(int id, noon_dur delta);

/** An observation of a steered clock at one instant. */
struct noon_follower_point {
	noon_time h;  /**< free-running clock */
	noon_time c;  /**< disciplined clock */
	noon_dur err; /**< of reading the two at one instant, ns */
};

/** Follower of a steered clock: how far it may be from where it was steered. */
struct noon_follower {
	noon_freq freq;			/**< in force, fractional relative to the raw clock */
	struct noon_follower_point set; /**< when it was set */
	noon_dur jumped; /**< seen when the clock was steered, and not reported yet, ns */
	bool valid;
};

/** Choose the frequency that brings the clock onto the line within a second or two; limited. */
noon_freq noon_follower_aim(struct noon_follower *f, const struct noon_clock_line *line,
			    const struct noon_follower_point *now, noon_freq limit);
/** Compare the clock with where the follower left it, now and each time that it was steered since
 *  the last call. @return the unexplained jump, 0 if small */
noon_dur noon_follower_jump(struct noon_follower *f, const struct noon_follower_point *now);

#endif
