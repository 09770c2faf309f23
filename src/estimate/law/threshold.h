/* SPDX-License-Identifier: Apache-2.0
 *
 * The law of a batch mean, and thresholds of the mean test (docs/theory.md, 5.2).
 *
 * H0: the calibrated law f0. H1: f0 shifted by delta. The mean of N values is compared with
 * lambda. Two independent ways to the exact law: Lugannani-Rice (no memory, for daemons) and
 * convolution by a tilted FFT (workspace of the caller; the judge of the other).
 */
#ifndef NOON_ESTIMATE_THRESHOLD_H
#define NOON_ESTIMATE_THRESHOLD_H

#include "estimate/law/law.h"

/** Anything with a cumulant function: a law, the routers of a channel, ... */
struct noon_cgf {
	/** Return ln E exp(t (X - mean_ns)) with its first two derivatives; t in 1/ns. About the
	 *  mean, because n K(t) - n t x would lose its digits to a long propagation delay. */
	double (*k)(const void *of, double t, double *ret_k1, double *ret_k2);
	const void *of;
	double mean_ns;	 /**< of exactly what k() describes */
	double sd_ns;	 /**< 0: one value only */
	double least_ns; /**< support */
	double most_ns;
};

/**
 * Return the cumulant function of the cells of a law; `law` is borrowed.
 *
 * Its mean is that of the cells: it differs from law->mean_ns where rare large values share the
 * last cell. A mean to be tested against it must clip its values there too (noon_law_top_ns).
 */
struct noon_cgf noon_cgf_of_law(const struct noon_law *law);

/** Return t with K'(t) = x, 1/ns; x within the support. Where only the atom at an end is left, a
 *  large t. */
double noon_cgf_tilt(const struct noon_cgf *k, double x_ns);

/**
 * Return P(mean of n values > x) by Lugannani-Rice; n may be fractional (correlated values: the
 * number of independent ones that have the same variance of the mean).
 * 1 below the support, 0 above it. Where so few values of so skewed a law break the formula, more
 * than the truth: Chernoff's bound above the mean, 1 below it. Good to 7 digits for a bell; from 16
 * values on to a factor of 2 for any smooth law, and of 4 for one with few atoms. Fewer values are
 * for noon_mean_law_sf() (estimate/law/mean_law.h).
 */
double noon_mean_sf(const struct noon_cgf *k, double n, double x_ns);

/** Return x with P(mean of n > x) = p, ns; 0 < p < 1. Relative to noon_mean_sf() accurate to 1e-9.
 *  A picosecond below the support where its lowest value alone has more than 1 - p. Where the
 *  formula breaks, further out than the truth. */
double noon_mean_isf(const struct noon_cgf *k, double n, double p);

/** The mean test for one batch size. */
struct noon_mean_test {
	double n;	  /**< values of a batch */
	double delta_ns;  /**< shift to be found */
	double p_d;	  /**< demanded probability to find it */
	double lambda_ns; /**< largest threshold with that p_d: alarm when mean > lambda */
	double p_fa;	  /**< probability of a false alarm per batch that follows */
};

/**
 * Compute the test for a batch.
 *
 * @param inflation  variance of the mean over that of independent values, >= 1 (correlation)
 * @param cal_sd_ns  standard error of the calibrated mean, ns, >= 0; lambda is lowered by
 *                   z(p_d) times it, so that p_d holds in spite of it
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  an argument is out of its range; ret untouched
 */
NOON_MUST_USE noon_err noon_mean_test_of(const struct noon_cgf *k, double n, double delta_ns,
					 double p_d, double inflation, double cal_sd_ns,
					 struct noon_mean_test *ret);

/**
 * Find the smallest batch whose test has p_d and at most p_fa.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE      an argument is out of its range
 * @retval NOON_ERR_NOT_FOUND  not even n_max values are enough
 */
NOON_MUST_USE noon_err noon_mean_test_size(const struct noon_cgf *k, double delta_ns, double p_d,
					   double p_fa, double inflation, double cal_sd_ns,
					   unsigned n_max, struct noon_mean_test *ret);

/** Standard normal quantile z with Q(z) = p (upper tail), 0 < p < 1. */
double noon_normal_isf(double p);

#endif
