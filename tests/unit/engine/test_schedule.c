/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/conf.h"
#include "engine/schedule.h"

static void burst_comes_first(void **state)
{
	const struct noon_source_conf c = noon_source_conf_default();
	struct noon_schedule s;

	(void)state;
	noon_schedule_start(&s, &c);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(noon_schedule_interval(&s, &c, NOON_DUR_MAX), NOON_S(2));
		if (i % 2)
			noon_schedule_miss(&s);
		else
			noon_schedule_adapt(&s, &c, NOON_TREND_OPEN);
	}
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_DUR_MAX), NOON_S(16));
}

static void calm_raises_and_bends_lower_the_interval(void **state)
{
	const struct noon_source_conf c = noon_source_conf_default();
	struct noon_schedule s = {.poll = 4};

	(void)state;
	for (int i = 0; i < 8; i++)
		noon_schedule_adapt(&s, &c, NOON_TREND_STEADY);
	assert_int_equal(s.poll, 5);
	for (int i = 0; i < 1000; i++)
		noon_schedule_adapt(&s, &c, NOON_TREND_STEADY);
	assert_int_equal(s.poll, 10);
	noon_schedule_adapt(&s, &c, NOON_TREND_BENT);
	assert_int_equal(s.poll, 9);
	for (int i = 0; i < 100; i++)
		noon_schedule_adapt(&s, &c, NOON_TREND_BENT);
	assert_int_equal(s.poll, 4);
}

static void room_limits_the_interval(void **state)
{
	const struct noon_source_conf c = noon_source_conf_default();
	const struct noon_schedule s = {.poll = 10};

	(void)state;
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_DUR_MAX), NOON_S(1024));
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_S(400)), NOON_S(100));
	assert_int_equal(noon_schedule_interval(&s, &c, 0), NOON_S(16));
}

static void hurry_goes_back_to_the_start(void **state)
{
	const struct noon_source_conf c = noon_source_conf_default();
	struct noon_schedule s = {.poll = 10};

	(void)state;
	noon_schedule_hurry(&s, &c);
	assert_int_equal(s.poll, 4);
	assert_int_equal(s.burst_left, 4);
}

static void polls_below_a_second_exist(void **state)
{
	struct noon_source_conf c = noon_source_conf_default();
	const struct noon_schedule s = {.poll = -4};

	(void)state;
	c.poll_min = -4;
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_DUR_MAX), 62500000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_comes_first),
		cmocka_unit_test(calm_raises_and_bends_lower_the_interval),
		cmocka_unit_test(room_limits_the_interval),
		cmocka_unit_test(hurry_goes_back_to_the_start),
		cmocka_unit_test(polls_below_a_second_exist),
	};

	return cmocka_run_group_tests_name("engine/schedule", tests, NULL, NULL);
}
