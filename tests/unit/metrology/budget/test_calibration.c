/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrology/budget/calibration.h"

static void assert_ns(double s, double ns)
{
	if (!(fabs(s * 1e9 - ns) < 1e-3))
		fail_msg("%.12g s is not %.12g ns", s, ns);
}

static struct noon_stamped sample(int64_t tq, int64_t tr, int64_t first, int64_t last)
{
	return (struct noon_stamped){{tq}, {tr}, {first}, {last}};
}

/* A service 1000 ns ahead, 30 ns away, 5 ns from question to answer. */
static void two_stamps_of_the_service_are_taken_off(void **state)
{
	const struct noon_stamped s = sample(100, 165, 1135, 1130);

	(void)state;
	assert_ns(noon_calibration_offset(&s), 1000);
	assert_ns(noon_calibration_rtt(&s), 60);
}

static void of_a_stamp_all_is_round_trip(void **state)
{
	const struct noon_stamped s = sample(100, 165, 1000, 2000);

	(void)state;
	assert_ns(noon_calibration_rtt(&s), 65);
}

/* PTP: Sync leaves at 1100 and arrives at 130, Delay_Req leaves at 500 and arrives at 1530. */
static void answer_may_come_first(void **state)
{
	const struct noon_stamped s = sample(500, 130, 1100, 1530);
	const struct noon_calibration_sample all[2] = {{.s = s},
						       {.s = sample(600, 230, 1200, 1630)}};
	const struct noon_calibration_conf conf = {.two_way = true, .max_rate = 1e-6};
	struct noon_calibration c;
	struct noon_stamped hull[2];
	double scratch[NOON_CALIBRATION_SCRATCH(2, 0)];
	size_t index[4];

	(void)state;
	assert_ns(noon_calibration_offset(&s), 1000);
	assert_ns(noon_calibration_rtt(&s), 60);
	assert_int_equal(noon_calibrate(all, 2, &conf, scratch, index, hull, &c), NOON_OK);
	assert_int_equal(c.begin.ns, 130);
	assert_int_equal(c.end.ns, 600);
	assert_ns(c.x, 1000);
	assert_ns(c.rtt.least, 60);
	assert_false(c.bound.empty);
	assert_true(c.bound.lower <= 1000 && c.bound.upper >= 1000);
}

static void nothing_is_no_campaign(void **state)
{
	const struct noon_calibration_conf conf = {.two_way = true};
	struct noon_calibration c;

	(void)state;
	assert_int_equal(noon_calibrate(NULL, 0, &conf, NULL, NULL, NULL, &c), NOON_ERR_EMPTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_stamps_of_the_service_are_taken_off),
		cmocka_unit_test(of_a_stamp_all_is_round_trip),
		cmocka_unit_test(answer_may_come_first),
		cmocka_unit_test(nothing_is_no_campaign),
	};

	return cmocka_run_group_tests_name("metrology/budget/calibration", tests, NULL, NULL);
}
