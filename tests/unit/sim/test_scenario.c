/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/scenario.h"
#include "sim/tally.h"

static struct noon_scenario s;

static int good(void **state)
{
	(void)state;
	noon_scenario_init(&s);
	s.node[0] = s.node[1] = noon_sim_node_default();
	s.node[0].server = true;
	s.node[1].client = true;
	s.nodes = 2;
	s.path[0] = noon_sim_path_default();
	s.path[0].client = 1;
	s.paths = 1;
	s.attack[0] = noon_sim_attack_default();
	s.attacks = 1;
	return 0;
}

static void assert_refused(enum noon_sim_part part, size_t index, const char *word)
{
	struct noon_sim_fault f = {.why = NULL};

	assert_int_equal(noon_scenario_check(&s, &f), NOON_ERR_RANGE);
	assert_int_equal(f.part, part);
	assert_int_equal(f.index, index);
	assert_non_null(strstr(f.why, word));
}

static void a_good_scenario_passes(void **state)
{
	struct noon_sim_fault f;

	(void)state;
	assert_int_equal(noon_scenario_check(&s, &f), NOON_OK);
}

static void a_tunnel_is_of_ptp_alone(void **state)
{
	struct noon_sim_fault f;

	(void)state;
	s.path[0].tunnel = true;
	assert_refused(NOON_SIM_PART_PATH, 0, "tunnel");
	s.path[0].ptp = true;
	s.path[0].source.poll_min = 0;
	assert_refused(NOON_SIM_PART_PATH, 0, "without sa");
	s.path[0].sa = false;
	assert_int_equal(noon_scenario_check(&s, &f), NOON_OK);
	s.path[0].cell = 127;
	assert_refused(NOON_SIM_PART_PATH, 0, "cell");
	s.path[0].cell = 1024;
	assert_int_equal(noon_scenario_check(&s, &f), NOON_OK);
	s.path[0].tunnel = false;
	assert_refused(NOON_SIM_PART_PATH, 0, "cell");
}

static void impossible_parameters_are_named(void **state)
{
	(void)state;
	s.attack[0].until = s.attack[0].from = NOON_S(1);
	assert_refused(NOON_SIM_PART_ATTACK, 0, "until");
	s.path[0].link[1].queue = NOON_QUEUE_PRIORITY;
	assert_refused(NOON_SIM_PART_PATH, 0, "rate");
	s.path[0].link[1].p_idle = 1.5;
	assert_refused(NOON_SIM_PART_PATH, 0, "p-idle");
	s.path[0].link[0].delay_ns = -1.0;
	assert_refused(NOON_SIM_PART_PATH, 0, "delay");
	s.path[0].server = 1;
	assert_refused(NOON_SIM_PART_PATH, 0, "server");
	s.node[1].engine.alert_limit = 1;
	assert_refused(NOON_SIM_PART_NODE, 1, "alert-limit");
	s.node[0].clock.frequency = (double)NAN;
	assert_refused(NOON_SIM_PART_NODE, 0, "frequency");
	s.paths = 0;
	assert_refused(NOON_SIM_PART_TOP, 0, "path");
	s.duration = 0;
	assert_refused(NOON_SIM_PART_TOP, 0, "duration");
}

static void impossible_events_are_named(void **state)
{
	(void)state;
	s.machine_events = 1;
	s.machine_event[0] = noon_machine_event_default();
	s.machine_event[0].at = NOON_S(10);
	s.machine_event[0].duration = NOON_S(5);
	assert_refused(NOON_SIM_PART_MACHINE_EVENT, 0, "client");
	s.machine_event[0].client = 0;
	assert_refused(NOON_SIM_PART_MACHINE_EVENT, 0, "client");
	s.machine_event[0].client = 1;
	s.machine_event[1] = s.machine_event[0];
	s.machine_event[1].at = NOON_S(12);
	s.machine_events = 2;
	assert_refused(NOON_SIM_PART_MACHINE_EVENT, 1, "different times");
	s.machine_event[1].at = s.duration;
	assert_refused(NOON_SIM_PART_MACHINE_EVENT, 1, "duration");
	s.machine_event[1].at = NOON_S(20);
	s.machine_event[1].duration = 0;
	assert_refused(NOON_SIM_PART_MACHINE_EVENT, 1, "duration of a pause");
	s.machine_event[1].kind = NOON_MACHINE_EVENT_JUMP;
	assert_refused(NOON_SIM_PART_MACHINE_EVENT, 1, "jump of a jump");
	s.machine_event[1].jump = NOON_S(-1);
	s.machine_event[1].clock.frequency = 0.5;
	assert_refused(NOON_SIM_PART_MACHINE_EVENT, 1, "frequency-error");
	s.machine_event[0].at = 0;
	assert_refused(NOON_SIM_PART_MACHINE_EVENT, 0, "after the start");
	s.node[1].clock.load = 1e-6;
	assert_refused(NOON_SIM_PART_NODE, 1, "load-interval");
	s.node[1].clock.day = 0.5;
	assert_refused(NOON_SIM_PART_NODE, 1, "day-amplitude");
}

static void alarms_have_a_reason_from_the_first_event_on(void **state)
{
	(void)state;
	assert_true(noon_scenario_machine_event_from(&s, 1) == NOON_DUR_MAX);
	s.machine_event[0] = (struct noon_machine_event){.client = 1, .at = NOON_S(20)};
	s.machine_event[1] = (struct noon_machine_event){.client = 1, .at = NOON_S(10)};
	s.machine_events = 2;
	assert_true(noon_scenario_machine_event_from(&s, 1) == NOON_S(10));
	assert_true(noon_scenario_machine_event_from(&s, 0) == NOON_DUR_MAX);
	s.node[1].server = true; /* of others, who may follow it */
	assert_true(noon_scenario_machine_event_from(&s, 0) == NOON_S(10));
	s.excursion = true;
	assert_true(noon_scenario_machine_event_from(&s, 0) == 0);
}

/* An attack that reads messages of NTP is none on PTP, and only there. */
static void kinds_of_ntp_are_refused_on_ptp(void **state)
{
	struct noon_sim_fault f;

	(void)state;
	s.path[0].ptp = true;
	assert_refused(NOON_SIM_PART_PATH, 0, "minpoll");
	s.path[0].source.poll_min = 1;
	assert_int_equal(noon_scenario_check(&s, &f), NOON_OK);
	s.attack[0].kind = NOON_ATTACK_TAMPER;
	assert_refused(NOON_SIM_PART_ATTACK, 0, "of NTP");
	s.path[1] = s.path[0];
	s.path[1].ptp = false;
	s.node[2] = s.node[0];
	s.node[3] = s.node[1];
	s.path[0].server = 2; /* the attacker is on the other path */
	s.path[0].client = 3;
	s.nodes = 4;
	s.paths = 2;
	s.attack[0].server = 0;
	assert_int_equal(noon_scenario_check(&s, &f), NOON_OK);
	s.attack[0].server = NOON_SIM_NONE;
	assert_refused(NOON_SIM_PART_ATTACK, 0, "of NTP");
}

static void seekers_need_a_path_and_a_test(void **state)
{
	struct noon_sim_fault f;

	(void)state;
	s.seeker[0] = noon_sim_seeker_default();
	s.seekers = 1;
	assert_refused(NOON_SIM_PART_SEEKER, 0, "threshold");
	s.seeker[0].threshold = 1;
	assert_int_equal(noon_scenario_check(&s, &f), NOON_OK);
	s.seeker[0].path = 1;
	assert_refused(NOON_SIM_PART_SEEKER, 0, "path");
	s.seeker[0].path = 0;
	s.seeker[0].model[1] = -1;
	assert_refused(NOON_SIM_PART_SEEKER, 0, "model-reverse");
	s.seeker[0].model[1] = 0;
	s.path[0].ptp = true;
	s.path[0].source.poll_min = 0;
	assert_int_equal(noon_scenario_check(&s, &f), NOON_OK);
	s.seeker[0].predictable = true;
	assert_refused(NOON_SIM_PART_SEEKER, 0, "predictable");
}

static void every_attack_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NOON_ATTACK_KINDS; i++)
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(noon_attack_word((enum noon_attack_kind)i),
						noon_attack_word((enum noon_attack_kind)k));
	assert_string_equal(noon_attack_word(NOON_ATTACK_KINDS), "?");
}

static void every_figure_has_its_name(void **state)
{
	const struct noon_sim_tally t = noon_sim_tally_new();
	struct noon_metric m;
	char name[64];
	size_t n = 0;

	(void)state;
	for (; noon_metric_name(n, name, sizeof(name)); n++) {
		assert_int_equal(noon_metric_find(name, &m), NOON_OK);
		(void)m.get(&t, m.arg);
	}
	assert_true(n > 50);
	assert_int_equal(noon_metric_find("bound_violation", &m), NOON_ERR_NOT_FOUND);
	assert_int_equal(noon_metric_find("state.", &m), NOON_ERR_NOT_FOUND);
}

static void tallies_add_up(void **state)
{
	struct noon_sim_tally sum = noon_sim_tally_new();
	struct noon_sim_tally t = noon_sim_tally_new();

	(void)state;
	t.violations = 2;
	t.paper.undetected = 3;
	t.paper.max_err = 11.0;
	t.paper.noncompliant[1] = 1;
	t.alarm_at = NOON_S(9);
	t.err_at_alarm = 7.0;
	t.synced_after = NOON_S(3);
	t.max_err = 5.0;
	noon_sim_tally_add(&sum, &t);
	t.alarm_at = NOON_S(4);
	t.err_at_alarm = 8.0;
	t.synced_after = NOON_S(2);
	noon_sim_tally_add(&sum, &t);
	assert_int_equal(sum.violations, 4);
	assert_int_equal(sum.paper.undetected, 6);
	assert_int_equal((int)sum.paper.max_err, 11);
	assert_int_equal(sum.paper.noncompliant[1], 2);
	assert_int_equal(sum.alarm_at, NOON_S(4));
	assert_int_equal((int)sum.err_at_alarm, 8);
	assert_int_equal(sum.synced_after, NOON_S(3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_good_scenario_passes, good),
		cmocka_unit_test_setup(a_tunnel_is_of_ptp_alone, good),
		cmocka_unit_test_setup(impossible_parameters_are_named, good),
		cmocka_unit_test_setup(impossible_events_are_named, good),
		cmocka_unit_test_setup(alarms_have_a_reason_from_the_first_event_on, good),
		cmocka_unit_test_setup(kinds_of_ntp_are_refused_on_ptp, good),
		cmocka_unit_test_setup(seekers_need_a_path_and_a_test, good),
		cmocka_unit_test(every_attack_has_a_word_of_its_own),
		cmocka_unit_test(every_figure_has_its_name),
		cmocka_unit_test(tallies_add_up),
	};

	return cmocka_run_group_tests_name("sim/scenario", tests, NULL, NULL);
}
