/* SPDX-License-Identifier: Apache-2.0
 *
 * The exact law of a mean of n round trips, by convolution on a lattice (docs/theory.md, 5.2): the
 * judge of Lugannani and Rice, and the authority where n is small.
 *
 * The law of one router (or the cells of a calibrated law) is tilted so that its middle lies
 * where the answer is wanted, raised to a power by Fourier transform, and tilted back. So a tail
 * is as accurate relative to itself as the middle of a law is.
 */
#ifndef NOON_ESTIMATE_CONVOLVE_H
#define NOON_ESTIMATE_CONVOLVE_H

#include <stdbool.h>

#include "estimate/law/channel.h"
#include "estimate/law/fft.h"

/** One law of a mean, and the memory to compute it: 1 MiB, the caller's; zero it first. */
struct noon_convolve {
	struct noon_fft fft;
	double tail[NOON_FFT_MAX]; /**< upper: P(sum >= cell i); else P(sum < cell i) */
	size_t points;		   /**< of `tail` */
	bool upper;
	double first;	/**< lattice index of the sum in tail[0] */
	double x0_ns;	/**< of the mean, where the lattice index is 0 */
	double step_ns; /**< of the mean */
	double low_ns;	/**< between these two the tails are good to 1e-7 of themselves */
	double high_ns;
};

/**
 * Compute the law of the mean of n round trips through a channel, around a value.
 *
 * @param n        1 .. about 800000 (for 10 routers)
 * @param near_ns  where it is to be accurate, ns; above the mean the upper tail is, else the lower
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  impossible channel, n too large, or near not within the support
 * Cost: some milliseconds.
 */
NOON_MUST_USE noon_err noon_convolve_channel(struct noon_convolve *w, const struct noon_channel *c,
					     unsigned n, double near_ns);

/** Compute the same for the cells of a law; n x cells has to fit. Errors as above. */
NOON_MUST_USE noon_err noon_convolve_law(struct noon_convolve *w, const struct noon_law *law,
					 unsigned n, double near_ns);

/** Return P(mean > x); between lattice points by continuity. */
double noon_convolve_sf(const struct noon_convolve *w, double x_ns);

/** Return x with P(mean > x) = p, ns, just below an atom; the nearest end of [low_ns, high_ns] if
 *  it is beyond. */
double noon_convolve_isf(const struct noon_convolve *w, double p);

/**
 * Compute the mean test (estimate/law/threshold.h) from the exact law.
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  an argument is out of its range, or n too large
 * Cost: two convolutions.
 */
NOON_MUST_USE noon_err noon_convolve_mean_test(struct noon_convolve *w,
					       const struct noon_channel *c, unsigned n,
					       double delta_ns, double p_d,
					       struct noon_mean_test *ret);

#endif
