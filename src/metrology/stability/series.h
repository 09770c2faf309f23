/* SPDX-License-Identifier: Apache-2.0
 *
 * A series of phase (time error) at equal spacing, with gaps.
 *
 * A gap is not a sample: it is NaN, nothing is interpolated, and every statistic counts what it
 * used.
 */
#ifndef NOON_METROLOGY_SERIES_H
#define NOON_METROLOGY_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct noon_series {
	const double *x; /**< phase, s; NaN: a gap; borrowed */
	size_t n;	 /**< samples, gaps included */
	double tau0;	 /**< spacing, s, > 0 */
	bool broken;	 /**< the phase is lost in a gap (it comes from frequencies): no difference
			  *   may span one */
};

/** A statistic of a series, and what it rests on. */
struct noon_deviation {
	double value;
	size_t pairs; /**< terms of the sum, or windows of MTIE and of the total deviations */
};

/** Samples without a gap between them. */
struct noon_run {
	size_t first, n;
};

/**
 * Find the next run of samples without a gap.
 * @param from  look from here on
 * @return false: there is none
 */
bool noon_series_run(const struct noon_series *s, size_t from, struct noon_run *ret);

/** Return the number of samples that are not gaps. */
size_t noon_series_samples(const struct noon_series *s);

/**
 * Subtract the first sample from all, so that a large common phase does not take digits from the
 * differences. Infinite values become gaps.
 * @return what was subtracted, s; 0 where all are gaps
 */
double noon_series_centre(double *x, size_t n);

/**
 * Add up fractional frequencies to phase: x[0] = 0, x[i + 1] = x[i] + tau0 (y[i] - mean).
 *
 * After a gap the phase starts again from 0: the series is broken then. Removing the mean changes
 * MTIE and TIErms, and nothing else.
 *
 * @param y            n fractional frequencies; NaN or infinite: a gap
 * @param tau0         spacing, s
 * @param remove_mean  subtract the mean of y
 * @param[out] x       n + 1 phases, s; may not overlap y
 * @param[out] ret_mean  what was subtracted, fractional
 * @return whether there are gaps
 */
bool noon_series_from_frequency(const double *y, size_t n, double tau0, bool remove_mean, double *x,
				double *ret_mean);

#endif
