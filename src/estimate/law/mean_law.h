/* SPDX-License-Identifier: Apache-2.0
 *
 * The law of the mean of few or many values of a law: exact where few values of a skewed or
 * quantised law are beyond the saddlepoint, by the saddlepoint else.
 */
#ifndef NOON_ESTIMATE_MEAN_LAW_H
#define NOON_ESTIMATE_MEAN_LAW_H

#include "estimate/law/convolve.h"
#include "estimate/law/threshold.h"

#define NOON_MEAN_EXACT 32 /**< values up to which the exact law is taken */

struct noon_mean_law {
	const struct noon_law *law;   /**< borrowed */
	struct noon_convolve *memory; /**< borrowed */
	struct noon_cgf cgf;
};

/** Return the law of means of a law. */
struct noon_mean_law noon_mean_law_of(const struct noon_law *law, struct noon_convolve *memory);

/** Return P(mean of n values > x). Of a fractional n the exact law takes the whole part, which
 * varies more. Between two lattice points that of the lower one. Cost: some 10 ms where it is
 * exact. */
double noon_mean_law_sf(const struct noon_mean_law *m, double n, double x_ns);

/** Return x with P(mean of n values > x) = p, ns; of an atom its outer end: above it where p < 0.5,
 *  below it else. Cost as above. */
double noon_mean_law_isf(const struct noon_mean_law *m, double n, double p);

#endif
