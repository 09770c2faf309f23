/* SPDX-License-Identifier: Apache-2.0
 *
 * A machine that is lied to does not come back: which sources count in a recovery, and which do
 * not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "test_recovery_fixture.h"

static void two_of_three_that_lie_alike_are_not(void **state)
{
	(void)state;
	settled(3);
	apart = NOON_S(5);
	lie[0] = lie[1] = NOON_US(700); /* less than the largest rate error in 5 s */
	run(NOON_S(20000));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_int_equal(report().cause, NOON_RECOVERY_SERVERS);
	assert_true(report().left == NOON_DUR_MAX);
	assert_true_bound();
	assert_true(now().bound >= NOON_US(700));
	assert_true(llabs(clock_error()) < NOON_US(100));
}

static void servers_that_disagree_among_themselves_are_not(void **state)
{
	(void)state;
	settled(3);
	lie[0] = NOON_MS(5);
	lie[1] = -NOON_MS(5);
	run(NOON_S(20000));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_int_equal(report().cause, NOON_RECOVERY_SERVERS);
	assert_true_bound();
	assert_true(now().bound >= NOON_MS(5));
}

static void a_liar_who_lied_before_holds_nobody_up(void **state)
{
	(void)state;
	start(3);
	lie[2] = NOON_MS(30);
	run(NOON_S(1600));
	assert_int_equal(now().state, NOON_STATE_OK);
	jump = NOON_S(40);
	run(NOON_S(416));
	assert_true_bound();
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_true(llabs(clock_error()) < NOON_US(50));
}

/* The same, where it is so far away that the jump does not show in what it says. */
static void a_distant_liar_of_old_is_no_witness(void **state)
{
	(void)state;
	start(3);
	lie[2] = NOON_S(10);
	way[2] = NOON_MS(50);
	run(NOON_S(1600));
	assert_int_equal(now().state, NOON_STATE_OK);
	jump = NOON_MS(5);
	run(NOON_S(416));
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_true_bound();
}

static void a_liar_who_changes_his_story_holds_nobody_up(void **state)
{
	(void)state;
	settled(3);
	jump = NOON_S(40);
	for (int i = 0; i < 26; i++) {
		lie[2] = NOON_MS(50) * (i % 3);
		run(NOON_S(16));
		assert_true_bound();
	}
	assert_int_equal(now().state, NOON_STATE_OK);
}

/* Two of four know of another jump just when the wait is over; one of them has only begun to speak.
 */
static void more_that_know_better_than_may_lie_are_heard(void **state)
{
	(void)state;
	settled(4);
	jump = NOON_S(40);
	silent[1] = true;
	run(NOON_S(288));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	jump += NOON_S(20);
	exchange(0, at, WAY); /* one may lie */
	at += NOON_S(32);
	exchange(1, at, WAY);
	assert_true(report().open);
	assert_true_bound();
	silent[1] = false;
	at += NOON_S(16);
	run(NOON_S(272));
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_true_bound();
	run(NOON_S(160));
	assert_back();
}

/* A source that contradicts the others and not itself has its say, too. */
static void the_first_words_of_a_source_are_a_side(void **state)
{
	(void)state;
	start(2);
	silent[1] = true;
	conf.max_liars = 0;
	e.conf.max_liars = 0;
	run(NOON_S(1600));
	jump = NOON_S(40);
	exchange(1, at, WAY);
	assert_int_equal(now().state, NOON_STATE_ALARM);
	assert_true_bound();
	assert_true(now().upper >= NOON_S(39));
}

static void one_that_agrees_with_the_majority_again_is_believed(void **state)
{
	(void)state;
	settled(3);
	lie[2] = NOON_MS(20);
	run(NOON_S(3200));
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_int_equal(e.source[2].verdict, NOON_SOURCE_INCONSISTENT);
	/* Its past was the false one: it cannot agree with it. */
	lie[2] = 0;
	e.source[2].above.active = false;
	e.source[2].window.lo.e[0].theta += NOON_MS(1);
	run(NOON_S(288));
	assert_int_equal(e.source[2].verdict, NOON_SOURCE_INCONSISTENT);
	run(NOON_S(64));
	assert_true(e.source[2].verdict >= NOON_SOURCE_TRUECHIMER);
	assert_int_equal(now().findings, 0);
}

/* It testifies of no past: it never said anything before. */
static void one_who_begins_to_lie_meanwhile_is_no_witness(void **state)
{
	(void)state;
	start(3);
	silent[2] = true;
	run(NOON_S(1600));
	assert_int_equal(now().state, NOON_STATE_OK);
	jump = NOON_S(40);
	run(NOON_S(32));
	silent[2] = false;
	lie[2] = NOON_S(7);
	run(NOON_S(416));
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_true_bound();
}

/* Whoever left everything open before contradicts nothing later, and proves nothing by it. */
static void one_who_said_next_to_nothing_is_no_witness(void **state)
{
	(void)state;
	start(3);
	claim[2] = NOON_S(60);
	run(NOON_S(1600));
	assert_int_equal(now().state, NOON_STATE_OK);
	jump = NOON_S(40);
	claim[2] = 0;
	lie[2] = NOON_S(7);
	run(NOON_S(416));
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_true_bound();
}

/* The same, where it knows by how much the clock jumped, and goes on as before. */
static void one_whom_nobody_believed_before_is_no_witness(void **state)
{
	(void)state;
	start(3);
	lie[2] = NOON_MS(1);
	run(NOON_S(1600));
	assert_int_equal(now().state, NOON_STATE_OK);
	jump = NOON_S(40);
	lie[2] -= jump;
	run(NOON_S(416));
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_true_bound();
}

/* Nothing was agreed before, so there is no past to testify for. */
static void nobody_is_a_witness_of_a_start(void **state)
{
	(void)state;
	start(3);
	exchange(0, at, WAY);
	at += NOON_S(16);
	jump = NOON_S(40);
	lie[2] = -theta(); /* where nothing is known */
	exchange(1, at, WAY);
	assert_true(report().open);
	at += NOON_S(16);
	run(NOON_S(416));
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_true_bound();
}

/* Its word counts in the trial as the others' does. */
static void one_that_is_added_meanwhile_has_a_say(void **state)
{
	struct noon_source_conf source = noon_source_conf_default();
	uint32_t index;

	(void)state;
	settled(1);
	jump = NOON_S(40);
	run(NOON_S(32));
	assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
	sources = 2;
	run(NOON_S(48));
	assert_int_equal(report().agreeing, 2);
	assert_true(report().left < NOON_S(300));
	run(NOON_S(320));
	assert_back();
}

/* An operator believes it; what it says from then on counts. */
static void one_that_is_accepted_meanwhile_has_a_say(void **state)
{
	(void)state;
	settled(3);
	lie[0] = NOON_MS(5);
	lie[1] = -NOON_MS(5);
	run(NOON_S(160));
	assert_int_equal(report().cause, NOON_RECOVERY_SERVERS);
	noon_engine_accept(&e, 0, e.now);
	run(NOON_S(16));
	assert_true(e.recovery.recent[0].on);
	run(NOON_S(160));
	assert_int_equal(report().cause, NOON_RECOVERY_SERVERS);
	assert_true_bound();
	assert_true(now().bound >= NOON_MS(5));
}

/* What a source showed before the contradiction began is past, be it that it was doubted then. */
static void a_suspect_of_old_begins_again_with_the_others(void **state)
{
	(void)state;
	settled(3);
	lie[2] = NOON_MS(20);
	run(NOON_S(160));
	assert_true(e.recovery.recent[2].has);
	jump = NOON_MS(15);
	way[2] = NOON_MS(20); /* so that the jump does not show in what it says */
	exchange(0, at, WAY);
	exchange(1, at + NOON_MS(10), WAY);
	at += NOON_S(16);
	assert_true(report().open);
	assert_false(e.recovery.recent[2].has);
}

/* Those that agreed are gone, and nobody says that the rest will be believed. */
static void what_was_concluded_is_not_told_for_ever(void **state)
{
	(void)state;
	conf.max_liars = 1;
	settled(3);
	jump = NOON_S(40);
	run(NOON_S(48));
	assert_int_equal(report().agreeing, 3);
	assert_true(report().left < NOON_S(300));
	noon_engine_remove_source(&e, 1);
	noon_engine_remove_source(&e, 2);
	sources = 1;
	noon_engine_accept(&e, 0, e.now);
	run(NOON_S(48));
	assert_int_equal(e.vote.outcome, NOON_VOTE_TOO_FEW);
	assert_true(report().open);
	assert_int_equal(report().cause, NOON_RECOVERY_UNKNOWN);
	assert_int_equal(report().agreeing, 0);
	assert_true(report().left == NOON_DUR_MAX);
	assert_true_bound();
}

/* Honest servers are not asked more and more often because one source lies now and then. */
static void a_liar_does_not_have_the_others_asked_for_ever(void **state)
{
	uint32_t before;

	(void)state;
	settled(3);
	before = noon_engine_poll_requests(&e);
	for (int i = 0; i < 100; i++) {
		lie[2] = i % 6 == 0 ? NOON_MS(1) : 0;
		run(NOON_S(16));
		assert_int_equal(now().state, NOON_STATE_OK);
	}
	assert_true(seen[NOON_FINDING_INCONSISTENT] > 10);
	assert_true(noon_engine_poll_requests(&e) - before <= 6);
	assert_true(e.source[0].schedule.poll > 6);
}

/* Nor do their exchanges become old. */
static void nor_are_their_exchanges_old(void **state)
{
	struct noon_reading r;

	(void)state;
	settled(3);
	lie[2] = NOON_MS(20);
	exchange(2, at, WAY);
	noon_engine_reading(&e, noon_time_add(e.now, NOON_S(100)), &r);
	assert_int_equal(r.state, NOON_STATE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_of_three_that_lie_alike_are_not, set_up),
		cmocka_unit_test_setup(servers_that_disagree_among_themselves_are_not, set_up),
		cmocka_unit_test_setup(a_liar_who_lied_before_holds_nobody_up, set_up),
		cmocka_unit_test_setup(a_distant_liar_of_old_is_no_witness, set_up),
		cmocka_unit_test_setup(a_liar_who_changes_his_story_holds_nobody_up, set_up),
		cmocka_unit_test_setup(more_that_know_better_than_may_lie_are_heard, set_up),
		cmocka_unit_test_setup(the_first_words_of_a_source_are_a_side, set_up),
		cmocka_unit_test_setup(one_that_agrees_with_the_majority_again_is_believed, set_up),
		cmocka_unit_test_setup(one_who_begins_to_lie_meanwhile_is_no_witness, set_up),
		cmocka_unit_test_setup(one_who_said_next_to_nothing_is_no_witness, set_up),
		cmocka_unit_test_setup(one_whom_nobody_believed_before_is_no_witness, set_up),
		cmocka_unit_test_setup(nobody_is_a_witness_of_a_start, set_up),
		cmocka_unit_test_setup(one_that_is_added_meanwhile_has_a_say, set_up),
		cmocka_unit_test_setup(one_that_is_accepted_meanwhile_has_a_say, set_up),
		cmocka_unit_test_setup(a_suspect_of_old_begins_again_with_the_others, set_up),
		cmocka_unit_test_setup(what_was_concluded_is_not_told_for_ever, set_up),
		cmocka_unit_test_setup(a_liar_does_not_have_the_others_asked_for_ever, set_up),
		cmocka_unit_test_setup(nor_are_their_exchanges_old, set_up),
	};

	return cmocka_run_group_tests_name("engine/recovery_liar", tests, NULL, NULL);
}
