/* SPDX-License-Identifier: Apache-2.0
 *
 * The real points are taken as n/2 complex ones, even and odd; a radix-2 transform of those, and
 * one pass that separates the two spectra and joins them.
 */
#include "estimate/law/fft.h"

#include <assert.h>
#include <math.h>

#define TURN 6.28318530717958647693 /* 2 pi */

void noon_fft_init(struct noon_fft *f, size_t n)
{
	assert(n >= 4 && n <= NOON_FFT_MAX && (n & (n - 1)) == 0);
	if (f->n == n)
		return;
	f->n = n;
	for (size_t k = 0; k < n / 2; k++) {
		const double a = TURN * (double)k / (double)n;

		f->root[2 * k] = cos(a);
		f->root[2 * k + 1] = -sin(a);
	}
}

/* Put m complex points into bit-reversed order. */
static void reorder(double *x, size_t m)
{
	size_t j = 0;

	for (size_t i = 0; i < m; i++) {
		size_t bit = m >> 1;

		if (i < j) {
			const double re = x[2 * i], im = x[2 * i + 1];

			x[2 * i] = x[2 * j];
			x[2 * i + 1] = x[2 * j + 1];
			x[2 * j] = re;
			x[2 * j + 1] = im;
		}
		while (bit > 0 && (j & bit) != 0) {
			j ^= bit;
			bit >>= 1;
		}
		j |= bit;
	}
}

/* One stage: blocks of two halves of `half` complex points. sign: -1 conjugates the roots. */
static void stage(const struct noon_fft *f, double *x, size_t m, size_t half, double sign)
{
	const size_t stride = f->n / (2 * half);

	for (size_t at = 0; at < m; at += 2 * half) {
		double *a = &x[2 * at], *b = &x[2 * (at + half)];

		for (size_t k = 0; k < half; k++) {
			const double c = f->root[2 * k * stride];
			const double s = sign * f->root[2 * k * stride + 1];
			const double re = c * b[2 * k] - s * b[2 * k + 1];
			const double im = c * b[2 * k + 1] + s * b[2 * k];

			b[2 * k] = a[2 * k] - re;
			b[2 * k + 1] = a[2 * k + 1] - im;
			a[2 * k] += re;
			a[2 * k + 1] += im;
		}
	}
}

static void transform(const struct noon_fft *f, double *x, double sign)
{
	const size_t m = f->n / 2;

	reorder(x, m);
	for (size_t half = 1; half < m; half *= 2)
		stage(f, x, m, half, sign);
}

void noon_fft_forward(const struct noon_fft *f, double *x)
{
	const size_t m = f->n / 2;
	double dc;

	transform(f, x, 1.0);
	dc = x[0];
	x[0] = dc + x[1];
	x[1] = dc - x[1];
	for (size_t k = 1; k <= m / 2; k++) {
		double *a = &x[2 * k], *b = &x[2 * (m - k)];
		const double er = (a[0] + b[0]) / 2.0, ei = (a[1] - b[1]) / 2.0;
		const double od = (a[1] + b[1]) / 2.0, oi = (b[0] - a[0]) / 2.0;
		const double c = f->root[2 * k], s = f->root[2 * k + 1];
		const double tr = c * od - s * oi, ti = c * oi + s * od;

		a[0] = er + tr;
		a[1] = ei + ti;
		b[0] = er - tr;
		b[1] = ti - ei;
	}
}

void noon_fft_inverse(const struct noon_fft *f, double *x)
{
	const size_t m = f->n / 2;
	const double dc = x[0], scale = 1.0 / (double)m;

	x[0] = (dc + x[1]) / 2.0;
	x[1] = (dc - x[1]) / 2.0;
	for (size_t k = 1; k <= m / 2; k++) {
		double *a = &x[2 * k], *b = &x[2 * (m - k)];
		const double er = (a[0] + b[0]) / 2.0, ei = (a[1] - b[1]) / 2.0;
		const double tr = (a[0] - b[0]) / 2.0, ti = (a[1] + b[1]) / 2.0;
		const double c = f->root[2 * k], s = -f->root[2 * k + 1];
		const double od = c * tr - s * ti, oi = c * ti + s * tr;

		a[0] = er - oi;
		a[1] = ei + od;
		b[0] = er + oi;
		b[1] = od - ei;
	}
	transform(f, x, -1.0);
	for (size_t k = 0; k < 2 * m; k++)
		x[k] *= scale;
}
