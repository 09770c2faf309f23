/* SPDX-License-Identifier: Apache-2.0
 *
 * A law of round-trip times on a lattice: what a path does when nobody attacks it.
 *
 * From the parameters of a channel (estimate/law/channel.h) or from the times that a calibration
 * campaign measured. All times are round-trip times less the layover, ns.
 */
#ifndef NOON_ESTIMATE_LAW_H
#define NOON_ESTIMATE_LAW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NOON_LAW_MAX 2048 /**< cells */

struct noon_law {
	double x0_ns;		/**< of cell 0; cell k stands for x0_ns + k step_ns */
	double step_ns;		/**< > 0 */
	size_t n;		/**< cells in use, 1..NOON_LAW_MAX */
	double p[NOON_LAW_MAX]; /**< mass of each cell, >= 0; they sum to 1 */
	double mean_ns;		/**< of the parameters or of the data, not of the lattice */
	double sd_ns;
	double skewness;
	double least_ns; /**< smallest possible value, or smallest one seen */
	double most_ns;	 /**< largest possible value, or largest one seen */
	uint64_t count;	 /**< measured values it rests on; 0: it follows from parameters */
	double beyond;	 /**< mass in the last cell of values above it */
};

/**
 * Estimate the law from measured values.
 *
 * The cells reach from the smallest value to the largest, unless few values lie so far out that
 * the cells would get too coarse for the rest; then those share the last cell. Few: one, and one
 * in a thousand. A value is shared between the two cells beside it, so that the mean stays.
 *
 * @param      rtt_ns     rtt_ns[n]
 * @param      n          >= 2
 * @param      least_step smallest cell, ns, > 0: the granularity of the stamps
 * @param[out] ret        untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY  n < 2
 * @retval NOON_ERR_RANGE  a value is negative
 * Cost: O(n).
 */
NOON_MUST_USE noon_err noon_law_of_samples(const int64_t *rtt_ns, size_t n, double least_step,
					   struct noon_law *ret);

/** Return what the last cell stands for, ns: larger values count as this one. */
double noon_law_top_ns(const struct noon_law *law);

/** Which way a law may be wrong. */
enum noon_law_doubt {
	NOON_LAW_HEAVIER, /**< its upper tail has more mass than was seen */
	NOON_LAW_LIGHTER, /**< ... less, and its lower tail more */
};

/**
 * Compute the law of min(X, cap) as far out as what was measured allows.
 *
 * A twentieth of the mass at an end is its tail. There each share S of n values may be wrong by
 * three of its standard errors, and three values more may lie at the cap, or as far below the least
 * as the lowest hundredth reaches. What shares the last cell lies at the cap, or at the largest
 * value seen. A law that follows from parameters is not in doubt.
 *
 * @param      cap_ns  larger values count as this one
 * @param      n       independent values that `law` is worth, > 0
 * @param[out] ret     not `law`; moments are those of the cells
 */
void noon_law_doubted(const struct noon_law *law, enum noon_law_doubt doubt, double cap_ns,
		      double n, struct noon_law *ret);

/** Return P(X <= x), linear within cells; 0..1. */
double noon_law_cdf(const struct noon_law *law, double x_ns);

/** Return the smallest x with P(X <= x) >= p, ns; p is clamped into 0..1. */
double noon_law_quantile(const struct noon_law *law, double p);

/** Return the cumulant function ln E exp(t X), with its first two derivatives; t in 1/ns. */
double noon_law_cgf(const struct noon_law *law, double t, double *ret_k1, double *ret_k2);

#endif
