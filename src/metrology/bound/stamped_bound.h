/* SPDX-License-Identifier: Apache-2.0
 *
 * Hard bound of the offset between two clocks from many exchanges with stamps of any resolution.
 *
 * x(t) = T(S) - T(C) is the offset of the clock S under test from the reference C, t and all
 * instants but the stamps are readings of C. Nothing is assumed of the delays, not even symmetry:
 * only that a reply comes after its request, and that S keeps one rate over the samples, or stays
 * within a largest one (noon_stamped_bound_wandering()). The
 * bracket shrinks far below the resolution of the stamps, to about the shortest round trip, as the
 * requests fall at all phases of the server's second.
 *
 * An empty result means that an assumption is false: S was set or changed its rate by much, it
 * rounds where it is believed to truncate, or it lies. It is reported with the samples that
 * contradict each other, never averaged.
 *
 * Not the convention of docs/units.md: x > 0 where S, the clock under test, is ahead.
 */
#ifndef NOON_METROLOGY_STAMPED_BOUND_H
#define NOON_METROLOGY_STAMPED_BOUND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/time.h"

/** No sample. */
#define NOON_STAMPED_NONE SIZE_MAX
/** Most samples that an empty result names. */
#define NOON_STAMPED_AGAINST_MAX 4

/**
 * What one exchange proves: x(tr) >= first - tr and x(tq) <= last - tq.
 *
 * The server's clock read at least `first` when the reply had been received, and at most `last`
 * when the request was sent.
 *
 * A stamp g that was cut off to a resolution r: first = g, last = g + r. With a stated accuracy a:
 * first = g - a, last = g + r + a. Two-way: tq = T1, tr = T4, last = T2, first = T3; first > last
 * is normal then. The two ways may be apart, as those of PTP are, and then tr may be before tq.
 */
struct noon_stamped {
	noon_time tq;	 /**< request sent, T(C) */
	noon_time tr;	 /**< reply received, T(C) */
	noon_time first; /**< T(S) at tr is at least this; NOON_TIME_FIRST: nothing is known */
	noon_time last;	 /**< T(S) at tq is at most this; NOON_TIME_NEVER: nothing is known */
};

struct noon_stamped_bound {
	noon_dur lower; /**< x at the instant asked for is at least this, ns; INT64_MIN: unknown */
	noon_dur upper; /**< and at most this, ns; INT64_MAX: unknown */
	noon_freq rate_lower, rate_upper; /**< rate of x: dT(S)/dT(C) - 1 lies between these */
	size_t lower_by, upper_by;	  /**< a sample that decides, or NOON_STAMPED_NONE */
	bool empty; /**< the samples contradict each other: the members above say nothing */
	/** When empty: of each pair one says at least, the other at most, and no rate within
	 *  max_rate agrees with both pairs. The second pair is missing where the first is enough.
	 */
	size_t against[NOON_STAMPED_AGAINST_MAX];
	size_t against_n; /**< 0, 2 or 4 */
};

/**
 * Bound x at an instant by all samples.
 *
 * The linear program in the two unknowns x(at) and y, |y| <= max_rate: x(at) + y (tr - at) >=
 * first - tr and x(at) + y (tq - at) <= last - tq for each sample. It is solved exactly in
 * integers, and rounded outward to whole nanoseconds at the end.
 *
 * @param s        samples in any order, duplicates allowed; borrowed for the call
 * @param n        number of samples; with 0 the bound is unknown on both sides
 * @param max_rate largest |rate of S against C|, fractional, 0 <= max_rate < 1; 0: the plain
 *                 intersection
 * @param at       instant of the result, T(C), any order relative to the samples
 * @param scratch  2 n elements, NULL when n is 0; contents are overwritten
 * @param[out] ret untouched unless NOON_OK
 * @retval NOON_OK         also when the result is empty
 * @retval NOON_ERR_RANGE  max_rate is out of range
 *
 * Cost: O(n) for samples in the order of tq and of tr, some 0.1 s for a million, else O(n log n),
 * some 0.5 s; no allocation.
 */
NOON_MUST_USE noon_err noon_stamped_bound(const struct noon_stamped *s, size_t n, double max_rate,
					  noon_time at, size_t *scratch,
					  struct noon_stamped_bound *ret);

/**
 * The same for a clock S whose rate may change at any time, within max_rate.
 *
 * Each sample bounds x at its own instants and, less or plus max_rate for the time between, at any
 * other: x(at) >= first - tr - max_rate |at - tr| and x(at) <= last - tq + max_rate |at - tq|. No
 * narrower bound is true of all such clocks. It is for a server that is disciplined meanwhile, for
 * which noon_stamped_bound() comes out empty or, worse, too narrow.
 *
 * rate_lower and rate_upper are those of the caller. Empty: two samples contradict each other at
 * the instant `at`; contradictions elsewhere are not looked for.
 *
 * Parameters and errors as above, without scratch memory. Rounds outward. Cost: O(n).
 */
NOON_MUST_USE noon_err noon_stamped_bound_wandering(const struct noon_stamped *s, size_t n,
						    double max_rate, noon_time at,
						    struct noon_stamped_bound *ret);

#endif
