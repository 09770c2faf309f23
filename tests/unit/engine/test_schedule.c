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

/* Ends of polls that came after `wait` each, as the engine counts them. */
static void count(struct noon_schedule *s, const struct noon_source_conf *c, int n, noon_dur wait)
{
	for (int i = 0; i < n; i++)
		noon_schedule_count(s, c, noon_time_add(s->counted, wait));
}

static void little_room_makes_polls_come_sooner(void **state)
{
	struct noon_source_conf c = noon_source_conf_default();
	struct noon_schedule s = {.poll = 6, .spare = 1};

	(void)state;
	c.poll_min = 6;
	/* As late as leaves time for eight of a burst: 16 s; then a quarter of the time left. */
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_S(100)), NOON_S(64));
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_S(80)), NOON_S(64));
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_S(60)), NOON_S(44));
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_S(20)), NOON_S(5));
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_S(3)), NOON_S(2));
	/* Above the limit there is nothing to be saved. */
	assert_int_equal(noon_schedule_interval(&s, &c, 0), NOON_S(64));
	s.spare = 0;
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_S(20)), NOON_S(64));
	/* Where the interval is shorter than in a burst, it stays. */
	s = (struct noon_schedule){.poll = -2, .spare = 1};
	c.poll_min = -2;
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_MS(100)), NOON_MS(250));
}

static void polls_to_spare_are_counted(void **state)
{
	struct noon_source_conf c = noon_source_conf_default();
	struct noon_schedule s;

	(void)state;
	noon_schedule_start(&s, &c);
	assert_int_equal(s.spare, 8);
	s.counted = (noon_time){0};
	count(&s, &c, 3, NOON_S(2)); /* those of the burst do not count */
	assert_int_equal(s.spare, 8);
	s.burst_left = 0;
	count(&s, &c, 3, NOON_S(2));
	assert_int_equal(s.spare, 5);
	count(&s, &c, 1, NOON_S(15)); /* a little early, as whoever polls may be */
	assert_int_equal(s.spare, 6);
	count(&s, &c, 10, NOON_S(16));
	assert_int_equal(s.spare, 8);
	count(&s, &c, 20, NOON_S(11));
	assert_int_equal(s.spare, 0);
}

static void without_a_burst_nothing_comes_sooner(void **state)
{
	struct noon_source_conf c = noon_source_conf_default();
	struct noon_schedule s;

	(void)state;
	c.burst = 0;
	noon_schedule_start(&s, &c);
	count(&s, &c, 3, NOON_S(60));
	assert_int_equal(s.spare, 0);
	assert_int_equal(noon_schedule_interval(&s, &c, NOON_S(5)), NOON_S(16));
}

static struct noon_outlook outlook(noon_dur room)
{
	return (struct noon_outlook){
		.room = room,
		.left = NOON_US(800),
		.path = NOON_US(400),
		.span = NOON_S(20),
		.wander = 5e-6,
	};
}

static bool lasts(const struct noon_schedule *s, const struct noon_source_conf *c,
		  struct noon_outlook at)
{
	return noon_schedule_lasts(s, c, &at);
}

static void two_polls_are_long_enough(void **state)
{
	struct noon_source_conf c = noon_source_conf_default();
	const struct noon_schedule s = {.poll = 10};

	(void)state;
	assert_true(lasts(&s, &c, outlook(NOON_S(32))));
	assert_false(lasts(&s, &c, outlook(NOON_S(32) - 1)));
	c.poll_min = 6;
	assert_true(lasts(&s, &c, outlook(NOON_S(128))));
	assert_false(lasts(&s, &c, outlook(NOON_S(128) - 1)));
}

static void less_will_do_where_it_grows(void **state)
{
	struct noon_source_conf c = noon_source_conf_default();
	struct noon_schedule s = {.poll = 6, .spare = 8};
	struct noon_outlook at = outlook(NOON_S(20));

	(void)state;
	c.poll_min = 6;
	/* 800 us last 32 s at 25 ppm now, 103 s at 7.8 ppm after 143 s. */
	assert_true(lasts(&s, &c, at));
	s.spare = 4;
	assert_false(lasts(&s, &c, at));
	s.spare = 8;
	/* Eight polls of a burst have to fit. */
	assert_false(lasts(&s, &c, outlook(NOON_S(16) - 1)));
	/* However well the rate is known, 300 us last 60 s. */
	at.left = NOON_US(300);
	assert_false(lasts(&s, &c, at));
	/* The round trip hides the rate for too long. */
	at = outlook(NOON_S(20));
	at.path = NOON_MS(10);
	assert_false(lasts(&s, &c, at));
	/* One poll and what it takes to make up for a lost one, now. */
	s.spare = 4;
	assert_true(lasts(&s, &c, outlook(NOON_S(80))));
	s.spare = 3;
	assert_false(lasts(&s, &c, outlook(NOON_S(80))));
}

static void hurry_goes_back_to_the_start(void **state)
{
	const struct noon_source_conf c = noon_source_conf_default();
	struct noon_schedule s = {.poll = 10};

	(void)state;
	noon_schedule_advance(&s, &c);
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
		cmocka_unit_test(little_room_makes_polls_come_sooner),
		cmocka_unit_test(polls_to_spare_are_counted),
		cmocka_unit_test(without_a_burst_nothing_comes_sooner),
		cmocka_unit_test(two_polls_are_long_enough),
		cmocka_unit_test(less_will_do_where_it_grows),
		cmocka_unit_test(hurry_goes_back_to_the_start),
		cmocka_unit_test(polls_below_a_second_exist),
	};

	return cmocka_run_group_tests_name("engine/schedule", tests, NULL, NULL);
}
