/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/law/convolve.h"

static struct noon_convolve work;
static struct noon_law law;
static struct noon_fft fft;
static double x[256], y[256];

static bool near(double a, double b, double tolerance)
{
	if (fabs(a - b) <= tolerance)
		return true;
	print_message("# %.12g is not %.12g\n", a, b);
	return false;
}

static void transform_agrees_with_its_definition(void **state)
{
	struct noon_rng rng = noon_rng_seeded(1);

	(void)state;
	for (size_t n = 4; n <= 256; n *= 2) {
		for (size_t i = 0; i < n; i++)
			x[i] = y[i] = noon_rng_gauss(&rng);
		noon_fft_init(&fft, n);
		noon_fft_forward(&fft, x);
		for (size_t k = 0; k <= n / 2; k++) {
			double re = 0.0, im = 0.0;

			for (size_t j = 0; j < n; j++) {
				const double a = 2.0 * acos(-1.0) * (double)(j * k) / (double)n;

				re += y[j] * cos(a);
				im -= y[j] * sin(a);
			}
			assert_true(near(k == n / 2 ? x[1] : x[2 * k], re, 1e-11));
			if (k > 0 && k < n / 2)
				assert_true(near(x[2 * k + 1], im, 1e-11));
		}
		noon_fft_inverse(&fft, x);
		for (size_t i = 0; i < n; i++)
			assert_true(near(x[i], y[i], 1e-14));
	}
}

/* The demand: thresholds of both ways within 1e-3 us, and 7 digits of the tail at N = 100. */
static void both_ways_to_the_law_agree(void **state)
{
	const unsigned sizes[] = {10, 20, 50, 100, 200, 500, 1000, 10000};
	const struct noon_channel c = noon_channel_default();
	const struct noon_cgf k = noon_cgf_of_channel(&c);

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		struct noon_mean_test a, b;

		assert_int_equal(noon_mean_test_of(&k, sizes[i], 1e4, 0.999, 1.0, 0.0, &a),
				 NOON_OK);
		assert_int_equal(noon_convolve_mean_test(&work, &c, sizes[i], 1e4, 0.999, &b),
				 NOON_OK);
		assert_true(near(a.lambda_ns, b.lambda_ns, sizes[i] >= 20 ? 0.005 : 0.05));
		if (b.p_fa > 0.0)
			assert_true(near(a.p_fa / b.p_fa, 1.0, sizes[i] == 100 ? 2e-7 : 1e-5));
	}
}

static void tails_are_good_down_to_1e_22(void **state)
{
	const struct noon_channel c = noon_channel_default();
	const struct noon_cgf k = noon_cgf_of_channel(&c);

	(void)state;
	for (double p = 1e-1; p > 1e-23; p /= 10.0) {
		const double at = noon_mean_isf(&k, 100.0, p);

		assert_int_equal(noon_convolve_channel(&work, &c, 100, at), NOON_OK);
		assert_true(near(noon_convolve_sf(&work, at) / p, 1.0, 2e-6));
		assert_true(near(noon_convolve_isf(&work, p), at, 0.01));
	}
	for (double p = 1e-1; p > 1e-13; p /= 10.0) {
		const double at = noon_mean_isf(&k, 100.0, 1.0 - p);

		assert_int_equal(noon_convolve_channel(&work, &c, 100, at), NOON_OK);
		assert_false(work.upper);
		assert_true(near(noon_convolve_isf(&work, 1.0 - p), at, 10.0));
	}
}

/* Two routers and one value: the atom at 0, and the closed form of test_channel. */
static void one_value_of_few_routers_is_exact(void **state)
{
	const struct noon_channel c = {1, 0.35, 1542.0, 1e9, 0.0};
	const double p = 0.35, q = 0.65;

	(void)state;
	assert_int_equal(noon_convolve_channel(&work, &c, 1, 6000.0), NOON_OK);
	assert_true(near(noon_convolve_sf(&work, 0.0), 1.0 - p * p, 5e-4));
	assert_true(near(noon_convolve_sf(&work, -1.0), 1.0, 0.0));
	for (double u = 0.05; u < 2.0; u += 0.1) {
		const double one = fmin(u, 1.0);
		const double two = u < 1.0 ? u * u / 2.0 : 1.0 - (2.0 - u) * (2.0 - u) / 2.0;
		const double want = 1.0 - p * p - 2.0 * p * q * one - q * q * two;

		assert_true(near(noon_convolve_sf(&work, u * 12336.0), want, 1e-5));
	}
}

static void idle_atom_decides_the_threshold(void **state)
{
	/* P(RTT = 0) = 0.81 > 1 - P_D: the quantile is 0 itself, the threshold is delta. */
	const struct noon_channel c = {1, 0.9, 1542.0, 1e9, 0.0};
	struct noon_mean_test t;

	(void)state;
	assert_int_equal(noon_convolve_mean_test(&work, &c, 1, 3000.0, 0.999, &t), NOON_OK);
	assert_true(near(t.lambda_ns, 3000.0, 2e-3));
	assert_true(near(t.p_fa, 0.18 * (1.0 - 3000.0 / 12336.0) + 0.01 * (1.0 - 0.0296), 1e-3));
}

static void threshold_beyond_the_law_has_no_false_alarm(void **state)
{
	const struct noon_channel c = {1, 0.5, 1542.0, 1e9, 0.0};
	struct noon_mean_test t;

	(void)state;
	assert_int_equal(noon_convolve_mean_test(&work, &c, 1, 50000.0, 0.999, &t), NOON_OK);
	assert_true(near(t.p_fa, 0.0, 0.0));
}

static void cells_of_a_law_give_the_same(void **state)
{
	const struct noon_channel c = noon_channel_default();
	const struct noon_cgf k = noon_cgf_of_channel(&c);

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	for (double p = 0.5; p > 1e-12; p /= 20.0) {
		const double at = noon_mean_isf(&k, 100.0, p);

		assert_int_equal(noon_convolve_law(&work, &law, 100, at), NOON_OK);
		assert_true(near(noon_convolve_sf(&work, at) / p, 1.0, 1e-3));
	}
}

static void impossible_demands_are_refused(void **state)
{
	struct noon_channel c = noon_channel_default();
	struct noon_mean_test t = {.n = 77.0};

	(void)state;
	assert_int_equal(noon_convolve_channel(&work, &c, 0, 8e4), NOON_ERR_RANGE);
	assert_int_equal(noon_convolve_channel(&work, &c, 4000000, 8e4), NOON_ERR_RANGE);
	assert_int_equal(noon_convolve_channel(&work, &c, 10, -1.0), NOON_ERR_RANGE);
	assert_int_equal(noon_convolve_channel(&work, &c, 10, 3e5), NOON_ERR_RANGE);
	assert_int_equal(noon_convolve_mean_test(&work, &c, 10, 1e4, 1.0, &t), NOON_ERR_RANGE);
	c.p_idle = 1.0;
	assert_int_equal(noon_convolve_mean_test(&work, &c, 10, 1e4, 0.9, &t), NOON_ERR_RANGE);
	assert_true(near(t.n, 77.0, 0.0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(transform_agrees_with_its_definition),
		cmocka_unit_test(both_ways_to_the_law_agree),
		cmocka_unit_test(tails_are_good_down_to_1e_22),
		cmocka_unit_test(one_value_of_few_routers_is_exact),
		cmocka_unit_test(idle_atom_decides_the_threshold),
		cmocka_unit_test(threshold_beyond_the_law_has_no_false_alarm),
		cmocka_unit_test(cells_of_a_law_give_the_same),
		cmocka_unit_test(impossible_demands_are_refused),
	};

	return cmocka_run_group_tests_name("estimate/convolve", tests, NULL, NULL);
}
