/* SPDX-License-Identifier: Apache-2.0
 *
 * Weighted straight line through the offsets of recent exchanges: where to steer.
 *
 * Model: theta_i = a + b (h_i - h_ref) + noise of standard deviation sigma_i, where
 * sigma_i^2 = floor^2 + x_i^2 / 12 and x_i is the delay of the exchange above the smallest one:
 * given the sum of two queueing delays, their difference is spread uniformly over +-x. One pass
 * of Huber weights limits what a single outlier can do. A runs test on the signs of the residuals
 * of the better half drops the oldest points until a straight line describes what is left.
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
	double noise_ns;    /**< weighted residual: noise of a good exchange */
	size_t used;	    /**< points on the line; the older ones no longer fit it */
};

/** Append a point; the oldest leaves when the list is full. */
void noon_points_add(struct noon_points *ps, const struct noon_point *p);

/** Drop the oldest points until at most `keep` are left. */
void noon_points_keep(struct noon_points *ps, size_t keep);

/**
 * Fit a line.
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY  no points; ret untouched
 * Cost: O(n^2) at worst. Numbers relative to the newest point: exact to well below 1 ns.
 */
NOON_MUST_USE noon_err noon_regress(const struct noon_points *ps, struct noon_fit *ret);

#endif
