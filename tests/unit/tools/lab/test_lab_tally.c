/* SPDX-License-Identifier: Apache-2.0
 *
 * Readings of a daemon, compared with the truth.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/clock/reading.h"
#include "tools/lab/lab_tally.h"

/* A status: the error is the clock's less the truth, in us; the interval is UTC less the clock. */
static json_t *status(const char *state, double error_us, double lower_us, double upper_us)
{
	json_t *o = json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:[], s:[{s:i, s:i, s:i, s:{s:i}}]}",
			      "state", state, "true_error_s", error_us * 1e-6, "lower_s",
			      lower_us * 1e-6, "upper_s", upper_us * 1e-6, "bound_s",
			      upper_us * 1e-6, "alert_limit_s", 1e-3, "findings", "sources", "sent",
			      10, "samples", 9, "accepted", 8, "verdicts", "accepted", 8);

	assert_non_null(o);
	return o;
}

static void take(struct noon_lab_tally *l, json_t *o, noon_dur at)
{
	noon_lab_tally_take(l, o, at);
	json_decref(o);
}

static void a_true_interval_is_no_violation(void **state)
{
	struct noon_lab_tally l;

	(void)state;
	noon_lab_tally_init(&l, NOON_DUR_MAX);
	take(&l, status("ok", 50, -100, 100), NOON_S(1));
	take(&l, status("ok", -99, -100, 100), NOON_S(2));
	assert_int_equal(l.t.checks, 2);
	assert_int_equal(l.t.violations, 0);
	assert_int_equal(l.t.synced_after, NOON_S(1));
	assert_float_equal(l.t.max_err, 99e3, 1);
	assert_int_equal(l.t.polls, 10);
	assert_int_equal(l.t.misses, 1);
}

/* The clock is ahead by more than the interval says: UTC - C is below its lower end. */
static void a_false_interval_is_one(void **state)
{
	static const struct {
		const char *state;
		double error_us;
		unsigned violations, ok;
	} table[] = {
		{"ok", 101, 0, 0}, /* two clocks are read one after the other: 2 us */
		{"ok", 103, 1, 1},    {"ok", -103, 1, 1},
		{"alarm", 103, 1, 0}, {"holdover", -103, 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_lab_tally l;

		noon_lab_tally_init(&l, NOON_DUR_MAX);
		take(&l, status(table[i].state, table[i].error_us, -100, 100), NOON_S(1));
		assert_int_equal(l.t.violations, table[i].violations);
		assert_int_equal(l.t.broken[NOON_I1], table[i].ok);
	}
}

static void harm_without_an_alarm_is_counted(void **state)
{
	struct noon_lab_tally l;

	(void)state;
	noon_lab_tally_init(&l, NOON_DUR_MAX);
	take(&l, status("alarm", 1500, -2000, 2000), NOON_S(1));
	assert_int_equal(l.t.broken[NOON_I3], 0);
	take(&l, status("holdover", 1500, -2000, 2000), NOON_S(2));
	assert_int_equal(l.t.broken[NOON_I3], 1);
	assert_int_equal(l.t.harm_at, NOON_S(2));
}

static void alarms_before_the_first_attack_are_false(void **state)
{
	struct noon_lab_tally l;

	(void)state;
	noon_lab_tally_init(&l, NOON_S(10));
	take(&l, status("alarm", 5, -100, 100), NOON_S(1));
	take(&l, status("alarm", 5, -100, 100), NOON_S(2));
	take(&l, status("ok", 5, -100, 100), NOON_S(5));
	take(&l, status("alarm", 7, -100, 200), NOON_S(12));
	assert_int_equal(l.t.alarms, 2);
	assert_int_equal(l.t.false_alarms, 1);
	assert_int_equal(l.t.alarm_at, NOON_S(12));
	assert_float_equal(l.t.err_at_alarm, 7e3, 1);
	/* Time counts for the state it began with. */
	assert_float_equal(l.t.state_s[NOON_STATE_ALARM], 4, 1e-9);
	assert_float_equal(l.t.state_s[NOON_STATE_OK], 7, 1e-9);
}

static void what_cannot_be_seen_from_outside_is_known(void **state)
{
	(void)state;
	assert_true(noon_lab_measures("violations"));
	assert_false(noon_lab_measures("I2"));
	assert_false(noon_lab_measures("rate_error_max"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_true_interval_is_no_violation),
		cmocka_unit_test(a_false_interval_is_one),
		cmocka_unit_test(harm_without_an_alarm_is_counted),
		cmocka_unit_test(alarms_before_the_first_attack_are_false),
		cmocka_unit_test(what_cannot_be_seen_from_outside_is_known),
	};

	return cmocka_run_group_tests_name("tools/lab_tally", tests, NULL, NULL);
}
