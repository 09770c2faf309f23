/* SPDX-License-Identifier: Apache-2.0
 *
 * Cyclic asymmetry: two paths to one transmitter, and what their offsets say of each other.
 *
 * An exchange over path k has the offset theta + a_k with a_k = (d_req,k - d_sync,k) / 2. Of two
 * paths at one instant the difference is a_1 - a_2, whatever the clocks do: theta is the same. What
 * is looked at is its change since a baseline was learned, and the change of each path's round
 * trip. Nobody can make a delay shorter, so a path whose round trip is as it was has an a_k as it
 * was: if one round trip grew, that path carries the change, and the sign tells the direction.
 * Where both grew, or none, the sum alone is known. A delay of both directions alike, and one that
 * was there while the baseline was learned, are not in the difference at all.
 *
 * Offsets of the first path are interpolated to the instants of the second: a steady rate of the
 * local clock drops out. Medians of windows are compared; the limit grows with the spread that was
 * seen.
 */
#ifndef NOON_ESTIMATE_CYCLE_H
#define NOON_ESTIMATE_CYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"

#define NOON_CYCLE_LEARN  64 /**< pairs of the baseline */
#define NOON_CYCLE_WINDOW 32 /**< pairs that are compared with it */

/** An exchange over one path. */
struct noon_cycle_point {
	noon_time h;	/**< its middle, local free-running clock */
	noon_dur theta; /**< offset reference - local, ns (docs/units.md) */
	noon_dur rtt;	/**< round-trip time, ns */
};

/** Values of one kind: learned, and recent. ns. */
struct noon_cycle_series {
	noon_dur baseline[NOON_CYCLE_LEARN];
	noon_dur recent[NOON_CYCLE_WINDOW]; /**< a ring */
	noon_dur median, mad;		    /**< of the baseline, once learned */
};

enum noon_cycle_leg {
	NOON_CYCLE_LEG_UNKNOWN,
	NOON_CYCLE_LEG_SYNC,	/**< transmitter to receiver */
	NOON_CYCLE_LEG_REQUEST, /**< receiver to transmitter */
};

/** What is found, ns; changes are since the baseline. */
struct noon_cycle_verdict {
	bool is_learned;    /**< else nothing below is set */
	bool alarm;	    /**< `asymmetry` passed its limit and has not come back to half of it */
	noon_dur asymmetry; /**< of a_1 - a_2 */
	noon_dur limit;	    /**< of its size, >= that of the configuration */
	noon_dur rtt[2];    /**< of the round-trip times */
	noon_dur rtt_limit[2];	 /**< above which one counts as grown */
	int path;		 /**< 0 or 1: which carries it; -1: not known */
	enum noon_cycle_leg leg; /**< of it */
};

struct noon_cycle {
	noon_dur limit; /**< least change of asymmetry that is an alarm, ns, > 0 */
	bool has[2];
	struct noon_cycle_point last[2];
	struct noon_cycle_series difference;
	struct noon_cycle_series rtt[2];
	size_t n;	  /**< pairs learned, up to NOON_CYCLE_LEARN */
	size_t n_recent;  /**< pairs since, up to NOON_CYCLE_WINDOW */
	size_t at;	  /**< in the rings */
	uint64_t n_pairs; /**< ever */
	struct noon_cycle_verdict verdict;
};

/** Begin to learn. @param limit  least change that is an alarm, ns, > 0 */
void noon_cycle_init(struct noon_cycle *c, noon_dur limit);

/** Learn the baseline again. */
void noon_cycle_reset(struct noon_cycle *c);

/**
 * Take an exchange.
 * @param path  0 or 1
 * @return whether the verdict is a new one, to be looked at
 * Cost: O(NOON_CYCLE_LEARN^2) once, O(NOON_CYCLE_WINDOW^2) for each pair.
 */
bool noon_cycle_take(struct noon_cycle *c, unsigned path, const struct noon_cycle_point *p);

/** Return the short word of a leg ("sync", "request", "unknown"); static. */
const char *noon_cycle_leg_word(enum noon_cycle_leg leg);

#endif
