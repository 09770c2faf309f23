/* SPDX-License-Identifier: Apache-2.0
 *
 * A line with a wandering rate through the offsets of recent exchanges: where to steer.
 *
 * Model: theta_i = theta(h_i) + noise of variance s^2 v_i, and the rate of theta makes a random
 * walk of variance s^2 q per second. v_i = x_i^2 / 12 + stamps, where x_i is the delay of the
 * exchange above the smallest one: given the sum of two queueing delays, their difference is
 * spread uniformly over +-x. For a given q the best linear estimate is generalised least squares,
 * computed recursively over the points; s^2 follows from the innovations, and of a grid of q
 * the one of the largest likelihood is taken. So the oscillator itself decides how far back the
 * line reaches, q = 0 being the straight line of ordinary weighted regression. An innovation
 * beyond three standard deviations counts with the weight of one at that distance.
 *
 * This is statistics and proves nothing: the engine clamps the result into the certificate.
 */
#ifndef NOON_ESTIMATE_REGRESS_H
#define NOON_ESTIMATE_REGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/time.h"

#define NOON_REGRESS_MAX 64
#define NOON_REGRESS_MIN 3 /**< fewer points give an offset and no rate */

/** One exchange as the regression sees it. */
struct noon_point {
	noon_time h;	    /**< middle of the exchange, free-running clock */
	noon_dur theta;	    /**< centre of the interval, UTC - h, ns */
	noon_dur delay;	    /**< round-trip time less the layover, ns */
	noon_dur stamp_err; /**< of a one-way difference, ns, >= 0 */
};

struct noon_points {
	size_t n;
	struct noon_point p[NOON_REGRESS_MAX]; /**< oldest first */
};

/** The line, and how well it is known. */
struct noon_fit {
	noon_time h;	/**< instant of theta: the newest point */
	noon_dur theta; /**< UTC - h on the line, ns */
	noon_freq rate; /**< d theta / dh; meaningless unless has_rate */
	bool has_rate;
	double theta_sd_ns; /**< standard deviation of theta */
	double rate_sd;	    /**< standard deviation of rate, fractional */
	double cov_ns;	    /**< covariance of theta (ns) and rate (fractional) */
	double walk;	    /**< random walk of the rate, fractional per sqrt(s) */
	double noise_ns;    /**< noise of a good exchange, standard deviation */
	size_t used;	    /**< points */
};

/** Append a point; the oldest leaves when the list is full. */
void noon_points_add(struct noon_points *ps, const struct noon_point *p);

/**
 * Fit a line.
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY  no points; ret untouched
 * Cost: O(n) for each q of the grid. Numbers relative to the newest point: exact to well below 1
 * ns.
 */
NOON_MUST_USE noon_err noon_regress(const struct noon_points *ps, struct noon_fit *ret);

/** Return the standard deviation of the line `ahead` ns after its instant, ns. */
double noon_fit_sd_ns(const struct noon_fit *f, noon_dur ahead);

#endif
