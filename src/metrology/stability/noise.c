/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/stability/noise.h"

#include <math.h>

#include "metrology/stability/sum.h"

const char *noon_noise_name(enum noon_noise n)
{
	switch (n) {
	case NOON_NOISE_RANDOM_RUN_FM:
		return "random run FM";
	case NOON_NOISE_FLICKER_WALK_FM:
		return "flicker walk FM";
	case NOON_NOISE_RANDOM_WALK_FM:
		return "random walk FM";
	case NOON_NOISE_FLICKER_FM:
		return "flicker FM";
	case NOON_NOISE_WHITE_FM:
		return "white FM";
	case NOON_NOISE_FLICKER_PM:
		return "flicker PM";
	case NOON_NOISE_WHITE_PM:
		return "white PM";
	}
	return "unknown";
}

static struct noon_run longest(const struct noon_series *s)
{
	struct noon_run run = {0, 0}, best = {0, 0};

	while (noon_series_run(s, run.first + run.n, &run))
		if (run.n > best.n)
			best = run;
	return best;
}

/* Subtract a part of z along a function of the place that is 1, t or t^2 - mean of t^2: these are
 * orthogonal for t counted from the middle, so that each is fitted by itself. */
static void remove_trend(double *z, size_t n, unsigned degree)
{
	const double middle = (double)(n - 1) / 2.0;
	const double square = ((double)n * (double)n - 1.0) / 12.0; /* mean of t^2 */
	struct noon_sum along = {0}, norm = {0};

	for (int pass = 0; pass < 2; pass++) {
		const double part =
			pass == 0 ? 0.0 : noon_sum_value(&along) / noon_sum_value(&norm);

		for (size_t i = 0; i < n; i++) {
			const double t = (double)i - middle;
			const double f = degree == 0 ? 1.0 : degree == 1 ? t : t * t - square;

			if (pass == 0) {
				noon_sum_add(&along, z[i] * f);
				noon_sum_add(&norm, f * f);
			} else {
				z[i] -= part * f;
			}
		}
	}
}

/* Lag-1 autocorrelation about the mean; NaN where there is no variation. */
static double autocorrelation(const double *z, size_t n)
{
	struct noon_sum sum = {0}, cross = {0}, square = {0};
	double mean;

	for (size_t i = 0; i < n; i++)
		noon_sum_add(&sum, z[i]);
	mean = noon_sum_value(&sum) / (double)n;
	for (size_t i = 0; i < n; i++) {
		noon_sum_add(&square, (z[i] - mean) * (z[i] - mean));
		if (i + 1 < n)
			noon_sum_add(&cross, (z[i] - mean) * (z[i + 1] - mean));
	}
	if (!(noon_sum_value(&square) > 0.0))
		return (double)NAN;
	return noon_sum_value(&cross) / noon_sum_value(&square);
}

noon_err noon_noise_identify(const struct noon_series *s, size_t m, unsigned d_max, double *scratch,
			     enum noon_noise *ret)
{
	const struct noon_run run = longest(s);
	size_t n = 0;

	for (size_t i = 0; i < run.n; i += m)
		scratch[n++] = s->x[run.first + i];
	if (n < NOON_NOISE_SAMPLES_MIN)
		return NOON_ERR_EMPTY;
	for (unsigned degree = 0; degree <= 2; degree++)
		remove_trend(scratch, n, degree);
	for (unsigned d = 0;; d++) {
		const double r = autocorrelation(scratch, n), delta = r / (1.0 + r);

		if (isnan(r))
			return NOON_ERR_EMPTY;
		if (delta < 0.25 || d >= d_max) {
			const double alpha = 2.0 - round(2.0 * delta) - 2.0 * (double)d;

			*ret = (enum noon_noise)(int)fmax(-4.0, fmin(2.0, alpha));
			return NOON_OK;
		}
		n--;
		for (size_t i = 0; i < n; i++)
			scratch[i] = scratch[i + 1] - scratch[i];
	}
}
