/* SPDX-License-Identifier: Apache-2.0
 *
 * The paper's seeker: its conditions, its test, and what it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/aead.h"
#include "sim/seeker.h"
#include "sim/world.h"

#define LIMIT NOON_MS(1)

static struct noon_scenario s;

/* 150 km of vacuum, 500 us, and nothing random. */
static int make(void **state)
{
	(void)state;
	noon_scenario_init(&s);
	s.duration = NOON_S(200);
	s.node[0] = s.node[1] = noon_sim_node_default();
	s.node[0].server = true;
	s.node[1].client = true;
	s.node[1].engine.alert_limit = LIMIT;
	s.nodes = 2;
	s.path[0] = noon_sim_path_default();
	s.path[0].client = 1;
	for (int dir = 0; dir < 2; dir++) {
		s.path[0].link[dir] = noon_net_link_conf_default();
		s.path[0].link[dir].length_m = 149896.229;
		s.path[0].link[dir].velocity = 1.0;
	}
	s.paths = 1;
	s.seeker[0] = noon_sim_seeker_default();
	s.seeker[0].model[0] = s.seeker[0].model[1] = NOON_US(500);
	s.seeker[0].threshold = LIMIT / 2;
	s.seekers = 1;
	s.attack[0] = noon_sim_attack_default();
	s.attack[0].direction = NOON_SIM_REVERSE;
	s.attack[0].from = NOON_S(100);
	s.attacks = 0;
	return 0;
}

static struct noon_sim_paper run(void)
{
	struct noon_world *w = NULL;
	struct noon_sim_paper p;

	assert_int_equal(noon_world_new(&s, 1, &w), NOON_OK);
	noon_world_run(w, s.duration);
	p = noon_world_total(w).paper;
	noon_world_free(w);
	return p;
}

static void assert_met(bool one, bool two, bool three)
{
	const bool want[3] = {one, two, three};
	const struct noon_sim_compliance c = noon_sim_seeker_compliance(&s, 0);

	for (int i = 0; i < 3; i++) {
		assert_int_equal(c.met[i], want[i]);
		assert_true((c.why[i] == NULL) == want[i]);
	}
}

static void conditions_follow_from_what_is_assumed(void **state)
{
	(void)state;
	assert_met(true, true, true);
	s.seeker[0].predictable = true;
	assert_met(false, true, true);
	s.seeker[0].predictable = false;
	/* Light takes 500 us: the limit on top is the most that may be assumed. */
	s.seeker[0].model[0] = NOON_US(1499);
	assert_met(true, true, true);
	s.seeker[0].model[0] = NOON_US(1501);
	assert_met(true, false, true);
	s.seeker[0].model[0] = NOON_US(500);
	s.seeker[0].threshold = LIMIT - 1;
	assert_met(true, true, true);
	s.seeker[0].threshold = LIMIT;
	assert_met(true, true, false);
	s.seeker[0].threshold = 0;
	s.seeker[0].listens = true;
	assert_met(true, true, false);
	s.seeker[0].model[0] = NOON_MS(9); /* not used by one that listens */
	assert_met(true, true, false);
	s.seeker[0].model[1] = NOON_MS(9);
	assert_met(true, false, false);
}

static void without_an_attack_it_is_right(void **state)
{
	struct noon_sim_paper p;

	(void)state;
	for (int way = 0; way < 2; way++) {
		s.seeker[0].listens = way == 1;
		p = run();
		assert_int_equal(p.exchanges, 199);
		assert_true(p.max_err < 10.0 && p.max_rtt < 10.0);
		assert_int_equal(p.declared + p.compromised + p.undetected + p.forged, 0);
	}
}

static void a_delay_is_the_error_and_is_declared_by_the_test_alone(void **state)
{
	struct noon_sim_paper p;

	(void)state;
	s.attacks = 1;
	s.attack[0].kind = NOON_ATTACK_DELAY;
	s.attack[0].delay = LIMIT + NOON_US(5);
	p = run();
	assert_in_range((int64_t)p.end_err, LIMIT + 4990, LIMIT + 5010);
	assert_in_range((int64_t)p.max_rtt, LIMIT + 4990, LIMIT + 5010);
	assert_true(p.compromised > 95 && p.undetected == 0 && p.declared == p.compromised);
	/* A threshold that has to be above the limit finds nothing. */
	s.seeker[0].threshold = LIMIT + NOON_US(100);
	p = run();
	assert_true(p.compromised > 95 && p.undetected == p.compromised && p.declared == 0);
	/* Below the limit it is no compromise. */
	s.attack[0].delay = LIMIT - NOON_US(5);
	p = run();
	assert_int_equal(p.compromised, 0);
	/* One that listens has no test. */
	s.attack[0].delay = NOON_S(1);
	s.seeker[0].listens = true;
	p = run();
	assert_true(p.undetected > 95 && p.declared == 0);
	assert_in_range((int64_t)p.end_err, NOON_S(1) - 10, NOON_S(1) + 10);
}

static void forgeries_are_refused_unless_it_is_predictable(void **state)
{
	struct noon_sim_paper p;

	(void)state;
	s.attacks = 1;
	s.attack[0].kind = NOON_ATTACK_TAMPER;
	s.attack[0].offset = LIMIT * 2;
	p = run();
	assert_int_equal(p.forged + p.compromised, 0);
	assert_true(p.exchanges < 110);
	s.seeker[0].predictable = true;
	p = run();
	assert_true(p.forged > 90 && p.undetected > 95);
}

/* What is asked is known beforehand: asked earlier, answered earlier, and held back. */
static void a_guess_is_an_error_that_no_round_trip_shows(void **state)
{
	struct noon_sim_paper p;

	(void)state;
	s.attacks = 1;
	s.attack[0].kind = NOON_ATTACK_GUESS;
	s.attack[0].delay = LIMIT * 2;
	s.seeker[0].predictable = true;
	p = run();
	assert_int_equal(p.exchanges, 199);
	assert_true(p.forged > 95 && p.undetected > 95 && p.declared == 0);
	assert_in_range((int64_t)p.end_err, 2 * LIMIT - 10, 2 * LIMIT + 10);
	assert_true(p.max_rtt < 10.0);
	/* It is not left to the queues whose answer comes first. */
	for (int dir = 0; dir < 2; dir++) {
		s.path[0].link[dir].queue = NOON_QUEUE_UNIFORM;
		s.path[0].link[dir].scale_ns = 1e5;
	}
	assert_true(run().forged > 95);
	s.seeker[0].predictable = false;
	p = run();
	assert_int_equal(p.exchanges, 199);
	assert_int_equal(p.forged + p.compromised, 0);
}

/* More than a period before nobody can know what is asked. */
static void a_guess_reaches_back_to_the_last_request_at_most(void **state)
{
	(void)state;
	s.attacks = 1;
	s.attack[0].kind = NOON_ATTACK_GUESS;
	s.attack[0].delay = NOON_S(1);
	s.seeker[0].predictable = true;
	assert_int_equal(run().forged, 0);
	s.attack[0].delay = NOON_MS(999);
	assert_true(run().forged > 95);
}

/* Two that listen, the second on a path of its own, with another client's clock. */
static void make_two(void)
{
	s.node[2] = s.node[1];
	s.nodes = 3;
	s.path[1] = s.path[0];
	s.path[1].client = 2;
	s.paths = 2;
	s.seeker[0].listens = true;
	s.seeker[0].agreement = NOON_US(10);
	s.seeker[1] = s.seeker[0];
	s.seeker[1].path = 1;
	s.seekers = 2;
}

static void those_who_compare_their_clocks_find_who_is_alone(void **state)
{
	struct noon_sim_paper p;

	(void)state;
	make_two();
	assert_int_equal(run().declared, 0);
	s.attacks = 1;
	s.attack[0].kind = NOON_ATTACK_DELAY;
	s.attack[0].delay = LIMIT * 3;
	s.attack[0].client = 1;
	p = run();
	assert_true(p.compromised > 95 && p.undetected == 0);
	assert_int_equal(p.declared, 2 * p.compromised); /* both of them */
	/* Not one that does not take part. */
	s.seeker[1].agreement = 0;
	p = run();
	assert_true(p.undetected > 95 && p.declared == 0);
}

static void they_find_nothing_when_all_are_delayed_alike(void **state)
{
	struct noon_sim_paper p;

	(void)state;
	make_two();
	s.attacks = 1;
	s.attack[0].kind = NOON_ATTACK_DELAY;
	s.attack[0].delay = LIMIT * 3;
	p = run();
	assert_true(p.undetected > 190 && p.declared == 0);
	assert_int_equal(p.noncompliant[2], 2);
}

static int prepare(void **state)
{
	(void)state;
	return noon_aead_global_init() == NOON_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(conditions_follow_from_what_is_assumed, make),
		cmocka_unit_test_setup(without_an_attack_it_is_right, make),
		cmocka_unit_test_setup(a_delay_is_the_error_and_is_declared_by_the_test_alone,
				       make),
		cmocka_unit_test_setup(forgeries_are_refused_unless_it_is_predictable, make),
		cmocka_unit_test_setup(a_guess_is_an_error_that_no_round_trip_shows, make),
		cmocka_unit_test_setup(a_guess_reaches_back_to_the_last_request_at_most, make),
		cmocka_unit_test_setup(those_who_compare_their_clocks_find_who_is_alone, make),
		cmocka_unit_test_setup(they_find_nothing_when_all_are_delayed_alike, make),
	};

	return cmocka_run_group_tests_name("sim/seeker", tests, prepare, NULL);
}
