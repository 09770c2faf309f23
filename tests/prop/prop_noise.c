/* SPDX-License-Identifier: Apache-2.0
 *
 * Synthetic power-law noise: deviations have the slopes of theory, the type is identified, and
 * confidence intervals hold the true deviation as often as they say.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metrology/stability/deviation.h"
#include "metrology/stability/edf.h"
#include "metrology/stability/noise.h"

#define LONG	(1 << 16)
#define SHORT	1024
#define SEEDS	400
#define OCTAVES 30 /* of the sum that makes flicker noise */

/* White PM, added up so many times: alpha = 2, 0, -2. */
static void integrate(double *x, size_t n, int alpha, struct noon_rng *rng)
{
	for (size_t i = 0; i < n; i++)
		x[i] = noon_rng_gauss(rng);
	for (int k = alpha; k < 2; k += 2)
		for (size_t i = 1; i < n; i++)
			x[i] += x[i - 1];
}

/* Flicker PM: first-order processes with time constants in octaves, of the same power each. */
static void flicker(double *x, size_t n, struct noon_rng *rng)
{
	double state[OCTAVES];

	for (int k = 0; k < OCTAVES; k++)
		state[k] = noon_rng_gauss(rng);
	for (size_t i = 0; i < n; i++) {
		x[i] = 0.0;
		for (int k = 0; k < OCTAVES; k++) {
			const double keep = exp(-ldexp(4.0, -k));

			state[k] = keep * state[k] + sqrt(1.0 - keep * keep) * noon_rng_gauss(rng);
			x[i] += state[k];
		}
	}
}

static double value(const struct noon_series *s, enum noon_statistic what, size_t m)
{
	struct noon_deviation d;

	assert_int_equal(noon_deviation(s, what, m, NULL, &d), NOON_OK);
	return d.value;
}

/* Exponent of tau between two averaging factors. */
static double slope(const struct noon_series *s, enum noon_statistic what, size_t from, size_t to)
{
	return log(value(s, what, to) / value(s, what, from)) / log((double)to / (double)from);
}

static void slopes_are_those_of_theory(void **state)
{
	static const struct {
		int alpha;
		enum noon_statistic what;
		double slope;
	} row[] = {
		{2, NOON_OADEV, -1.0}, {2, NOON_ADEV, -1.0},  {2, NOON_MDEV, -1.5},
		{2, NOON_TDEV, -0.5},  {2, NOON_OHDEV, -1.0}, {1, NOON_MDEV, -1.0},
		{1, NOON_TDEV, 0.0},   {0, NOON_OADEV, -0.5}, {0, NOON_MDEV, -0.5},
		{0, NOON_TDEV, 0.5},   {0, NOON_OHDEV, -0.5}, {-2, NOON_OADEV, 0.5},
		{-2, NOON_MDEV, 0.5},  {-2, NOON_TDEV, 1.5},  {-2, NOON_OHDEV, 0.5},
		{0, NOON_TIERMS, 0.5},
	};
	static double x[LONG];
	const struct noon_series s = {.x = x, .n = LONG, .tau0 = 1.0};
	int made = 3;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct noon_rng rng = noon_rng_seeded(11 + (uint64_t)row[i].alpha);
		double got;

		if (row[i].alpha != made && row[i].alpha == 1)
			flicker(x, LONG, &rng);
		else if (row[i].alpha != made)
			integrate(x, LONG, row[i].alpha, &rng);
		made = row[i].alpha;
		got = slope(&s, row[i].what, 8, 256);
		if (fabs(got - row[i].slope) > 0.06)
			fail_msg("%s, alpha %d: slope %.3f, not %.1f",
				 noon_statistic_name(row[i].what), row[i].alpha, got, row[i].slope);
	}
}

static void flicker_is_identified(void **state)
{
	static double x[LONG], scratch[LONG + 1];
	const struct noon_series s = {.x = x, .n = LONG, .tau0 = 1.0};
	struct noon_rng rng = noon_rng_seeded(5);
	enum noon_noise noise;

	(void)state;
	flicker(x, LONG, &rng);
	assert_int_equal(noon_noise_identify(&s, 1, 2, scratch, &noise), NOON_OK);
	assert_int_equal(noise, NOON_NOISE_FLICKER_PM);
	/* Added up, it is flicker FM. */
	for (size_t i = 1; i < LONG; i++)
		x[i] += x[i - 1];
	assert_int_equal(noon_noise_identify(&s, 1, 2, scratch, &noise), NOON_OK);
	assert_int_equal(noise, NOON_NOISE_FLICKER_FM);
}

/* Variances of phase noise of unit variance, added up: of second and third differences at m. */
static double truth(enum noon_statistic what, int alpha, size_t factor)
{
	const double m = (double)factor;

	if (what == NOON_MDEV)
		return alpha == 2   ? sqrt(3.0 / (m * m * m))
		       : alpha == 0 ? sqrt((m * m + 1.0) / (2.0 * m * m * m))
				    : (double)NAN;
	if (what == NOON_OHDEV)
		return alpha == 2 ? sqrt(20.0 / 6.0) / m : alpha == 0 ? sqrt(1.0 / m) : (double)NAN;
	return alpha == 2   ? sqrt(3.0) / m
	       : alpha == 0 ? sqrt(1.0 / m)
			    : sqrt((2.0 * m * m + 1.0) / (6.0 * m));
}

/* Intervals by the edf of the true noise type; how many of a thousand hold the truth. */
static unsigned covered(enum noon_statistic what, int alpha, size_t m)
{
	static double x[SHORT];
	const struct noon_series s = {.x = x, .n = SHORT, .tau0 = 1.0};
	const double edf = noon_edf(what, (enum noon_noise)alpha, m, SHORT);
	unsigned held = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct noon_rng rng = noon_rng_seeded(seed * 7919);
		double low, high;

		integrate(x, SHORT, alpha, &rng);
		assert_int_equal(noon_confidence(value(&s, what, m), edf, 0.95, &low, &high),
				 NOON_OK);
		held += low <= truth(what, alpha, m) && truth(what, alpha, m) <= high;
	}
	return held * 1000 / SEEDS;
}

static void intervals_hold_the_truth_as_often_as_they_say(void **state)
{
	static const enum noon_statistic what[] = {NOON_ADEV, NOON_OADEV, NOON_MDEV, NOON_OHDEV};
	unsigned bad = 0;

	(void)state;
	for (size_t k = 0; k < 4; k++)
		for (int alpha = 2; alpha >= -2; alpha -= 2)
			for (size_t m = 4; m <= 256; m *= 8) {
				unsigned held;

				if (isnan(truth(what[k], alpha, m)))
					continue;
				held = covered(what[k], alpha, m);
				printf("# %s, alpha %d, m %zu: %.1f %%\n",
				       noon_statistic_name(what[k]), alpha, m, held / 10.0);
				/* 400 trials: a standard deviation is 1.1 %. */
				bad += held < 915 || held > 985;
			}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slopes_are_those_of_theory),
		cmocka_unit_test(flicker_is_identified),
		cmocka_unit_test(intervals_hold_the_truth_as_often_as_they_say),
	};

	return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}
