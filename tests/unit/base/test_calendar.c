/* SPDX-License-Identifier: Apache-2.0
 *
 * The calendar against the C library's, day by day and at random.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/rng.h"

static void assert_same(int64_t ns)
{
	const struct noon_calendar c = noon_calendar_of((noon_time){ns});
	const int64_t rest = ns % NOON_NS_PER_SEC;
	const time_t s = ns / NOON_NS_PER_SEC - (rest < 0);
	noon_time back = {0};
	struct tm tm;

	assert_non_null(gmtime_r(&s, &tm));
	assert_int_equal(c.year, tm.tm_year + 1900);
	assert_int_equal(c.month, tm.tm_mon + 1);
	assert_int_equal(c.day, tm.tm_mday);
	assert_int_equal(c.hour, tm.tm_hour);
	assert_int_equal(c.minute, tm.tm_min);
	assert_int_equal(c.second, tm.tm_sec);
	assert_int_equal(c.ns, rest < 0 ? rest + NOON_NS_PER_SEC : rest);
	assert_true(noon_calendar_time(&c, &back));
	assert_true(back.ns == ns);
}

static void every_day_is_the_c_librarys(void **state)
{
	(void)state;
	for (int64_t day = -106000; day < 106000; day++)
		assert_same(day * NOON_S_PER_DAY * NOON_NS_PER_SEC + (day % 86400) * 1000);
}

static void random_instants_come_back(void **state)
{
	struct noon_rng rng = noon_rng_seeded(4711);

	(void)state;
	for (int i = 0; i < 100000; i++)
		assert_same((int64_t)noon_rng_u64(&rng));
	assert_same(INT64_MIN);
	assert_same(INT64_MAX);
}

static void the_earliest_and_the_latest_time_have_a_date(void **state)
{
	(void)state;
	const struct noon_calendar first = noon_calendar_of((noon_time){INT64_MIN});
	const struct noon_calendar last = noon_calendar_of((noon_time){INT64_MAX});

	/* 1677-09-21T00:12:43.145224192 and 2262-04-11T23:47:16.854775807 */
	assert_int_equal(first.year, 1677);
	assert_int_equal(first.second, 43);
	assert_int_equal(first.ns, 145224192);
	assert_int_equal(last.year, 2262);
	assert_int_equal(last.second, 16);
	assert_int_equal(last.ns, 854775807);
}

static void impossible_dates_are_refused(void **state)
{
	static const struct noon_calendar bad[] = {
		{.year = 2026, .month = 0, .day = 1},
		{.year = 2026, .month = 13, .day = 1},
		{.year = 2026, .month = 2, .day = 29},
		{.year = 2100, .month = 2, .day = 29},
		{.year = 2026, .month = 4, .day = 31},
		{.year = 2026, .month = 1, .day = 0},
		{.year = 2026, .month = 1, .day = 1, .hour = 24},
		{.year = 2026, .month = 1, .day = 1, .second = 60},
		{.year = 2026, .month = 1, .day = 1, .ns = 1000000000},
		{.year = 2263, .month = 1, .day = 1},
		{.year = 1676, .month = 1, .day = 1},
	};
	noon_time t;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(noon_calendar_time(&bad[i], &t));
}

static void months_begin(void **state)
{
	(void)state;
	assert_true(noon_calendar_is_first(0));
	assert_false(noon_calendar_is_first(1));
	assert_true(noon_calendar_is_first(noon_calendar_days(2024, 3, 1)));
	assert_false(noon_calendar_is_first(noon_calendar_days(2024, 2, 29)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_is_the_c_librarys),
		cmocka_unit_test(random_instants_come_back),
		cmocka_unit_test(the_earliest_and_the_latest_time_have_a_date),
		cmocka_unit_test(impossible_dates_are_refused),
		cmocka_unit_test(months_begin),
	};

	return cmocka_run_group_tests_name("base/calendar", tests, NULL, NULL);
}
