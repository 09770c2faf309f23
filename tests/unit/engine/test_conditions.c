/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/conditions.h"

#define L NOON_MS(1)

static struct noon_source source;
static struct noon_guard guard;
static struct noon_guard_plan plan;
static struct noon_conditions c;

static void start(void)
{
	struct noon_source_conf conf = noon_source_conf_default();

	noon_source_init(&source, &conf);
	source.has_cert = true;
	source.last = (struct noon_sample){.authenticated = true, .server_err = NOON_US(10)};
	memset(&plan, 0, sizeof(plan));
	memset(&guard, 0, sizeof(guard));
	plan.feasible = true;
	guard.plan = &plan;
}

static void judge(const struct noon_guard *g)
{
	noon_conditions_of(&source, g, L, &c);
}

static void all_are_met(void **state)
{
	(void)state;
	start();
	judge(&guard);
	for (unsigned i = 0; i < NOON_CONDITIONS; i++) {
		assert_int_equal(c.met[i], NOON_MET_YES);
		assert_non_null(c.why[i]);
	}
	assert_int_equal(c.hidden_advance, 0);
	assert_true(c.hidden_known);
}

static void first_is_authentication(void **state)
{
	(void)state;
	start();
	source.last.authenticated = false;
	judge(&guard);
	assert_int_equal(c.met[0], NOON_MET_NO);
	source.last.authenticated = true;
	source.last.replayable = true;
	judge(&guard);
	assert_int_equal(c.met[0], NOON_MET_NO);
	source.has_cert = false;
	judge(&guard);
	assert_int_equal(c.met[0], NOON_MET_UNKNOWN);
}

/* 100 km of straight fibre hide 156 us (theory reference, section 2.1). */
static void second_is_the_shortest_path(void **state)
{
	noon_dur cable = 0;

	(void)state;
	start();
	assert_int_equal(noon_minimum_from_cable(100e3, 1.468, 0, &cable), NOON_OK);
	source.conf.m_f = source.conf.m_r = cable;
	source.conf.minima = NOON_MINIMA_SURVEYED;
	judge(&guard);
	assert_int_equal(c.met[1], NOON_MET_UNKNOWN);
	assert_int_equal(c.hidden_advance, cable);
	assert_false(c.hidden_known);
	source.conf.light = noon_minimum_from_distance(100e3);
	judge(&guard);
	assert_int_equal(c.met[1], NOON_MET_YES);
	assert_in_range(c.hidden_advance, 156000, 156200);
	assert_true(c.hidden_known);
	/* One way is longer: it is the one that hides more. */
	source.conf.m_r = 0;
	judge(&guard);
	assert_in_range(c.hidden_advance, 156000, 156200);
	source.conf.m_r = cable;
	source.conf.m_f = 0;
	judge(&guard);
	assert_in_range(c.hidden_advance, 156000, 156200);
	source.conf.m_f = cable;
	/* With 900 us of server error there is not enough room left. */
	source.last.server_err = NOON_US(900);
	judge(&guard);
	assert_int_equal(c.met[1], NOON_MET_NO);
}

static void third_is_a_known_round_trip(void **state)
{
	(void)state;
	start();
	judge(NULL);
	assert_int_equal(c.met[2], NOON_MET_UNKNOWN);
	plan.feasible = false;
	judge(&guard);
	assert_int_equal(c.met[2], NOON_MET_NO);
	plan.feasible = true;
	source.last.stamp_err = L / 5;
	judge(&guard);
	assert_int_equal(c.met[2], NOON_MET_NO);
	assert_string_equal(noon_met_word(c.met[2]), "not-met");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_met),
		cmocka_unit_test(first_is_authentication),
		cmocka_unit_test(second_is_the_shortest_path),
		cmocka_unit_test(third_is_a_known_round_trip),
	};

	return cmocka_run_group_tests_name("engine/conditions", tests, NULL, NULL);
}
