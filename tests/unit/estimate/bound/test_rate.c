/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/bound/rate.h"

static void products_round_outward(void **state)
{
	static const struct {
		noon_dur d;
		noon_freq f;
		noon_dur floor, ceil;
	} row[] = {
		{NOON_S(1), 0.0, 0, 0},
		{1, 1e-6, 0, 1},
		{-1, 1e-6, -1, 0},
		{1, -1e-6, -1, 0},
		{3, 0.5, 1, 2},
		{-3, 0.5, -2, -1},
		{INT64_MAX, 2.0, INT64_MAX, INT64_MAX},
		{INT64_MAX, -2.0, INT64_MIN, -INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(noon_scale_floor(row[i].d, row[i].f), row[i].floor);
		assert_int_equal(noon_scale_ceil(row[i].d, row[i].f), row[i].ceil);
	}
	assert_true(noon_scale_floor(NOON_S(1000000), 1e-6) <= NOON_S(1));
	assert_true(noon_scale_floor(NOON_S(1000000), 1e-6) >= NOON_S(1) - 2);
}

static void quotients_round_outward(void **state)
{
	(void)state;
	assert_true(noon_rate_floor(1, 3) < 1.0 / 3.0);
	assert_true(noon_rate_ceil(1, 3) > 1.0 / 3.0);
	assert_true(noon_rate_floor(-1, 3) < -1.0 / 3.0);
	assert_true(noon_rate_ceil(-1, 3) > -1.0 / 3.0);
	assert_true(noon_rate_ceil(1, 3) - noon_rate_floor(1, 3) < 1e-14);
}

static void drift_turns_round_for_the_past(void **state)
{
	const struct noon_rate r = {1e-6, 3e-6};
	const struct noon_interval ahead = noon_rate_drift(r, NOON_S(1));
	const struct noon_interval back = noon_rate_drift(r, -NOON_S(1));

	(void)state;
	assert_in_range(ahead.lo, 998, 1000);
	assert_in_range(ahead.hi, 3000, 3002);
	assert_true(back.lo <= -3000 && back.lo >= -3002);
	assert_true(back.hi >= -1000 && back.hi <= -998);
}

static void rates_meet_and_clamp(void **state)
{
	const struct noon_rate a = noon_rate_within(1e-6);
	const struct noon_rate b = {5e-7, 9e-6};

	(void)state;
	assert_false(noon_rate_is_empty(noon_rate_meet(a, b)));
	assert_true(noon_rate_is_empty(noon_rate_meet(a, (struct noon_rate){2e-6, 3e-6})));
	assert_true(fabs(noon_rate_clamp(a, 5e-6) - 1e-6) < 1e-18);
	assert_true(fabs(noon_rate_clamp(a, -5e-6) + 1e-6) < 1e-18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_round_outward),
		cmocka_unit_test(quotients_round_outward),
		cmocka_unit_test(drift_turns_round_for_the_past),
		cmocka_unit_test(rates_meet_and_clamp),
	};

	return cmocka_run_group_tests_name("estimate/rate", tests, NULL, NULL);
}
