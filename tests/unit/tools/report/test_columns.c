/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tools/report/columns.h"

#define MANY 100000

static void assert_near(double a, double b, double most)
{
	if (!(fabs(a - b) <= most))
		fail_msg("%.12g is not within %.3g of %.12g", a, most, b);
}

static double offset(const struct noon_calibration_sample *s)
{
	return noon_calibration_offset(&s->s);
}

/* Sample i, a millisecond after the one before it, is off by i us; every 1000th by 1 s. */
static struct noon_calibration_sample *samples(size_t n)
{
	struct noon_calibration_sample *s = calloc(n, sizeof(*s));

	assert_non_null(s);
	for (size_t i = 0; i < n; i++) {
		const noon_dur off = i % 1000 == 500 ? NOON_S(1) : NOON_US((noon_dur)i);
		const noon_time t = {NOON_MS((noon_dur)i)};

		s[i].s = (struct noon_stamped){t, t, noon_time_add(t, off), noon_time_add(t, off)};
	}
	return s;
}

static void few_samples_are_columns_themselves(void **state)
{
	struct noon_calibration_sample *s = samples(3);
	struct noon_columns c;

	(void)state;
	assert_int_equal(noon_columns(s, 3, offset, &c), NOON_OK);
	assert_true(c.whole);
	assert_int_equal(c.n, 3);
	assert_near(c.at[2], 2e-3, 1e-12);
	assert_near(c.middle[2], 2e-6, 1e-12);
	noon_columns_scale(&c, 1e3, 1e-6, 1e6);
	assert_near(c.at[2], 2, 1e-9);
	assert_near(c.most[2], 1, 1e-9);
	noon_columns_fini(&c);
	free(s);
}

static void many_are_gathered(void **state)
{
	struct noon_calibration_sample *s = samples(MANY);
	struct noon_columns c;
	double low, high;

	(void)state;
	assert_int_equal(noon_columns(s, MANY, offset, &c), NOON_OK);
	assert_false(c.whole);
	assert_int_equal(c.n, NOON_COLUMNS_MAX);
	for (size_t i = 0; i < c.n; i++) {
		const double want = c.at[i] / 1e3; /* 1 us each ms */

		assert_near(c.middle[i], want, 2e-6);
		assert_true(c.least[i] <= c.middle[i] && c.middle[i] <= c.most[i]);
	}
	noon_columns_range(&c, &low, &high);
	assert_true(low < 0.001 && high > 0.099);
	noon_columns_fini(&c);
	free(s);
}

/* One outlier of a second must not press the rest into a line. */
static void range_leaves_outliers_out(void **state)
{
	struct noon_calibration_sample *s = samples(700);
	struct noon_columns c;
	double low, high;

	(void)state;
	assert_int_equal(noon_columns(s, 700, offset, &c), NOON_OK);
	noon_columns_range(&c, &low, &high);
	assert_true(low <= 7e-6 && high >= 690e-6 && high < 1e-2);
	noon_columns_fini(&c);
	free(s);
}

static void samples_at_one_instant_are_one_column(void **state)
{
	struct noon_calibration_sample *s = calloc(1000, sizeof(*s));
	struct noon_columns c;
	double low, high;

	(void)state;
	assert_non_null(s);
	assert_int_equal(noon_columns(s, 1000, offset, &c), NOON_OK);
	assert_int_equal(c.n, 1);
	noon_columns_range(&c, &low, &high);
	assert_true(low < high);
	noon_columns_fini(&c);
	assert_int_equal(noon_columns(s, 0, offset, &c), NOON_OK);
	assert_int_equal(c.n, 0);
	noon_columns_range(&c, &low, &high);
	assert_true(low < high);
	noon_columns_fini(&c);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_samples_are_columns_themselves),
		cmocka_unit_test(many_are_gathered),
		cmocka_unit_test(range_leaves_outliers_out),
		cmocka_unit_test(samples_at_one_instant_are_one_column),
	};

	return cmocka_run_group_tests_name("tools/columns", tests, NULL, NULL);
}
