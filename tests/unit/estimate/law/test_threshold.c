/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/law/channel.h"
#include "estimate/law/threshold.h"

#define DELTA 10000.0
#define P_D   0.999

static struct noon_law law;
static struct noon_channel channel;
static struct noon_cgf paper;

static bool near(double a, double b, double tolerance)
{
	if (fabs(a - b) <= tolerance)
		return true;
	print_message("# %.12g is not %.12g\n", a, b);
	return false;
}

static int set_up(void **state)
{
	(void)state;
	channel = noon_channel_default();
	paper = noon_cgf_of_channel(&channel);
	return 0;
}

static void normal_quantiles_are_known(void **state)
{
	(void)state;
	assert_true(near(noon_normal_isf(0.5), 0.0, 1e-14));
	assert_true(near(noon_normal_isf(1e-3), 3.090232306167813, 1e-12));
	assert_true(near(noon_normal_isf(0.975), -1.959963984540054, 1e-12));
	assert_true(near(noon_normal_isf(1e-6), 4.753424308822899, 1e-11));
	assert_true(near(noon_normal_isf(1e-22), 9.741, 1e-3));
}

static void threshold_of_the_paper_is_reached(void **state)
{
	struct noon_mean_test t;

	(void)state;
	assert_int_equal(noon_mean_test_of(&paper, 100.0, DELTA, P_D, 1.0, 0.0, &t), NOON_OK);
	assert_true(near(t.lambda_ns, 84530.0, 10.0));
	assert_true(near(noon_mean_sf(&paper, 100.0, t.lambda_ns - DELTA), P_D, 1e-9));
}

/* Against the exact law: test_convolve. */
static void quantile_and_tail_undo_each_other(void **state)
{
	const double sizes[] = {1.0, 3.0, 10.0, 77.7, 1000.0, 1e6};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		for (double p = 1e-22; p < 0.5; p *= 7.0) {
			const double x = noon_mean_isf(&paper, sizes[i], p);

			assert_true(near(noon_mean_sf(&paper, sizes[i], x) / p, 1.0, 1e-7));
		}
		/* One value has an atom of 7.6e-10 at the bottom. */
		for (double p = i == 0 ? 1e-7 : 1e-12; p < 0.5; p *= 7.0) {
			const double x = noon_mean_isf(&paper, sizes[i], 1.0 - p);

			assert_true(near((1.0 - noon_mean_sf(&paper, sizes[i], x)) / p, 1.0, 1e-3));
		}
	}
}

/* Nothing jumps where the formula is replaced by its limit. */
static void tail_is_smooth_across_the_mean(void **state)
{
	const double sizes[] = {1.0, 10.0, 100.0, 10000.0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const double sd = paper.sd_ns / sqrt(sizes[i]), h = 0.004 * sd;
		double a = noon_mean_sf(&paper, sizes[i], paper.mean_ns - 0.2 * sd - h);
		double b = noon_mean_sf(&paper, sizes[i], paper.mean_ns - 0.2 * sd);

		for (int k = 1; k <= 100; k++) {
			const double x = paper.mean_ns - 0.2 * sd + k * h;
			const double c = noon_mean_sf(&paper, sizes[i], x);

			assert_true(c < b);
			assert_true(fabs(c - 2.0 * b + a) < 1e-5);
			a = b;
			b = c;
		}
	}
}

static void ends_of_the_support_are_kept(void **state)
{
	(void)state;
	assert_true(near(noon_mean_sf(&paper, 3.0, -1.0), 1.0, 0.0));
	assert_true(near(noon_mean_sf(&paper, 3.0, paper.most_ns), 0.0, 0.0));
	assert_true(near(noon_mean_sf(&paper, 1.0, 0.0), 1.0, 1e-6));
	assert_true(noon_mean_isf(&paper, 1.0, 1.0 - 1e-12) >= -0.001);
	assert_true(noon_mean_isf(&paper, 1.0, 1e-200) <= paper.most_ns);
}

/* P(all of 10 values are 0) = 0.12: a threshold that finds 99.9 % has to be below them. */
static void atom_at_the_bottom_counts_as_found(void **state)
{
	const struct noon_channel idle = {1, 0.9, 1542.0, 1e9, 0.0};
	const struct noon_cgf k = noon_cgf_of_channel(&idle);
	struct noon_mean_test t;

	(void)state;
	assert_int_equal(noon_mean_test_of(&k, 10.0, DELTA, P_D, 1.0, 0.0, &t), NOON_OK);
	assert_true(t.lambda_ns < DELTA && t.lambda_ns > DELTA - 0.01);
}

static void one_value_only_is_a_step(void **state)
{
	const int64_t x[] = {70, 70, 70};
	struct noon_cgf k;
	struct noon_mean_test t;

	(void)state;
	assert_int_equal(noon_law_of_samples(x, 3, 1.0, &law), NOON_OK);
	k = noon_cgf_of_law(&law);
	assert_true(near(noon_mean_sf(&k, 5.0, 69.9), 1.0, 0.0));
	assert_true(near(noon_mean_sf(&k, 5.0, 70.0), 0.0, 0.0));
	assert_true(near(noon_mean_isf(&k, 5.0, 0.3), 70.0, 0.0));
	assert_int_equal(noon_mean_test_of(&k, 5.0, 9.0, 0.9, 1.0, 0.0, &t), NOON_OK);
	assert_true(near(t.lambda_ns, 79.0, 0.0) && near(t.p_fa, 0.0, 0.0));
}

static void law_and_parameters_agree(void **state)
{
	struct noon_cgf k;

	(void)state;
	assert_int_equal(noon_law_of_channel(&channel, &law), NOON_OK);
	k = noon_cgf_of_law(&law);
	for (double p = 1e-9; p < 1.0; p *= 10.0) {
		const double a = noon_mean_isf(&paper, 100.0, p);

		assert_true(near(noon_mean_isf(&k, 100.0, p), a, 1.0));
	}
}

static void propagation_only_moves_the_law(void **state)
{
	struct noon_channel far = channel;
	struct noon_cgf k;

	(void)state;
	far.fixed_ns = 2e8;
	k = noon_cgf_of_channel(&far);
	for (double p = 1e-15; p < 1.0; p *= 9.7)
		assert_true(near(noon_mean_isf(&k, 100.0, p) - 2e8, noon_mean_isf(&paper, 100.0, p),
				 1e-4));
}

static void correlation_counts_as_fewer_values(void **state)
{
	struct noon_mean_test a, b;

	(void)state;
	assert_int_equal(noon_mean_test_of(&paper, 100.0, DELTA, P_D, 2.0, 0.0, &a), NOON_OK);
	assert_int_equal(noon_mean_test_of(&paper, 50.0, DELTA, P_D, 1.0, 0.0, &b), NOON_OK);
	assert_true(near(a.lambda_ns, b.lambda_ns, 1e-9) && near(a.p_fa, b.p_fa, 1e-12));
	assert_int_equal(noon_mean_test_of(&paper, 50.0, DELTA, P_D, 1.0, 100.0, &a), NOON_OK);
	assert_true(near(a.lambda_ns, b.lambda_ns - 309.023, 1e-3) && a.p_fa > b.p_fa);
}

static void smallest_batch_is_the_smallest(void **state)
{
	struct noon_mean_test at, less;

	(void)state;
	assert_int_equal(noon_mean_test_size(&paper, DELTA, P_D, 1e-3, 1.0, 0.0, 1000, &at),
			 NOON_OK);
	/* Gaussian: ((3.090 + 3.090) 18.3837 / 10)^2 = 129.1. */
	assert_true(near(at.n, 129.0, 6.0));
	assert_true(at.p_fa <= 1e-3);
	assert_int_equal(noon_mean_test_of(&paper, at.n - 1.0, DELTA, P_D, 1.0, 0.0, &less),
			 NOON_OK);
	assert_true(less.p_fa > 1e-3);
	assert_int_equal(noon_mean_test_size(&paper, DELTA, P_D, 1e-3, 1.0, 0.0, 100, &at),
			 NOON_ERR_NOT_FOUND);
	/* The error of the calibration alone is more than there is room for. */
	assert_int_equal(noon_mean_test_size(&paper, DELTA, P_D, 1e-3, 1.0, 4000.0, 1000000, &at),
			 NOON_ERR_NOT_FOUND);
}

static void impossible_demands_are_refused(void **state)
{
	struct noon_mean_test t = {.n = 77.0};

	(void)state;
	assert_int_equal(noon_mean_test_of(&paper, 0.0, 1.0, 0.9, 1.0, 0.0, &t), NOON_ERR_RANGE);
	assert_int_equal(noon_mean_test_of(&paper, 9.0, 0.0, 0.9, 1.0, 0.0, &t), NOON_ERR_RANGE);
	assert_int_equal(noon_mean_test_of(&paper, 9.0, 1.0, 1.0, 1.0, 0.0, &t), NOON_ERR_RANGE);
	assert_int_equal(noon_mean_test_of(&paper, 9.0, 1.0, (double)NAN, 1.0, 0.0, &t),
			 NOON_ERR_RANGE);
	assert_int_equal(noon_mean_test_of(&paper, 9.0, 1.0, 0.9, 0.5, 0.0, &t), NOON_ERR_RANGE);
	assert_int_equal(noon_mean_test_of(&paper, 9.0, 1.0, 0.9, 1.0, -1.0, &t), NOON_ERR_RANGE);
	assert_int_equal(noon_mean_test_size(&paper, 1.0, 0.9, 0.0, 1.0, 0.0, 9, &t),
			 NOON_ERR_RANGE);
	assert_true(near(t.n, 77.0, 0.0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_quantiles_are_known),
		cmocka_unit_test(threshold_of_the_paper_is_reached),
		cmocka_unit_test(quantile_and_tail_undo_each_other),
		cmocka_unit_test(tail_is_smooth_across_the_mean),
		cmocka_unit_test(ends_of_the_support_are_kept),
		cmocka_unit_test(atom_at_the_bottom_counts_as_found),
		cmocka_unit_test(one_value_only_is_a_step),
		cmocka_unit_test(law_and_parameters_agree),
		cmocka_unit_test(propagation_only_moves_the_law),
		cmocka_unit_test(correlation_counts_as_fewer_values),
		cmocka_unit_test(smallest_batch_is_the_smallest),
		cmocka_unit_test(impossible_demands_are_refused),
	};

	return cmocka_run_group_tests_name("estimate/threshold", tests, set_up, NULL);
}
