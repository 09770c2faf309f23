/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/leap.h"

/* 2017-01-01 00:00 UTC: the second before it was inserted. */
#define MIDNIGHT INT64_C(1483228800)

static noon_time at(double s)
{
	return noon_time_add((noon_time){MIDNIGHT * NOON_NS_PER_SEC}, noon_dur_from_s(s));
}

static void an_inserted_second_is_taken_once_at_midnight(void **state)
{
	struct noon_leap_watch w;
	noon_dur shift = 7;

	(void)state;
	noon_leap_watch_init(&w);
	assert_false(noon_leap_watch_take(&w, at(10), &shift));
	noon_leap_watch_announce(&w, NOON_LEAP_INSERT, at(-3600));
	assert_false(noon_leap_watch_take(&w, at(-0.001), &shift));
	assert_true(noon_leap_watch_take(&w, at(0.002), &shift));
	assert_true(shift == -NOON_S(1));
	/* The count is back at 23:59:59, and servers still announce. */
	noon_leap_watch_announce(&w, NOON_LEAP_INSERT, at(-0.998));
	assert_false(noon_leap_watch_take(&w, at(0.001), &shift));
	noon_leap_watch_announce(&w, NOON_LEAP_INSERT, at(5));
	assert_false(noon_leap_watch_take(&w, at(86400 + 5), &shift));
}

static void a_deleted_second_is_left_out(void **state)
{
	struct noon_leap_watch w;
	noon_dur shift = 0;

	(void)state;
	noon_leap_watch_init(&w);
	noon_leap_watch_announce(&w, NOON_LEAP_DELETE, at(-100));
	assert_false(noon_leap_watch_take(&w, at(-1.01), &shift));
	assert_true(noon_leap_watch_take(&w, at(-0.99), &shift));
	assert_true(shift == NOON_S(1));
}

static void announcements_on_other_days_or_taken_back_do_nothing(void **state)
{
	struct noon_leap_watch w;
	noon_dur shift = 0;

	(void)state;
	noon_leap_watch_init(&w);
	noon_leap_watch_announce(&w, NOON_LEAP_INSERT, at(-86400 - 100));
	assert_false(noon_leap_watch_take(&w, at(-86399), &shift));
	noon_leap_watch_announce(&w, NOON_LEAP_INSERT, at(-100));
	noon_leap_watch_announce(&w, NOON_LEAP_NONE, at(-50));
	assert_false(noon_leap_watch_take(&w, at(1), &shift));
	noon_leap_watch_announce(&w, NOON_LEAP_UNKNOWN, at(-50));
	assert_false(noon_leap_watch_take(&w, at(1), &shift));
}

/* A day begins at its midnight before 1970, too. */
static void midnights_before_the_epoch_are_found(void **state)
{
	struct noon_leap_watch w;
	noon_dur shift = 0;

	(void)state;
	noon_leap_watch_init(&w);
	noon_leap_watch_announce(&w, NOON_LEAP_INSERT, (noon_time){-NOON_S(100)});
	assert_false(noon_leap_watch_take(&w, (noon_time){-1}, &shift));
	assert_true(noon_leap_watch_take(&w, (noon_time){0}, &shift));
}

static void the_window_holds_both_passes_of_the_second(void **state)
{
	struct noon_leap_watch w;
	noon_time from = {7};
	noon_time until = {7};
	noon_dur shift;

	(void)state;
	noon_leap_watch_init(&w);
	noon_leap_watch_window(&w, &from, &until);
	assert_true(noon_time_is_never(from));
	noon_leap_watch_announce(&w, NOON_LEAP_INSERT, at(-3600));
	noon_leap_watch_window(&w, &from, &until);
	assert_true(from.ns == at(-1).ns && noon_time_is_never(until));
	assert_true(noon_leap_watch_take(&w, at(0), &shift));
	noon_leap_watch_announce(&w, NOON_LEAP_NONE, at(-0.9));
	noon_leap_watch_window(&w, &from, &until);
	assert_true(from.ns == at(-1).ns && until.ns == at(0).ns);
}

static void the_window_of_a_deleted_second_is_that_second(void **state)
{
	struct noon_leap_watch w;
	noon_time from;
	noon_time until;
	noon_dur shift;

	(void)state;
	noon_leap_watch_init(&w);
	noon_leap_watch_announce(&w, NOON_LEAP_DELETE, at(-3600));
	noon_leap_watch_window(&w, &from, &until);
	assert_true(from.ns == at(-1).ns && noon_time_is_never(until));
	assert_true(noon_leap_watch_take(&w, at(-1), &shift));
	noon_leap_watch_window(&w, &from, &until);
	assert_true(from.ns == at(-1).ns && until.ns == at(0).ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_inserted_second_is_taken_once_at_midnight),
		cmocka_unit_test(a_deleted_second_is_left_out),
		cmocka_unit_test(announcements_on_other_days_or_taken_back_do_nothing),
		cmocka_unit_test(midnights_before_the_epoch_are_found),
		cmocka_unit_test(the_window_holds_both_passes_of_the_second),
		cmocka_unit_test(the_window_of_a_deleted_second_is_that_second),
	};

	return cmocka_run_group_tests_name("daemon/leap", tests, NULL, NULL);
}
