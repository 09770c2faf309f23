/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/clock/leap.h"

/* 2017-01-01 00:00 UTC: the second before it was inserted. */
#define MIDNIGHT INT64_C(1483228800)

static const struct noon_leap_vote none = {NOON_LEAP_NONE, false};
static const struct noon_leap_vote insert = {NOON_LEAP_INSERT, false};
static const struct noon_leap_vote delete = {NOON_LEAP_DELETE, false};
static const struct noon_leap_vote disputed = {NOON_LEAP_NONE, true};

static struct noon_leap_plan p;

static noon_time at(double s)
{
	return noon_time_add((noon_time){MIDNIGHT * NOON_NS_PER_SEC}, noon_dur_from_s(s));
}

static struct noon_interval span(double a, double b)
{
	return (struct noon_interval){at(a).ns, at(b).ns};
}

static void announce(const struct noon_leap_vote *v, double a, double b)
{
	const struct noon_leap_list list = NOON_LEAP_LIST_NONE;

	noon_leap_plan_announce(&p, v, &list, span(a, b));
}

static enum noon_leap_act take(double earliest, noon_dur *ret)
{
	return noon_leap_plan_take(&p, at(earliest), ret);
}

static void an_inserted_second_is_taken_once_when_it_is_certain(void **state)
{
	noon_dur shift = 7;

	(void)state;
	noon_leap_plan_init(&p);
	assert_int_equal(take(10, &shift), NOON_LEAP_ACT_NONE);
	announce(&insert, -3600, -3599);
	assert_int_equal(take(-0.001, &shift), NOON_LEAP_ACT_NONE);
	assert_int_equal(shift, 7);
	/* It may have come: nobody can take it back any more. */
	announce(&none, -0.01, 0.01);
	assert_int_equal(take(0, &shift), NOON_LEAP_ACT_SHIFT);
	assert_true(shift == -NOON_S(1));
	/* The count is back at 23:59:59, and servers still announce. */
	announce(&insert, -0.998, -0.99);
	assert_int_equal(take(0.001, &shift), NOON_LEAP_ACT_NONE);
	announce(&insert, 5, 5);
	assert_int_equal(take(86400 + 5, &shift), NOON_LEAP_ACT_NONE);
}

static void a_deleted_second_is_left_out(void **state)
{
	noon_dur shift = 0;

	(void)state;
	noon_leap_plan_init(&p);
	announce(&delete, -100, -99);
	assert_int_equal(take(-1.01, &shift), NOON_LEAP_ACT_NONE);
	assert_int_equal(take(-1, &shift), NOON_LEAP_ACT_SHIFT);
	assert_true(shift == NOON_S(1));
}

static void announcements_on_other_days_or_taken_back_do_nothing(void **state)
{
	noon_dur shift = 0;

	(void)state;
	noon_leap_plan_init(&p);
	announce(&insert, -86400 - 100, -86400 - 99);
	assert_int_equal(take(-86399, &shift), NOON_LEAP_ACT_NONE);
	announce(&insert, -100, -99);
	announce(&none, -50, -49);
	assert_int_equal(take(1, &shift), NOON_LEAP_ACT_NONE);
}

/* A day begins at its midnight before 1970, too. */
static void midnights_before_the_epoch_are_found(void **state)
{
	const struct noon_leap_list list = NOON_LEAP_LIST_NONE;
	noon_dur shift = 0;

	(void)state;
	noon_leap_plan_init(&p);
	noon_leap_plan_announce(&p, &insert, &list,
				(struct noon_interval){-NOON_S(100), -NOON_S(99)});
	assert_int_equal(noon_leap_plan_take(&p, (noon_time){-1}, &shift), NOON_LEAP_ACT_NONE);
	assert_int_equal(noon_leap_plan_take(&p, (noon_time){0}, &shift), NOON_LEAP_ACT_SHIFT);
}

static void a_disputed_one_makes_what_was_measured_worthless(void **state)
{
	struct noon_interval utc = span(-1.2, -1.1);
	noon_dur shift = 7;

	(void)state;
	noon_leap_plan_init(&p);
	announce(&disputed, -100, -99);
	assert_false(noon_leap_plan_cover(&p, &utc));
	utc = span(-1.2, -1);
	assert_true(noon_leap_plan_cover(&p, &utc));
	assert_true(utc.lo == at(-2.2).ns && utc.hi == at(0).ns);
	assert_int_equal(take(0.999, &shift), NOON_LEAP_ACT_NONE);
	assert_int_equal(take(1, &shift), NOON_LEAP_ACT_FORGET);
	assert_int_equal(shift, 7);
	announce(&disputed, 0.1, 0.2);
	assert_int_equal(take(2, &shift), NOON_LEAP_ACT_NONE);
}

static void the_list_decides_until_it_expires(void **state)
{
	struct noon_leap_list list = {at(1), NOON_TIME_NEVER, 0};
	noon_dur shift = 0;

	(void)state;
	noon_leap_plan_init(&p);
	noon_leap_plan_announce(&p, &insert, &list, span(-100, -99));
	assert_int_equal(take(1, &shift), NOON_LEAP_ACT_NONE);
	noon_leap_plan_announce(&p, &disputed, &list, span(-100, -99));
	assert_int_equal(take(1, &shift), NOON_LEAP_ACT_NONE);
	/* It has to reach beyond the midnight. */
	list.until = at(0);
	noon_leap_plan_announce(&p, &insert, &list, span(-100, -99));
	assert_int_equal(take(1, &shift), NOON_LEAP_ACT_SHIFT);

	noon_leap_plan_init(&p);
	list = (struct noon_leap_list){at(1), at(0), NOON_S(1)};
	noon_leap_plan_announce(&p, &none, &list, span(-100, -99));
	assert_int_equal(take(-1, &shift), NOON_LEAP_ACT_SHIFT);
	assert_true(shift == NOON_S(1));
}

static void the_list_speaks_of_months(void **state)
{
	const struct noon_leap_list list = {at(86400.0 * 40), at(0), -NOON_S(1)};
	bool known = false;

	(void)state;
	assert_true(noon_leap_list_month(&list, at(-86400.0 * 30), &known) == -NOON_S(1));
	assert_true(known);
	assert_int_equal(noon_leap_list_month(&list, at(-86400.0 * 31 - 1), &known), 0);
	assert_true(known);
	assert_int_equal(noon_leap_list_month(&list, at(0), &known), 0);
	assert_true(known);
	assert_int_equal(noon_leap_list_month(&list, at(86400.0 * 32), &known), 0);
	assert_false(known);
}

/* UTC before an inserted second is in [lo, hi], after it in [lo - 1, hi - 1]. */
static void a_reading_covers_both_counts(void **state)
{
	static const struct {
		double lo, hi;
		bool covers;
		double least, most;
	} inserted[] =
		{
			{-0.3, -0.001, false, -0.3, -0.001}, {-0.3, 0, true, -1, 0},
			{-0.3, 0.2, true, -1, 0.2},	     {-1.5, 0.2, true, -1.5, 0.2},
			{0.1, 0.2, true, -0.9, 0.2},
		},
	  deleted[] = {
		  {-1.3, -1.001, false, -1.3, -1.001},
		  {-1.3, -1, true, -1.3, 0},
		  {-0.5, -0.4, true, -0.5, 0.6},
	  };

	(void)state;
	noon_leap_plan_init(&p);
	announce(&insert, -100, -99);
	for (size_t i = 0; i < sizeof(inserted) / sizeof(inserted[0]); i++) {
		struct noon_interval utc = span(inserted[i].lo, inserted[i].hi);

		assert_int_equal(noon_leap_plan_cover(&p, &utc), inserted[i].covers);
		assert_true(utc.lo == at(inserted[i].least).ns &&
			    utc.hi == at(inserted[i].most).ns);
	}
	noon_leap_plan_init(&p);
	announce(&delete, -100, -99);
	for (size_t i = 0; i < sizeof(deleted) / sizeof(deleted[0]); i++) {
		struct noon_interval utc = span(deleted[i].lo, deleted[i].hi);

		assert_int_equal(noon_leap_plan_cover(&p, &utc), deleted[i].covers);
		assert_true(utc.lo == at(deleted[i].least).ns && utc.hi == at(deleted[i].most).ns);
	}
}

static void the_window_holds_both_passes_of_the_second(void **state)
{
	noon_time from = {7};
	noon_time until = {7};
	noon_dur shift;

	(void)state;
	noon_leap_plan_init(&p);
	noon_leap_plan_window(&p, &from, &until);
	assert_true(noon_time_is_never(from));
	announce(&insert, -3600, -3600);
	noon_leap_plan_window(&p, &from, &until);
	assert_true(from.ns == at(-1).ns && noon_time_is_never(until));
	assert_int_equal(take(0, &shift), NOON_LEAP_ACT_SHIFT);
	announce(&none, -0.9, -0.9);
	noon_leap_plan_window(&p, &from, &until);
	assert_true(from.ns == at(-1).ns && until.ns == at(0).ns);
}

static void the_window_of_a_deleted_second_is_that_second(void **state)
{
	noon_time from;
	noon_time until;
	noon_dur shift;

	(void)state;
	noon_leap_plan_init(&p);
	announce(&delete, -3600, -3600);
	noon_leap_plan_window(&p, &from, &until);
	assert_true(from.ns == at(-1).ns && noon_time_is_never(until));
	assert_int_equal(take(-1, &shift), NOON_LEAP_ACT_SHIFT);
	noon_leap_plan_window(&p, &from, &until);
	assert_true(from.ns == at(-1).ns && until.ns == at(0).ns);
}

static void months_begin_at_midnight(void **state)
{
	(void)state;
	assert_true(noon_leap_is_near(at(0), NOON_S(1)));
	assert_true(noon_leap_is_near(at(-1), NOON_S(1)));
	assert_false(noon_leap_is_near(at(-1.001), NOON_S(1)));
	assert_true(noon_leap_is_near(at(0.999), NOON_S(1)));
	assert_false(noon_leap_is_near(at(1.001), NOON_S(1)));
	assert_false(noon_leap_is_near(at(-86400), NOON_S(1)));
	assert_true(noon_leap_is_between(at(-1), at(0)));
	assert_false(noon_leap_is_between(at(0), at(86400)));
	assert_false(noon_leap_is_between(at(0), at(-1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_inserted_second_is_taken_once_when_it_is_certain),
		cmocka_unit_test(a_deleted_second_is_left_out),
		cmocka_unit_test(announcements_on_other_days_or_taken_back_do_nothing),
		cmocka_unit_test(midnights_before_the_epoch_are_found),
		cmocka_unit_test(a_disputed_one_makes_what_was_measured_worthless),
		cmocka_unit_test(the_list_decides_until_it_expires),
		cmocka_unit_test(the_list_speaks_of_months),
		cmocka_unit_test(a_reading_covers_both_counts),
		cmocka_unit_test(the_window_holds_both_passes_of_the_second),
		cmocka_unit_test(the_window_of_a_deleted_second_is_that_second),
		cmocka_unit_test(months_begin_at_midnight),
	};

	return cmocka_run_group_tests_name("engine/leap", tests, NULL, NULL);
}
