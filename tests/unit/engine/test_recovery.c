/* SPDX-License-Identifier: Apache-2.0
 *
 * An honest machine comes back by itself; one that is lied to does not.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/engine.h"

#define THETA NOON_S(1000000) /* UTC - h at h = 0 */
#define WAY   NOON_US(100)    /* delay each way */

static struct noon_engine e;
static struct noon_actions out;
static struct noon_engine_conf conf;
static noon_dur at;	  /* the next round of exchanges */
static noon_dur jump;	  /* of theta so far: what every honest source adds */
static noon_dur apart;	  /* between the exchanges of two sources in a round */
static noon_dur way[4];	  /* of each source, one way */
static double rate;	  /* of theta from `at` on, beside it */
static noon_dur lie[4];	  /* of each source beside that */
static noon_dur claim[4]; /* error that each states */
static bool silent[4];
static bool authenticated;
static unsigned sources;
static unsigned seen[NOON_FINDING_KINDS];

static void start(unsigned n)
{
	struct noon_source_conf source = noon_source_conf_default();
	uint32_t index;

	source.require_auth = false;
	assert_int_equal(noon_engine_init(&e, &conf), NOON_OK);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
	sources = n;
	at = NOON_S(10);
	jump = 0;
	rate = 0.0;
	authenticated = true;
	apart = NOON_MS(10);
	for (unsigned i = 0; i < 4; i++) {
		lie[i] = 0;
		claim[i] = 0;
		silent[i] = false;
		way[i] = WAY;
	}
	for (unsigned k = 0; k < NOON_FINDING_KINDS; k++)
		seen[k] = 0;
}

static int set_up(void **state)
{
	(void)state;
	conf = noon_engine_conf_default();
	return 0;
}

static noon_dur theta(void)
{
	return THETA + jump;
}

static void count(void)
{
	for (size_t i = 0; i < out.n; i++)
		if (out.a[i].kind == NOON_ACTION_FINDING)
			seen[out.a[i].finding.kind]++;
	noon_actions_reset(&out);
}

/* One exchange of source i that leaves at h; the request and the reply take `one_way` each. */
static void exchange(uint32_t i, noon_dur h, noon_dur one_way)
{
	const struct noon_sample x = {
		.t1 = {h},
		.t2 = {h + one_way + theta() + lie[i]},
		.t3 = {h + one_way + theta() + lie[i]},
		.t4 = {h + 2 * one_way},
		.server_err = claim[i],
		.stamp_err = 100,
		.source = i,
		.authenticated = authenticated,
	};

	noon_engine_on_sample(&e, &x, x.t4, &out);
	count();
}

/* Let time pass: every source is asked each 16 s. */
static void run(noon_dur span)
{
	const noon_dur end = at + span;

	for (; at < end; at += NOON_S(16)) {
		for (uint32_t i = 0; i < sources; i++)
			if (!silent[i])
				exchange(i, at + apart * (noon_dur)i, way[i]);
		jump += noon_dur_scale(NOON_S(16), rate);
	}
}

static struct noon_reading now(void)
{
	struct noon_reading r;

	noon_engine_reading(&e, (noon_time){at}, &r);
	return r;
}

static struct noon_recovery_report report(void)
{
	struct noon_recovery_report r;

	noon_engine_recovery(&e, e.now, &r);
	return r;
}

/* UTC - C. */
static noon_dur error(void)
{
	const struct noon_line line = noon_engine_line(&e);

	return theta() - noon_line_at(&line, (noon_time){at});
}

static void assert_true_bound(void)
{
	const struct noon_reading r = now();

	assert_true(error() >= r.lower && error() <= r.upper);
}

static void assert_back(void)
{
	assert_true_bound();
	assert_int_equal(now().state, NOON_STATE_OK);
	assert_true(now().certain);
	assert_int_equal(now().findings, 0);
	assert_false(report().open);
	assert_true(llabs(error()) < NOON_US(50));
}

static void settled(unsigned n)
{
	start(n);
	run(NOON_S(1600));
	assert_int_equal(now().state, NOON_STATE_OK);
}

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
	assert_true(llabs(error()) < NOON_US(100));
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
	assert_true(llabs(error()) < NOON_US(50));
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
	assert_true(llabs(error()) < NOON_US(50));
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
		cmocka_unit_test_setup(two_of_three_that_lie_alike_are_not, set_up),
		cmocka_unit_test_setup(servers_that_disagree_among_themselves_are_not, set_up),
		cmocka_unit_test_setup(a_liar_who_lied_before_holds_nobody_up, set_up),
		cmocka_unit_test_setup(a_distant_liar_of_old_is_no_witness, set_up),
		cmocka_unit_test_setup(fresh_exchanges_rest_on_no_wander, set_up),
		cmocka_unit_test_setup(a_liar_who_changes_his_story_holds_nobody_up, set_up),
		cmocka_unit_test_setup(a_liar_at_the_return_turns_nothing, set_up),
		cmocka_unit_test_setup(one_that_falls_silent_makes_the_other_a_lone_one, set_up),
		cmocka_unit_test_setup(without_authentication_it_takes_longer, set_up),
		cmocka_unit_test_setup(another_jump_begins_the_wait_again, set_up),
		cmocka_unit_test_setup(another_jump_is_in_the_hull_at_once, set_up),
		cmocka_unit_test_setup(more_that_know_better_than_may_lie_are_heard, set_up),
		cmocka_unit_test_setup(the_first_words_of_a_source_are_a_side, set_up),
		cmocka_unit_test_setup(what_was_under_way_does_not_count, set_up),
		cmocka_unit_test_setup(an_oscillator_that_turns_further_at_once_is_granted_it,
				       set_up),
		cmocka_unit_test_setup(an_oscillator_that_turns_slowly_contradicts_nothing, set_up),
		cmocka_unit_test_setup(one_liar_turns_nothing, set_up),
		cmocka_unit_test_setup(holdover_rests_on_the_long_run, set_up),
		cmocka_unit_test_setup(the_long_run_is_raised_by_itself, set_up),
		cmocka_unit_test_setup(polls_are_as_often_as_the_wander_asks, set_up),
		cmocka_unit_test_setup(a_round_trip_that_lost_time_is_a_jump, set_up),
		cmocka_unit_test_setup(a_source_faster_than_light_is_not_believed, set_up),
		cmocka_unit_test_setup(one_that_agrees_with_the_majority_again_is_believed, set_up),
		cmocka_unit_test_setup(the_others_are_asked_at_once, set_up),
		cmocka_unit_test_setup(an_operator_need_not_wait, set_up),
		cmocka_unit_test_setup(steps_stay_forbidden_where_they_are, set_up),
		cmocka_unit_test_setup(what_was_just_said_is_carried_to_now, set_up),
		cmocka_unit_test_setup(one_who_begins_to_lie_meanwhile_is_no_witness, set_up),
		cmocka_unit_test_setup(one_who_said_next_to_nothing_is_no_witness, set_up),
		cmocka_unit_test_setup(one_whom_nobody_believed_before_is_no_witness, set_up),
		cmocka_unit_test_setup(nobody_is_a_witness_of_a_start, set_up),
		cmocka_unit_test_setup(one_that_is_added_meanwhile_has_a_say, set_up),
		cmocka_unit_test_setup(one_that_is_accepted_meanwhile_has_a_say, set_up),
		cmocka_unit_test_setup(a_suspect_of_old_begins_again_with_the_others, set_up),
		cmocka_unit_test_setup(a_liar_does_not_make_the_long_run_begin, set_up),
		cmocka_unit_test_setup(nor_do_exchanges_that_agree_with_nobody, set_up),
		cmocka_unit_test_setup(what_was_concluded_is_not_told_for_ever, set_up),
		cmocka_unit_test_setup(a_liar_does_not_have_the_others_asked_for_ever, set_up),
		cmocka_unit_test_setup(nor_are_their_exchanges_old, set_up),
		cmocka_unit_test_setup(a_leap_second_meanwhile_shifts_it_all, set_up),
	};

	return cmocka_run_group_tests_name("engine/recovery", tests, NULL, NULL);
}
