/* SPDX-License-Identifier: Apache-2.0
 *
 * How far the oscillator may turn, and what holds of it in the long run: raised by what is seen,
 * and not by liars.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "test_recovery_fixture.h"

/* After a jump an oscillator may turn as it likes within the largest rate error. */
static void fresh_exchanges_rest_on_no_wander(void **state)
{
	(void)state;
	conf.wander = conf.holdover = 0.1e-6;
	settled(3);
	jump = NOON_S(40);
	for (int i = 0; i < 24; i++) {
		rate = i % 2 ? 60e-6 : -60e-6;
		run(NOON_S(16));
		assert_true_bound();
	}
	rate = 0.0;
	run(NOON_S(96));
	assert_int_equal(now().state, NOON_STATE_OK);
}

/* The windows of liars ask for any wander: they get none. */
static void a_liar_at_the_return_turns_nothing(void **state)
{
	(void)state;
	settled(3);
	jump = NOON_S(40);
	run(NOON_S(240));
	lie[0] = -NOON_MS(3);
	run(NOON_S(176));
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_false(report().raised);
	assert_true_bound();
	assert_true(llabs(clock_error()) < NOON_US(50));
}

static void an_oscillator_that_turns_further_at_once_is_granted_it(void **state)
{
	(void)state;
	conf.wander = 1e-6;
	settled(3);
	rate = 19e-6;
	while (now().state != NOON_STATE_ALARM && at < NOON_S(4000))
		run(NOON_S(16));
	assert_true_bound();
	run(NOON_S(160));
	assert_int_equal(report().cause, NOON_RECOVERY_WANDER);
	assert_int_equal(seen[NOON_FINDING_WANDER], 1);
	run(NOON_S(320));
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_true(report().raised);
	assert_true(report().wander >= 30e-6 && report().wander < 130e-6);
	/* It may do so again. */
	rate = 0.0;
	for (int i = 0; i < 200; i++) {
		run(NOON_S(16));
		assert_true_bound();
		assert_int_equal(now().state, NOON_STATE_OK);
	}
	assert_int_equal(seen[NOON_FINDING_WANDER], 1);
}

/* One that turns further and further is given room before anything contradicts. */
static void an_oscillator_that_turns_slowly_contradicts_nothing(void **state)
{
	(void)state;
	conf.wander = 1e-6;
	settled(3);
	for (int i = 0; i < 400; i++) {
		rate += 30e-9;
		run(NOON_S(16));
		assert_true_bound();
		assert_int_equal(now().state, NOON_STATE_OK);
	}
	assert_int_equal(seen[NOON_FINDING_INCONSISTENT], 0);
	assert_true(report().raised);
	/* By doublings from 1e-6: 2, 4, 8, 16. */
	assert_in_range(seen[NOON_FINDING_WANDER], 3, 5);
	assert_true(report().wander >= 8e-6 && report().wander <= 33e-6);
}

/* A liar within the budget cannot have the bound widened. */
static void one_liar_turns_nothing(void **state)
{
	(void)state;
	conf.wander = 1e-6;
	settled(3);
	for (int i = 0; i < 400; i++) {
		lie[1] += NOON_US(10) * (i % 100 < 50 ? 1 : -1);
		run(NOON_S(16));
		assert_true_bound();
	}
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_false(report().raised);
	assert_int_equal(seen[NOON_FINDING_WANDER], 0);
}

/* What is seen of the long run is doubled there, and in the wander only where that is smaller. */
static void the_long_run_is_raised_by_itself(void **state)
{
	(void)state;
	settled(1);
	assert_true(report().holdover < 1.1e-6);
	rate = 3e-6;
	run(NOON_S(3200));
	assert_true_bound();
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_true(report().holdover >= 3e-6 && report().holdover < 9e-6);
	assert_false(report().raised);
}

/* What is only assumed once an exchange is overdue makes none come later. */
static void polls_are_as_often_as_the_wander_asks(void **state)
{
	(void)state;
	conf.alert_limit = NOON_MS(1);
	settled(1);
	run(NOON_S(6400));
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_in_range(noon_engine_next_poll(&e, 0), NOON_S(16), NOON_S(40));
}

/* Once exchanges stay out, the bound grows by what the oscillator does in the long run. */
static void holdover_rests_on_the_long_run(void **state)
{
	const noon_freq holdover[2] = {0.0, 1e-6};
	noon_dur grown[2];

	(void)state;
	conf.wander = 7e-6;
	for (int i = 0; i < 2; i++) {
		struct noon_reading a, b;

		conf.holdover = holdover[i];
		settled(1);
		noon_engine_reading(&e, noon_time_add(e.now, NOON_S(1)), &a);
		noon_engine_reading(&e, noon_time_add(e.now, NOON_S(15)), &b);
		assert_in_range(b.bound - a.bound, NOON_US(98), NOON_US(105));
		noon_engine_reading(&e, noon_time_add(e.now, NOON_S(3000)), &a);
		noon_engine_reading(&e, noon_time_add(e.now, NOON_S(4000)), &b);
		grown[i] = b.bound - a.bound;
	}
	assert_in_range(grown[0], NOON_US(7000), NOON_US(7500));
	assert_in_range(grown[1], NOON_US(1000), NOON_US(1500));
}

/* The interval after which an exchange is overdue is that of the exchange: what comes later cannot
 * make the long run begin sooner. */
static void a_liar_does_not_make_the_long_run_begin(void **state)
{
	struct noon_reading before;

	(void)state;
	settled(3);
	before = now();
	assert_true(before.rates_drop_at.ns > at + NOON_S(500));
	lie[2] = NOON_MS(20);
	exchange(2, at, WAY);
	assert_true(now().rates_drop_at.ns > at + NOON_S(500));
	/* 150 s at 3.3 ppm: less than 1 ppm in any span of a poll interval. */
	at += NOON_S(150);
	jump += NOON_US(500);
	assert_true_bound();
}

static void nor_do_exchanges_that_agree_with_nobody(void **state)
{
	struct noon_reading before, after;

	(void)state;
	conf.max_liars = 1;
	settled(3);
	before = now();
	noon_engine_remove_source(&e, 1);
	noon_engine_remove_source(&e, 2);
	exchange(0, at, WAY);
	at += NOON_S(16);
	assert_int_equal(e.vote.outcome, NOON_VOTE_TOO_FEW);
	after = now();
	assert_true(after.rates_drop_at.ns == before.rates_drop_at.ns);
}

/* Fail unless the long run begins no sooner than each source that agrees is overdue, by the
 * interval that was in force with its exchange and by that of now. */
static void assert_long_run_is_late(void)
{
	for (uint32_t i = 0; i < sources; i++) {
		const struct noon_source *s = &e.source[i];
		const noon_dur interval = noon_engine_next_poll(&e, i);

		assert_true(e.cert.holdover_from.ns >= s->cert.holdover_from.ns);
		assert_true(e.cert.holdover_from.ns >=
			    s->last_good.ns + noon_source_overdue(interval));
	}
}

static void the_long_run_begins_where_all_are_overdue(void **state)
{
	const struct noon_declared doubted = {.alarm = true, .delay_only = true};
	noon_dur rare;

	(void)state;
	conf.wander = 7e-6;
	conf.holdover = 0.1e-6;
	start(2);
	for (int i = 0; i < 400; i++) {
		run(NOON_S(16));
		assert_long_run_is_late();
	}
	rare = noon_engine_next_poll(&e, 0);
	/* An alarm has them asked more often from now on. */
	for (uint32_t i = 0; i < 2; i++)
		assert_true(noon_engine_declare(&e, i, &doubted, (noon_time){at}, &out));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	exchange(1, at, WAY);
	assert_true(noon_engine_next_poll(&e, 0) < rare);
	assert_long_run_is_late();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(fresh_exchanges_rest_on_no_wander, set_up),
		cmocka_unit_test_setup(a_liar_at_the_return_turns_nothing, set_up),
		cmocka_unit_test_setup(an_oscillator_that_turns_further_at_once_is_granted_it,
				       set_up),
		cmocka_unit_test_setup(an_oscillator_that_turns_slowly_contradicts_nothing, set_up),
		cmocka_unit_test_setup(one_liar_turns_nothing, set_up),
		cmocka_unit_test_setup(holdover_rests_on_the_long_run, set_up),
		cmocka_unit_test_setup(the_long_run_begins_where_all_are_overdue, set_up),
		cmocka_unit_test_setup(the_long_run_is_raised_by_itself, set_up),
		cmocka_unit_test_setup(polls_are_as_often_as_the_wander_asks, set_up),
		cmocka_unit_test_setup(a_liar_does_not_make_the_long_run_begin, set_up),
		cmocka_unit_test_setup(nor_do_exchanges_that_agree_with_nobody, set_up),
	};

	return cmocka_run_group_tests_name("engine/recovery_wander", tests, NULL, NULL);
}
