/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"

static void saturates_instead_of_wrapping(void **state)
{
	(void)state;
	assert_true(noon_sat_add(INT64_MAX, 1) == INT64_MAX);
	assert_true(noon_sat_add(INT64_MIN, -1) == INT64_MIN);
	assert_true(noon_sat_sub(INT64_MIN, 1) == INT64_MIN);
	assert_true(noon_sat_sub(INT64_MAX, -1) == INT64_MAX);
	assert_true(noon_sat_sub(0, INT64_MIN) == INT64_MAX);
	assert_true(noon_dur_abs(INT64_MIN) == INT64_MAX);
	assert_true(noon_time_add(NOON_TIME_NEVER, 5).ns == INT64_MAX);
}

static void converts_seconds_both_ways(void **state)
{
	(void)state;
	assert_true(noon_dur_from_s(1.5) == 1500000000);
	assert_true(noon_dur_from_s(-0.25e-9) == 0);
	assert_true(noon_dur_from_s(1e300) == INT64_MAX);
	assert_true(noon_dur_from_s(-1e300) == INT64_MIN);
	assert_true(noon_dur_from_s((double)NAN) == 0);
	assert_true(fabs(noon_dur_to_s(NOON_MS(250)) - 0.25) < 1e-15);
}

static void rounds_bounds_outward(void **state)
{
	(void)state;
	assert_true(noon_dur_scale_out(NOON_S(1), 1e-9) >= 1);
	assert_true(noon_dur_scale_out(1, 1e-6) == 1);
	assert_true(noon_dur_scale_out(-1, 1e-6) == -1);
	assert_true(noon_dur_scale_out(0, 1e-6) == 0);
	assert_true(noon_dur_scale(1, 1e-6) == 0);
	assert_true(noon_dur_scale_out(INT64_MAX, 2.0) == INT64_MAX);
}

static void rounds_to_nearest_like_round(void **state)
{
	static const double f[] = {0.0,		 0.25,	       0.5,	     0.49999999999999994,
				   0.75,	 1.5,	       2.5,	     1e15,
				   0x1p51 + 0.5, 0x1p52 - 0.5, 0x1p52 + 1.0, 0x1p62};

	(void)state;
	for (size_t i = 0; i < sizeof(f) / sizeof(f[0]); i++) {
		assert_true(noon_dur_scale(1, f[i]) == (int64_t)round(f[i]));
		assert_true(noon_dur_scale(-1, f[i]) == (int64_t)round(-f[i]));
	}
	assert_true(noon_dur_scale(1, 1e19) == INT64_MAX);
	assert_true(noon_dur_scale(1, -1e19) == INT64_MIN);
	assert_true(noon_dur_scale(1, (double)NAN) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saturates_instead_of_wrapping),
		cmocka_unit_test(converts_seconds_both_ways),
		cmocka_unit_test(rounds_bounds_outward),
		cmocka_unit_test(rounds_to_nearest_like_round),
	};

	return cmocka_run_group_tests_name("base/time", tests, NULL, NULL);
}
