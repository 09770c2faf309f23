/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrology/stability/series.h"
#include "metrology/stability/sum.h"

static bool is(double a, double b)
{
	return fabs(a - b) < 1e-12;
}

static void runs_are_between_gaps(void **state)
{
	const double x[] = {(double)NAN, 1.0, 2.0, (double)NAN, (double)NAN, 3.0};
	const struct noon_series s = {.x = x, .n = 6, .tau0 = 1.0};
	struct noon_run run;

	(void)state;
	assert_true(noon_series_run(&s, 0, &run));
	assert_true(run.first == 1 && run.n == 2);
	assert_true(noon_series_run(&s, 3, &run));
	assert_true(run.first == 5 && run.n == 1);
	assert_false(noon_series_run(&s, 6, &run));
	assert_int_equal(noon_series_samples(&s), 3);
}

static void centre_is_the_first_sample(void **state)
{
	double x[] = {(double)INFINITY, 1e9, 1e9 + 0.5, (double)NAN};

	(void)state;
	assert_true(is(noon_series_centre(x, 4), 1e9));
	assert_true(isnan(x[0]) && is(x[1], 0.0) && is(x[2], 0.5) && isnan(x[3]));
}

static void frequencies_add_up(void **state)
{
	const double y[] = {1.0, 2.0, 6.0};
	double x[4], mean;

	(void)state;
	assert_false(noon_series_from_frequency(y, 3, 0.5, false, x, &mean));
	assert_true(is(mean, 0.0) && is(x[0], 0.0) && is(x[1], 0.5) && is(x[2], 1.5) &&
		    is(x[3], 4.5));
	assert_false(noon_series_from_frequency(y, 3, 0.5, true, x, &mean));
	assert_true(is(mean, 3.0) && is(x[1], -1.0) && is(x[2], -1.5) && is(x[3], 0.0));
}

/* A gap of one value takes the value behind it too: else two runs would touch. */
static void phase_starts_again_after_a_gap(void **state)
{
	const double y[] = {(double)NAN,      1.0, 2.0, (double)NAN, 4.0, 5.0, (double)NAN,
			    (double)INFINITY, 7.0};
	const bool gap[] = {true, false, false, false, true, false, false, true, false, false};
	double x[10], mean;

	(void)state;
	assert_true(noon_series_from_frequency(y, 9, 1.0, false, x, &mean));
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(isnan(x[i]) != 0, gap[i]);
	assert_true(is(x[1], 0.0) && is(x[2], 1.0) && is(x[3], 3.0));
	assert_true(is(x[5], 0.0) && is(x[6], 5.0));
	assert_true(is(x[8], 0.0) && is(x[9], 7.0));
}

static void small_terms_survive_a_large_one(void **state)
{
	struct noon_sum s = {0};

	(void)state;
	noon_sum_add(&s, 1e16);
	for (int i = 0; i < 1000; i++)
		noon_sum_add(&s, 0.5);
	noon_sum_add(&s, -1e16);
	assert_true(is(noon_sum_value(&s), 500.0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_between_gaps),
		cmocka_unit_test(centre_is_the_first_sample),
		cmocka_unit_test(frequencies_add_up),
		cmocka_unit_test(phase_starts_again_after_a_gap),
		cmocka_unit_test(small_terms_survive_a_large_one),
	};

	return cmocka_run_group_tests_name("metrology/stability/series", tests, NULL, NULL);
}
