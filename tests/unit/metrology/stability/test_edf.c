/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrology/stability/edf.h"

static bool near(double a, double b, double relative)
{
	return fabs(a - b) <= relative * fabs(b);
}

/* White FM and m = 1: neighbouring second differences of phase correlate by -1/2, so that
 * 1 / edf = (1 + 2 (1 - 1 / M) / 4) / M. The source has the phase averaged over tau0, which makes
 * that smaller. */
static void white_fm_is_what_its_covariance_says(void **state)
{
	const double M = 98.0;

	(void)state;
	assert_true(near(noon_edf(NOON_OADEV, NOON_NOISE_WHITE_FM, 1, 100),
			 M / (1.0 + 0.5 * (1.0 - 1.0 / M)), 0.2));
	assert_true(near(noon_edf(NOON_ADEV, NOON_NOISE_WHITE_FM, 1, 100),
			 noon_edf(NOON_OADEV, NOON_NOISE_WHITE_FM, 1, 100), 1e-9));
	/* Without overlap that is the same for each m, and the average matters less and less. */
	assert_true(near(noon_edf(NOON_ADEV, NOON_NOISE_WHITE_FM, 1000, 99001),
			 97.0 / (1.0 + 0.5 * (1.0 - 1.0 / 97.0)), 0.02));
	/* White PM: correlations -2/3 and 1/6. */
	assert_true(
		near(noon_edf(NOON_OADEV, NOON_NOISE_WHITE_PM, 1, 100),
		     M / (1.0 + 2.0 * (1.0 - 1.0 / M) * 4.0 / 9.0 + 2.0 * (1.0 - 2.0 / M) / 36.0),
		     1e-9));
	/* The two ways agree where both are the same statistic. */
	assert_true(near(noon_edf(NOON_MDEV, NOON_NOISE_WHITE_PM, 1, 100),
			 noon_edf(NOON_OADEV, NOON_NOISE_WHITE_PM, 1, 100), 1e-9));
	assert_true(near(noon_edf(NOON_MDEV, NOON_NOISE_FLICKER_PM, 1, 100),
			 noon_edf(NOON_OADEV, NOON_NOISE_FLICKER_PM, 1, 100), 1e-9));
}

/* The table for long sums continues what short ones give. */
static void long_sums_continue_short_ones(void **state)
{
	static const enum noon_statistic what[] = {NOON_OADEV, NOON_MDEV, NOON_OHDEV};

	(void)state;
	for (size_t k = 0; k < 3; k++)
		for (int alpha = -2; alpha <= 2; alpha++) {
			const size_t m = k == 2 ? 25 : 33;
			/* J = (d + 1) m is 99 or 100, and then above 100; N / m is the same. */
			const double below = noon_edf(what[k], (enum noon_noise)alpha, m, 20 * m);
			/* White and flicker PM, unmodified, gain from a shorter tau0. */
			const double above =
				noon_edf(what[k], (enum noon_noise)alpha, 2 * m, 40 * m);

			if ((k == 1 || alpha < 1) && !near(above, below, 0.05))
				fail_msg("%zu alpha %d: %g %g", k, alpha, below, above);
		}
}

static void few_samples_have_few_degrees(void **state)
{
	(void)state;
	for (int alpha = -2; alpha <= 2; alpha++) {
		const double one = noon_edf(NOON_ADEV, (enum noon_noise)alpha, 50, 101);

		assert_true(near(one, 1.0, 1e-9));
		assert_true(noon_edf(NOON_OADEV, (enum noon_noise)alpha, 50, 110) >= 1.0);
		assert_true(noon_edf(NOON_OADEV, (enum noon_noise)alpha, 400, 1000) >= 1.0);
	}
	assert_true(noon_edf(NOON_MTIE, NOON_NOISE_WHITE_FM, 1, 100) <= 0.0);
	assert_true(noon_edf(NOON_OADEV, NOON_NOISE_FLICKER_WALK_FM, 1, 100) <= 0.0);
	assert_true(noon_edf(NOON_OHDEV, NOON_NOISE_RANDOM_RUN_FM, 1, 100) > 10.0);
	assert_true(near(noon_edf(NOON_TOTDEV, NOON_NOISE_FLICKER_FM, 10, 101), 11.48, 1e-9));
	assert_true(near(noon_edf(NOON_MTOTDEV, NOON_NOISE_FLICKER_PM, 10, 101), 10.6, 1e-9));
	assert_true(near(noon_edf(NOON_HTOTDEV, NOON_NOISE_WHITE_FM, 10, 101),
			 10.0 / (0.559 + 0.1004), 1e-9));
}

static void samples_for_pairs_give_as_many_pairs(void **state)
{
	(void)state;
	assert_int_equal(noon_edf_samples(NOON_OADEV, 10, 80), 100);
	assert_int_equal(noon_edf_samples(NOON_OHDEV, 10, 70), 100);
	assert_int_equal(noon_edf_samples(NOON_MDEV, 10, 71), 100);
	assert_int_equal(noon_edf_samples(NOON_ADEV, 10, 8), 91);
}

/* 10 degrees: chi-square is within 3.246973 and 20.483177 with 95 %. */
static void interval_is_that_of_chi_square(void **state)
{
	double low = -1.0, high = -1.0;

	(void)state;
	assert_int_equal(noon_confidence(2.0, 10.0, 0.95, &low, &high), NOON_OK);
	assert_true(near(low, 2.0 * sqrt(10.0 / 20.483177), 1e-6));
	assert_true(near(high, 2.0 * sqrt(10.0 / 3.246973), 1e-6));
	assert_int_equal(noon_confidence(2.0, 0.0, 0.95, &low, &high), NOON_ERR_RANGE);
	assert_int_equal(noon_confidence(2.0, 1.0, 1.0, &low, &high), NOON_ERR_RANGE);
}

static void biases_are_those_published(void **state)
{
	(void)state;
	assert_true(
		near(noon_bias(NOON_MTOTDEV, NOON_NOISE_WHITE_PM, 3, 50), 1.0 / sqrt(0.94), 1e-9));
	assert_true(near(noon_bias(NOON_TTOTDEV, NOON_NOISE_RANDOM_WALK_FM, 3, 50),
			 1.0 / sqrt(0.69), 1e-9));
	assert_true(near(noon_bias(NOON_HTOTDEV, NOON_NOISE_FLICKER_FM, 3, 50), 1.0 / sqrt(0.851),
			 1e-9));
	assert_true(near(noon_bias(NOON_HTOTDEV, NOON_NOISE_FLICKER_FM, 1, 50), 1.0, 1e-9));
	assert_true(near(noon_bias(NOON_TOTDEV, NOON_NOISE_RANDOM_WALK_FM, 10, 101),
			 1.0 / sqrt(0.925), 1e-9));
	assert_true(near(noon_bias(NOON_OADEV, NOON_NOISE_RANDOM_WALK_FM, 10, 101), 1.0, 1e-9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(white_fm_is_what_its_covariance_says),
		cmocka_unit_test(long_sums_continue_short_ones),
		cmocka_unit_test(few_samples_have_few_degrees),
		cmocka_unit_test(samples_for_pairs_give_as_many_pairs),
		cmocka_unit_test(interval_is_that_of_chi_square),
		cmocka_unit_test(biases_are_those_published),
	};

	return cmocka_run_group_tests_name("metrology/stability/edf", tests, NULL, NULL);
}
