/* SPDX-License-Identifier: Apache-2.0
 *
 * A machine that is paused, migrated, or whose clock jumps: what its client sees, and what is
 * counted.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/aead.h"
#include "sim/world.h"
#include "sim/world_priv.h"

static struct noon_scenario s;

static int make(void **state)
{
	(void)state;
	noon_scenario_init(&s);
	s.duration = NOON_S(1800);
	s.node[0] = s.node[1] = noon_sim_node_default();
	s.node[0].server = true;
	s.node[1].client = true;
	s.node[1].offset = NOON_MS(20);
	s.nodes = 2;
	s.path[0] = noon_sim_path_default();
	s.path[0].client = 1;
	s.paths = 1;
	s.machine_event[0] = noon_machine_event_default();
	s.machine_event[0].client = 1;
	s.machine_event[0].at = NOON_S(600);
	s.machine_event[0].duration = NOON_S(40);
	s.machine_events = 1;
	return 0;
}

/* What each second showed. */
struct looks {
	double err_ns[4000], h_ns[4000];
	bool seen[4000];
	double bound_ns[4000];
	enum noon_state state[4000];
};

static void note(void *arg, const struct noon_sim_look *look)
{
	struct looks *l = arg;
	const size_t i = (size_t)(look->since / NOON_NS_PER_SEC);

	l->seen[i] = true;
	l->err_ns[i] = look->err_ns;
	l->h_ns[i] = (double)(look->r->h.ns + look->r->corr);
	l->bound_ns[i] = (double)look->r->bound;
	l->state[i] = look->r->state;
}

static struct noon_sim_tally run(struct looks *l)
{
	struct noon_world *w = NULL;
	struct noon_sim_tally t;

	memset(l, 0, sizeof(*l));
	assert_int_equal(noon_world_new(&s, 1, &w), NOON_OK);
	noon_world_watch(w, note, l);
	noon_world_run(w, s.duration);
	t = noon_world_total(w);
	noon_world_free(w);
	return t;
}

static void a_clock_that_stands_still_loses_the_duration(void **state)
{
	static struct looks l;
	const struct noon_sim_tally t = run(&l);

	(void)state;
	assert_true(l.seen[599] && !l.seen[601] && !l.seen[639] && l.seen[641]);
	assert_true(fabs(l.err_ns[599]) < 1e5);
	assert_true(fabs(l.err_ns[641] - 40e9) < 1e5);
	/* It went on where it had stopped. */
	assert_true(fabs(l.h_ns[641] - l.h_ns[599] - 2e9) < 1e5);
	assert_true(t.blind > 0);
	assert_int_equal(t.false_alarms + t.broken[NOON_I6], 0);
	assert_true(t.event_end == NOON_S(640));
}

/* Nothing in the machine runs: it asks nothing, and an answer waits until it does. */
static void nothing_is_executed_meanwhile(void **state)
{
	static struct looks l;
	struct noon_sim_tally t, honest;

	(void)state;
	s.path[0].source.poll_min = s.path[0].source.poll_max = 2;
	s.machine_event[0].runs = true;
	s.machine_event[0].at = NOON_S(600);
	s.machine_event[0].duration = NOON_S(600);
	t = run(&l);
	s.machine_events = 0;
	honest = run(&l);
	/* 600 s of polls are missing, but for those that fall due at its end. */
	assert_true(honest.polls - t.polls >= 140 && honest.polls - t.polls <= 150);
	assert_int_equal(t.violations + t.stale + t.blind, 0);
}

static void a_clock_that_runs_on_keeps_the_bound(void **state)
{
	static struct looks l;
	struct noon_sim_tally t;

	(void)state;
	s.machine_event[0].runs = true;
	t = run(&l);
	assert_true(!l.seen[601] && !l.seen[639]);
	assert_true(fabs(l.err_ns[641]) < 1e5);
	assert_int_equal(t.violations + t.stale + t.blind + t.alarms, 0);
	assert_true(t.ok_again < NOON_S(120) && t.away_err < 1e6);
}

/* A packet that arrives meanwhile is stamped when the machine runs again: a long round trip. */
static void an_answer_waits_in_its_socket(void **state)
{
	static struct looks l;
	const struct noon_sample *last;
	struct noon_sim_tally t;
	struct noon_world *w;

	(void)state;
	/* One request is always under way: the answer takes almost a poll. */
	s.path[0].link[1].delay_ns = 900e6;
	s.path[0].source.poll_min = s.path[0].source.poll_max = 0;
	s.node[1].engine.alert_limit = NOON_S(1);
	s.machine_event[0].runs = true;
	s.machine_event[0].duration = NOON_MS(1500);
	t = run(&l);
	assert_int_equal(t.violations + t.stale + t.blind, 0);
	assert_true(t.samples > 1000);
	assert_int_equal(noon_world_new(&s, 1, &w), NOON_OK);
	noon_world_run(w, NOON_S(600));
	last = &w->node[1].engine->source[0].last;
	assert_true(noon_time_diff(last->t4, last->t1) < NOON_S(1));
	noon_world_run(w, NOON_MS(601510));
	assert_true(noon_time_diff(last->t4, last->t1) >= NOON_MS(1500));
	noon_world_free(w);
	s.machine_event[0].runs = false;
	s.machine_event[0].noticed = true;
	t = run(&l);
	assert_int_equal(t.violations + t.stale + t.blind, 0);
	assert_true(t.ok_again < NOON_S(300));
}

static void one_who_is_told_begins_again(void **state)
{
	static struct looks l;
	struct noon_sim_tally t;

	(void)state;
	s.machine_event[0].noticed = true;
	t = run(&l);
	assert_int_equal(t.findings[NOON_FINDING_DISRUPTED], 1);
	assert_int_equal(t.violations + t.stale + t.blind + t.alarms, 0);
	assert_true(t.ok_again > 0 && t.ok_again < NOON_S(300));
	assert_true(fabs(t.away_err - 40e9) < 1e5);
	assert_true(t.away_longest >= t.ok_again - NOON_S(1));
	assert_true(t.n_after > 800 && t.n_after < 1200 &&
		    sqrt(t.after_sq / (double)t.n_after) < 1e5);
	assert_true(t.end_err < 1e5);
}

static void a_jump_has_its_sign(void **state)
{
	static struct looks l;

	(void)state;
	s.machine_event[0] = (struct noon_machine_event){.kind = NOON_MACHINE_EVENT_JUMP,
							 .client = 1,
							 .at = NOON_S(600) + NOON_MS(500),
							 .jump = NOON_S(-3)};
	(void)run(&l);
	/* h shows less, so that UTC - C is more. */
	assert_true(fabs(l.err_ns[601] - 3e9) < 1e5);
	s.machine_event[0].jump = NOON_S(3);
	(void)run(&l);
	assert_true(fabs(l.err_ns[601] + 3e9) < 1e5);
}

static void a_migrated_machine_has_another_clock(void **state)
{
	static struct looks l;
	struct noon_sim_tally t;

	(void)state;
	s.machine_event[0].kind = NOON_MACHINE_EVENT_MIGRATE;
	s.machine_event[0].duration = NOON_S(2);
	s.machine_event[0].jump = NOON_MS(-300);
	s.machine_event[0].clock = (struct noon_osc_conf){.frequency = 40e-6};
	s.machine_event[0].noticed = true;
	t = run(&l);
	/* 2 s stood still and 300 ms less, until it is set by the first answers */
	assert_true(fabs(t.away_err - 2.3e9) < 1e6);
	assert_true(fabs(t.max_rate - 40e-6) < 1e-9);
	assert_int_equal(t.violations + t.stale + t.blind, 0);
	assert_true(t.ok_again < NOON_S(300) && t.end_err < 1e5);
}

/* Where one of three may lie, one answer that contradicts the past proves nothing. */
static void a_client_is_blind_until_more_answer_than_may_lie(void **state)
{
	static struct looks l;
	uint64_t blind[3];

	(void)state;
	for (uint32_t i = 2; i < 4; i++) {
		s.node[i] = s.node[0];
		s.path[i - 1] = s.path[0];
		s.path[i - 1].server = i;
	}
	s.nodes = 4;
	s.paths = 3;
	for (int liars = 0; liars < 3; liars++) {
		s.node[1].engine.max_liars = liars;
		blind[liars] = run(&l).blind;
	}
	assert_true(blind[0] > 0 && blind[1] > blind[0] && blind[2] > blind[1]);
	s.node[1].engine.max_liars = -1; /* one of three */
	assert_int_equal(run(&l).blind, blind[1]);
}

/* An alarm is a false one before the event, and none in its wake. */
static void alarms_count_as_false_without_a_reason(void **state)
{
	static struct looks l;
	struct noon_sim_tally t;

	(void)state;
	s.node[1].clock.load = 60e-6; /* beyond the wander that is stated */
	s.node[1].clock.load_mean = NOON_S(100);
	s.node[1].clock.load_regular = true;
	s.machine_event[0].at = NOON_S(1700);
	t = run(&l);
	assert_true(t.alarms > 0 && t.false_alarms > 0 && t.broken[NOON_I6] == t.false_alarms);
	s.excursion = true;
	t = run(&l);
	assert_true(t.alarms > 0);
	assert_int_equal(t.false_alarms + t.broken[NOON_I6], 0);
}

static void receivers_of_ptp_go_through_it_too(void **state)
{
	static struct looks l;
	struct noon_sim_tally t;

	(void)state;
	s.path[0].ptp = true;
	s.path[0].source.poll_min = s.path[0].source.poll_max = 0;
	s.machine_event[0].noticed = true;
	t = run(&l);
	assert_int_equal(t.violations + t.stale + t.blind + t.alarms, 0);
	assert_true(t.ok_again < NOON_S(300) && t.end_err < 1e6);
	s.machine_event[0].noticed = false;
	s.machine_event[0].runs = true;
	t = run(&l);
	assert_int_equal(t.violations + t.stale + t.blind + t.alarms, 0);
	assert_true(t.ok_again < NOON_S(300) && t.end_err < 1e6);
}

/* Whoever follows a machine that stands still gets no answer meanwhile, and none that is false
 * afterwards where that machine has noticed. */
static void a_paused_server_answers_later(void **state)
{
	struct noon_sim_tally t;
	struct noon_world *w;

	(void)state;
	s.node[1].server = true;
	s.node[1].stratum = 2;
	s.node[2] = noon_sim_node_default();
	s.node[2].client = true;
	s.node[2].offset = NOON_MS(-5);
	s.nodes = 3;
	s.path[1] = noon_sim_path_default();
	s.path[1].server = 1;
	s.path[1].client = 2;
	s.path[0].source.poll_max = s.path[1].source.poll_max = 4;
	s.paths = 2;
	s.machine_event[0].noticed = true;
	assert_int_equal(noon_world_new(&s, 1, &w), NOON_OK);
	noon_world_run(w, s.duration);
	t = noon_world_tally(w, 2);
	assert_int_equal(t.violations + t.stale + t.blind, 0);
	assert_true(t.misses > 0 && t.samples > 60);
	t = noon_world_tally(w, 1);
	assert_int_equal(t.violations + t.stale + t.blind, 0);
	noon_world_free(w);
}

static void events_repeat(void **state)
{
	struct noon_world *w = NULL;
	uint64_t digest[2];

	(void)state;
	s.path[0].tls = true;
	s.machine_event[0].at = NOON_MS(3); /* amid the handshake */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(noon_world_new(&s, 7, &w), NOON_OK);
		noon_world_run(w, s.duration);
		digest[i] = noon_world_digest(w);
		assert_true(noon_world_total(w).samples > 20);
		noon_world_free(w);
	}
	assert_int_equal(digest[0], digest[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_clock_that_stands_still_loses_the_duration, make),
		cmocka_unit_test_setup(nothing_is_executed_meanwhile, make),
		cmocka_unit_test_setup(a_clock_that_runs_on_keeps_the_bound, make),
		cmocka_unit_test_setup(an_answer_waits_in_its_socket, make),
		cmocka_unit_test_setup(one_who_is_told_begins_again, make),
		cmocka_unit_test_setup(a_jump_has_its_sign, make),
		cmocka_unit_test_setup(a_migrated_machine_has_another_clock, make),
		cmocka_unit_test_setup(a_client_is_blind_until_more_answer_than_may_lie, make),
		cmocka_unit_test_setup(alarms_count_as_false_without_a_reason, make),
		cmocka_unit_test_setup(receivers_of_ptp_go_through_it_too, make),
		cmocka_unit_test_setup(a_paused_server_answers_later, make),
		cmocka_unit_test_setup(events_repeat, make),
	};

	if (noon_aead_global_init())
		return 1;
	return cmocka_run_group_tests_name("sim/machine_event", tests, NULL, NULL);
}
