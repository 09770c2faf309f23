/* SPDX-License-Identifier: Apache-2.0
 *
 * An honest machine whose clock jumped comes back by itself: after how long, and what begins the
 * wait again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "test_recovery_fixture.h"

static void a_lone_source_is_believed_after_a_long_while(void **state)
{
	struct noon_source_report said;

	(void)state;
	settled(1);
	jump = NOON_S(40);
	run(NOON_S(16));
	/* The hull from the first exchange on. */
	assert_true_bound();
	assert_true(now().bound >= NOON_S(40));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_false(now().certain); /* nothing to give to others */
	run(NOON_S(848));
	assert_true_bound();
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_int_equal(seen[NOON_FINDING_JUMPED], 1);
	assert_int_equal(report().cause, NOON_RECOVERY_JUMP);
	assert_true(llabs(report().jump - NOON_S(40)) < NOON_MS(20));
	assert_true(report().left > 0 && report().left <= NOON_S(900));
	/* What it says now, not what it said before. */
	noon_engine_source_report(&e, 0, (noon_time){at}, &said);
	assert_int_equal(said.verdict, NOON_SOURCE_INCONSISTENT);
	assert_true(said.offset > NOON_S(39) && said.lower > NOON_S(39));
	assert_true(said.age < NOON_S(20));
	run(NOON_S(160));
	assert_back();
}

static void zero_forbids_it(void **state)
{
	(void)state;
	conf.readmit_lone_after = 0;
	settled(1);
	jump = NOON_MS(40);
	run(NOON_S(20000));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_true(report().left == NOON_DUR_MAX);
	assert_true_bound();
}

static void three_are_believed_sooner(void **state)
{
	(void)state;
	settled(3);
	jump = -NOON_S(3600);
	run(NOON_S(288));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_true_bound();
	assert_int_equal(report().agreeing, 3);
	run(NOON_S(128));
	assert_back();
}

static void two_of_which_none_may_lie_are_believed(void **state)
{
	(void)state;
	settled(2);
	jump = NOON_S(40);
	run(NOON_S(416));
	assert_back();
}

static void one_that_falls_silent_makes_the_other_a_lone_one(void **state)
{
	(void)state;
	settled(2);
	silent[1] = true;
	jump = NOON_S(40);
	run(NOON_S(800));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	run(NOON_S(200));
	assert_true_bound();
	assert_int_equal(now().state, NOON_STATE_OK);
}

static void without_authentication_it_takes_longer(void **state)
{
	(void)state;
	start(3);
	authenticated = false;
	run(NOON_S(1600));
	jump = NOON_S(40);
	run(NOON_S(800));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	run(NOON_S(216));
	assert_back();
}

static void another_jump_begins_the_wait_again(void **state)
{
	(void)state;
	settled(3);
	jump = NOON_S(40);
	run(NOON_S(240));
	jump += NOON_S(2);
	run(NOON_S(272));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_true_bound();
	run(NOON_S(160));
	assert_back();
}

/* As many as may lie know of another jump first: they are not taken for liars once more do. */
static void another_jump_is_not_a_lie(void **state)
{
	(void)state;
	conf.max_liars = 1;
	settled(3);
	jump = NOON_S(40);
	run(NOON_S(240));
	jump += NOON_S(2);
	silent[2] = true;
	run(NOON_S(64));
	assert_true_bound();
	assert_int_equal(e.recovery.trial.voters & 4, 0);
	silent[2] = false;
	run(NOON_S(208));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_true_bound();
	run(NOON_S(160));
	assert_back();
}

/* The first to know of another jump has its say, and the other is not believed in its place. */
static void another_jump_is_in_the_hull_at_once(void **state)
{
	(void)state;
	conf.readmit_lone_after = NOON_S(100);
	settled(2);
	jump = NOON_S(40);
	run(NOON_S(240));
	jump += NOON_S(20);
	exchange(0, at, WAY);
	assert_true_bound();
	assert_int_equal(now().state, NOON_STATE_ALARM);
	at += NOON_S(16);
	run(NOON_S(272));
	assert_true_bound();
	assert_int_equal(now().state, NOON_STATE_ALARM);
	run(NOON_S(160));
	assert_back();
}

/* An exchange that was under way when the clock jumped proves nothing about what came after. */
static void what_was_under_way_does_not_count(void **state)
{
	(void)state;
	settled(1);
	jump = NOON_MS(300);
	exchange(0, at, WAY);
	/* Left before that one came back; its interval has the jump inside. */
	jump = NOON_MS(100);
	exchange(0, at - NOON_MS(500), NOON_MS(400));
	jump = NOON_MS(300);
	assert_false(e.recovery.recent[0].has);
	assert_true_bound();
	at += NOON_S(16);
	run(NOON_S(1024));
	assert_back();
}

/* A request that was under way when the clock stood still: its round trip seems to have taken no
 * time. That looks like a path faster than light, and is none. */
static void a_round_trip_that_lost_time_is_a_jump(void **state)
{
	struct noon_source_conf source = noon_source_conf_default();
	struct noon_sample x;
	uint32_t index;

	(void)state;
	start(0);
	source.m_f = source.m_r = NOON_US(90);
	assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
	sources = 1;
	run(NOON_S(1600));
	x = (struct noon_sample){
		.t1 = {at},
		.t2 = {at + WAY + theta()},
		.t3 = {at + WAY + theta() + NOON_S(1)},
		.t4 = {at + 2 * WAY},
		.stamp_err = 100,
		.authenticated = true,
	};
	noon_engine_on_sample(&e, &x, x.t4, &out);
	count();
	assert_int_equal(seen[NOON_FINDING_SUPERLUMINAL], 1);
	assert_int_equal(now().state, NOON_STATE_ALARM);
	jump = NOON_S(1);
	at += NOON_S(16);
	run(NOON_S(1024));
	assert_back();
}

/* One that goes on being faster than light never agrees for long enough. */
static void a_source_faster_than_light_is_not_believed(void **state)
{
	struct noon_source_conf source = noon_source_conf_default();
	uint32_t index;

	(void)state;
	start(0);
	source.m_f = source.m_r = NOON_US(90);
	assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
	sources = 1;
	run(NOON_S(1600));
	jump = NOON_MS(5); /* so that its past does not take it back */
	for (int i = 0; i < 40; i++) {
		exchange(0, at, NOON_US(50));
		at += NOON_S(16);
		run(NOON_S(480));
	}
	assert_int_equal(now().state, NOON_STATE_ALARM);
}

/* One source contradicts itself: whether it lies or our clock jumped, the others know. */
static void the_others_are_asked_at_once(void **state)
{
	uint32_t before;

	(void)state;
	settled(3);
	assert_true(noon_engine_next_poll(&e, 1) >= NOON_S(16));
	before = noon_engine_poll_requests(&e);
	jump = NOON_S(40);
	exchange(0, at, WAY);
	assert_int_equal(noon_engine_poll_requests(&e), before + 1);
	assert_true(noon_engine_next_poll(&e, 1) <= NOON_S(2));
	assert_int_equal(now().state, NOON_STATE_OK); /* within the budget */
}

static void an_operator_need_not_wait(void **state)
{
	(void)state;
	settled(3);
	jump = NOON_S(40);
	run(NOON_S(48));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	noon_engine_accept(&e, NOON_SOURCE_NONE, e.now);
	run(NOON_S(64));
	assert_back();
}

static void steps_stay_forbidden_where_they_are(void **state)
{
	(void)state;
	conf.step_at_start = false;
	conf.start.corr0 = THETA;
	settled(3);
	jump = NOON_MS(100);
	run(NOON_S(352));
	assert_int_equal(noon_engine_line(&e).steps, 0);
	run(NOON_S(320));
	assert_back();
}

/* What a path took the long way back proves of an instant before: the clock has run on since. */
static void what_was_just_said_is_carried_to_now(void **state)
{
	(void)state;
	settled(1);
	jump = NOON_S(40);
	rate = 400e-6;
	{
		const noon_dur h = at;
		const struct noon_sample x = {
			.t1 = {h},
			.t2 = {h + WAY + theta()},
			.t3 = {h + WAY + theta()},
			.t4 = {h + NOON_S(2)},
			.stamp_err = 100,
			.authenticated = true,
		};

		noon_engine_on_sample(&e, &x, x.t4, &out);
		at += NOON_S(2);
		jump += noon_dur_scale(NOON_S(2), rate);
	}
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_true_bound();
}

static void a_leap_second_meanwhile_shifts_it_all(void **state)
{
	noon_dur lower;

	(void)state;
	settled(1);
	jump = NOON_S(40);
	run(NOON_S(160));
	lower = now().lower;
	noon_engine_shift(&e, -NOON_S(1));
	jump -= NOON_S(1);
	assert_true_bound();
	run(NOON_S(16));
	assert_true(e.recovery.recent[0].has);		       /* the first one after it counts */
	assert_true(llabs(now().lower - lower) < NOON_MS(20)); /* C was shifted with it */
	run(NOON_S(1024));
	assert_back();
	assert_int_equal(seen[NOON_FINDING_INCONSISTENT], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_lone_source_is_believed_after_a_long_while, set_up),
		cmocka_unit_test_setup(zero_forbids_it, set_up),
		cmocka_unit_test_setup(three_are_believed_sooner, set_up),
		cmocka_unit_test_setup(two_of_which_none_may_lie_are_believed, set_up),
		cmocka_unit_test_setup(one_that_falls_silent_makes_the_other_a_lone_one, set_up),
		cmocka_unit_test_setup(without_authentication_it_takes_longer, set_up),
		cmocka_unit_test_setup(another_jump_begins_the_wait_again, set_up),
		cmocka_unit_test_setup(another_jump_is_not_a_lie, set_up),
		cmocka_unit_test_setup(another_jump_is_in_the_hull_at_once, set_up),
		cmocka_unit_test_setup(what_was_under_way_does_not_count, set_up),
		cmocka_unit_test_setup(a_round_trip_that_lost_time_is_a_jump, set_up),
		cmocka_unit_test_setup(a_source_faster_than_light_is_not_believed, set_up),
		cmocka_unit_test_setup(the_others_are_asked_at_once, set_up),
		cmocka_unit_test_setup(an_operator_need_not_wait, set_up),
		cmocka_unit_test_setup(steps_stay_forbidden_where_they_are, set_up),
		cmocka_unit_test_setup(what_was_just_said_is_carried_to_now, set_up),
		cmocka_unit_test_setup(a_leap_second_meanwhile_shifts_it_all, set_up),
	};

	return cmocka_run_group_tests_name("engine/recovery_jump", tests, NULL, NULL);
}
