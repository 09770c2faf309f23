/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/law/law.h"

#define SAMPLES 20000

static struct noon_law law;
static int64_t samples[SAMPLES];

static bool near(double a, double b, double tolerance)
{
	if (fabs(a - b) <= tolerance)
		return true;
	print_message("# %.12g is not %.12g\n", a, b);
	return false;
}

static double sum_of(void)
{
	double sum = 0.0;

	for (size_t i = 0; i < law.n; i++)
		sum += law.p[i];
	return sum;
}

static double mean_of_cells(void)
{
	double k1, k2;

	(void)noon_law_cgf(&law, 0.0, &k1, &k2);
	return k1;
}

static void few_or_impossible_values_are_refused(void **state)
{
	const int64_t bad[] = {5, -1, 7};

	(void)state;
	law.n = 77;
	assert_int_equal(noon_law_of_samples(bad, 1, 1.0, &law), NOON_ERR_EMPTY);
	assert_int_equal(noon_law_of_samples(bad, 3, 1.0, &law), NOON_ERR_RANGE);
	assert_int_equal(law.n, 77);
}

static void four_values_give_known_numbers(void **state)
{
	const int64_t x[] = {100, 102, 102, 108};

	(void)state;
	assert_int_equal(noon_law_of_samples(x, 4, 1.0, &law), NOON_OK);
	assert_int_equal(law.n, 9);
	assert_int_equal(law.count, 4);
	assert_true(near(law.mean_ns, 103.0, 1e-12));
	assert_true(near(law.sd_ns, sqrt(12.0), 1e-12));
	assert_true(near(law.skewness, 96.0 / 4.0 / 27.0, 1e-12));
	assert_true(near(law.p[0], 0.25, 1e-15) && near(law.p[2], 0.5, 1e-15));
	assert_true(near(law.least_ns, 100.0, 0.0) && near(law.most_ns, 108.0, 0.0));
	assert_true(near(noon_law_cdf(&law, 99.0), 0.0, 0.0));
	assert_true(near(noon_law_cdf(&law, 102.5), 0.75, 1e-12));
	assert_true(near(noon_law_cdf(&law, 102.0), 0.5, 1e-12));
	assert_true(near(noon_law_cdf(&law, 108.0), 1.0, 0.0));
	assert_true(near(noon_law_quantile(&law, 0.5), 102.0, 1e-12));
	assert_true(near(noon_law_quantile(&law, 0.0), 100.0, 0.0));
	assert_true(near(noon_law_quantile(&law, 1.0), 108.0, 0.0));
}

static void equal_values_are_one_cell(void **state)
{
	const int64_t x[] = {5000, 5000, 5000};

	(void)state;
	assert_int_equal(noon_law_of_samples(x, 3, 8.0, &law), NOON_OK);
	assert_int_equal(law.n, 1);
	assert_true(near(law.sd_ns, 0.0, 0.0));
	assert_true(near(noon_law_quantile(&law, 0.3), 5000.0, 0.0));
	assert_true(near(noon_law_cdf(&law, 5000.0), 1.0, 0.0));
}

static void cells_keep_the_mean(void **state)
{
	struct noon_rng rng = noon_rng_seeded(7);

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++)
		samples[i] = 20000000 + (int64_t)(1e6 * noon_rng_unit(&rng));
	assert_int_equal(noon_law_of_samples(samples, SAMPLES, 1.0, &law), NOON_OK);
	assert_true(near(sum_of(), 1.0, 1e-12));
	assert_true(near(mean_of_cells(), law.mean_ns, 1e-3));
	assert_true(near(law.mean_ns, 20500000.0, 1e4));
	assert_true(near(law.skewness, 0.0, 0.05));
}

static void far_values_do_not_coarsen_the_rest(void **state)
{
	struct noon_rng rng = noon_rng_seeded(8);

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++)
		samples[i] = (int64_t)(1e5 * noon_rng_unit(&rng));
	samples[500] = INT64_C(3000000000000);
	samples[900] = INT64_C(7000000000);
	assert_int_equal(noon_law_of_samples(samples, SAMPLES, 1.0, &law), NOON_OK);
	assert_true(law.step_ns < 1000.0);
	assert_true(near(sum_of(), 1.0, 1e-12));
	assert_true(near(law.p[law.n - 1], 2.0 / SAMPLES, 1e-9));
	assert_true(near(law.most_ns, 3e12, 0.0));
	assert_true(near(noon_law_quantile(&law, 0.5), 5e4, 2e3));
	assert_true(noon_law_top_ns(&law) > 9.9e4);
}

/* P(X > x) = (1 + x)^-1.5 in units of 10 us: no variance. */
static void heavy_tails_are_taken(void **state)
{
	struct noon_rng rng = noon_rng_seeded(9);
	double last = -1.0;

	(void)state;
	for (size_t i = 0; i < SAMPLES; i++)
		samples[i] = (int64_t)(1e4 * (pow(1.0 - noon_rng_unit(&rng), -1.0 / 1.5) - 1.0));
	assert_int_equal(noon_law_of_samples(samples, SAMPLES, 1.0, &law), NOON_OK);
	assert_true(near(sum_of(), 1.0, 1e-12));
	assert_true(near(noon_law_quantile(&law, 0.5), 1e4 * (pow(2.0, 1.0 / 1.5) - 1.0), 400.0));
	for (int i = 0; i <= 1000; i++) {
		const double x = noon_law_quantile(&law, i / 1000.0);

		assert_true(x >= last && isfinite(x));
		last = x;
	}
}

static void cumulants_of_two_values_are_known(void **state)
{
	const int64_t x[] = {1000, 1010};
	double k1, k2;

	(void)state;
	assert_int_equal(noon_law_of_samples(x, 2, 1.0, &law), NOON_OK);
	for (double t = -3.0; t <= 3.0; t += 0.25) {
		/* ln of cosh, written so that it does not overflow. */
		const double a = fabs(5.0 * t);
		const double k = a + log1p(exp(-2.0 * a)) - log(2.0);

		assert_true(near(noon_law_cgf(&law, t, &k1, &k2), 1005.0 * t + k, 1e-10));
		assert_true(near(k1, 1005.0 + 5.0 * tanh(5.0 * t), 1e-10));
		assert_true(near(k2, 25.0 * (1.0 - tanh(5.0 * t) * tanh(5.0 * t)), 1e-9));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_or_impossible_values_are_refused),
		cmocka_unit_test(four_values_give_known_numbers),
		cmocka_unit_test(equal_values_are_one_cell),
		cmocka_unit_test(cells_keep_the_mean),
		cmocka_unit_test(far_values_do_not_coarsen_the_rest),
		cmocka_unit_test(heavy_tails_are_taken),
		cmocka_unit_test(cumulants_of_two_values_are_known),
	};

	return cmocka_run_group_tests_name("estimate/law", tests, NULL, NULL);
}
