/* SPDX-License-Identifier: Apache-2.0
 *
 * The standard uncertainty of a mean of values that depend on each other.
 *
 * The noise of network time is flicker rather than white: s / sqrt(n) promises too much. Blocks of
 * neighbours keep the dependence (moving blocks, Kuensch 1989), as long as a block is longer than
 * what depends on each other.
 */
#ifndef NOON_METROLOGY_BOOTSTRAP_H
#define NOON_METROLOGY_BOOTSTRAP_H

#include <stddef.h>

/** Of a mean. */
struct noon_mean_error {
	double mean;
	double u;     /**< standard uncertainty of it */
	double nu;    /**< degrees of freedom: whole blocks less one, at least 1 */
	size_t block; /**< values in a block */
};

/**
 * Estimate. The block is as long as the correlation of neighbours lasts (first lag whose
 * autocorrelation is below 2 / sqrt(n), twice), at least the cube root of n, at most n / 4. The
 * variance of the mean is that of moving-block means times block / n: what infinitely many
 * bootstrap draws would give, without drawing.
 *
 * @param x  n >= 2 values in the order of time
 */
void noon_mean_error(const double *x, size_t n, struct noon_mean_error *ret);

#endif
