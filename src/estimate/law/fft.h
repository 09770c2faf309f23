/* SPDX-License-Identifier: Apache-2.0
 *
 * Fourier transform of real data, double precision, in place.
 *
 * Our own because the transform that Debian packages under a free enough licence (KISS FFT) is
 * built for float, and tails of 1e-12 need double.
 *
 * Packing of the n/2 + 1 coefficients X_k = sum x_j exp(-2 pi i j k / n) in n doubles: x[0] = X_0,
 * x[1] = X_(n/2), both real; x[2k], x[2k+1] = real and imaginary part of X_k, 0 < k < n/2.
 */
#ifndef NOON_ESTIMATE_FFT_H
#define NOON_ESTIMATE_FFT_H

#include <stddef.h>

#define NOON_FFT_MAX 65536 /**< points */

/** Table of roots of unity; the caller's storage. */
struct noon_fft {
	size_t n;		   /**< points, a power of two, 4..NOON_FFT_MAX; 0: not yet */
	double root[NOON_FFT_MAX]; /**< cos, -sin of 2 pi k / n, k < n/2 */
};

/** Prepare for n points. Cost: O(n) sines; nothing if it is prepared for them already. */
void noon_fft_init(struct noon_fft *f, size_t n);

/** Transform x[n] into its packed coefficients. Cost: O(n log n). */
void noon_fft_forward(const struct noon_fft *f, double *x);

/** Transform packed coefficients back; divides by n, so that the two undo each other. */
void noon_fft_inverse(const struct noon_fft *f, double *x);

#endif
