/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/engine.h"

static struct noon_engine e; /* too large for the stack */
static struct noon_actions out;

#define THETA INT64_C(1789876543210987654)

static struct noon_sample sample(uint32_t source, noon_dur h, noon_dur off)
{
	return (struct noon_sample){
		.t1 = {h},
		.t2 = {h + 100000 + THETA + off},
		.t3 = {h + 110000 + THETA + off},
		.t4 = {h + 210000},
		.server_err = 1000,
		.stamp_err = 100,
		.source = source,
		.authenticated = true,
	};
}

static void feed(uint32_t source, noon_dur h, noon_dur off)
{
	const struct noon_sample x = sample(source, h, off);

	noon_engine_on_sample(&e, &x, x.t4, &out);
}

static struct noon_reading reading(noon_dur h)
{
	struct noon_reading r;

	noon_engine_reading(&e, (noon_time){h}, &r);
	return r;
}

/* Start with n sources, none heard; C is wrong by `wrong`. */
static void start(unsigned n, noon_dur wrong)
{
	struct noon_engine_conf conf = noon_engine_conf_default();
	const struct noon_source_conf source = noon_source_conf_default();
	uint32_t index = 99;

	conf.alert_limit = NOON_MS(1);
	conf.start.corr0 = THETA - wrong;
	assert_int_equal(noon_engine_init(&e, &conf), NOON_OK);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
		assert_int_equal(index, i);
	}
	noon_actions_reset(&out);
}

static void feed_until(noon_dur h)
{
	for (noon_dur t = 0; t < h; t += NOON_S(16))
		feed(0, t, 0);
	noon_actions_reset(&out);
}

static unsigned findings(enum noon_finding_kind kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < out.n; i++)
		n += out.a[i].kind == NOON_ACTION_FINDING && out.a[i].finding.kind == kind;
	return n;
}

static void knows_nothing_at_first(void **state)
{
	struct noon_reading r;

	(void)state;
	start(1, 0);
	r = reading(0);
	assert_int_equal(r.state, NOON_STATE_UNSYNCHRONISED);
	assert_int_equal(r.bound, NOON_DUR_MAX);
	assert_true(noon_time_is_never(noon_engine_deadline(&e)));
	assert_int_equal(noon_engine_step(&e, (noon_time){0}), NOON_ERR_EMPTY);
	assert_int_equal(noon_engine_next_poll(&e, 0), NOON_S(2));
}

static void first_exchange_steps_and_states_a_bound(void **state)
{
	struct noon_reading r;

	(void)state;
	start(1, NOON_MS(250));
	feed(0, NOON_S(1), 0);
	r = reading(NOON_S(1) + 210000);
	/* At 500 ppm the bound would not stay below 1 ms for two polls of 2 s. */
	assert_int_equal(r.state, NOON_STATE_UNSYNCHRONISED);
	assert_int_equal(noon_engine_line(&e).steps, 1);
	assert_true(r.lower <= 0 && r.upper >= 0);
	assert_in_range(r.bound, 100000, 102000);
	assert_int_equal(r.terms.server, 1000);
	assert_int_equal(r.terms.quantisation, 100);
	assert_true(r.void_after.ns > r.h.ns + NOON_S(1));
	assert_int_equal(out.n, 0);
}

static void small_error_is_slewed(void **state)
{
	struct noon_reading r;

	(void)state;
	start(1, NOON_US(800));
	feed(0, NOON_S(1), 0);
	assert_int_equal(noon_engine_line(&e).steps, 0);
	r = reading(NOON_S(1) + 210000);
	assert_true(r.to_slew > NOON_US(790));
	assert_true(r.bound >= NOON_US(800));
	r = reading(NOON_S(3));
	assert_int_equal(r.to_slew, 0);
}

static void no_step_after_the_first_ok_but_by_an_operators_word(void **state)
{
	(void)state;
	start(1, NOON_MS(250));
	feed_until(NOON_S(320));
	feed(0, NOON_S(330), NOON_S(2));
	assert_int_equal(noon_engine_line(&e).steps, 1);
	assert_int_equal(reading(NOON_S(331)).state, NOON_STATE_ALARM);
	assert_int_equal(noon_engine_step(&e, (noon_time){NOON_S(331)}), NOON_ERR_STATE);
	noon_engine_accept(&e, 0, (noon_time){NOON_S(331)});
	feed(0, NOON_S(332), NOON_S(2));
	assert_int_equal(noon_engine_line(&e).steps, 2);
	assert_true(reading(NOON_S(332)).bound < NOON_MS(1));
}

static void a_synchronised_clock_is_slewed_however_large_the_error(void **state)
{
	(void)state;
	start(1, 0);
	feed_until(NOON_S(320));
	assert_int_equal(reading(NOON_S(320)).state, NOON_STATE_OK);
	e.conf.step_threshold = 0;
	feed(0, NOON_S(336), NOON_US(50));
	assert_int_equal(noon_engine_line(&e).steps, 0);
	assert_true(reading(NOON_S(336)).to_slew != 0);
}

static void state_of_a_reading_follows_its_instant(void **state)
{
	struct noon_reading r;

	(void)state;
	start(1, 0);
	feed_until(NOON_S(640));
	r = reading(NOON_S(630));
	assert_int_equal(r.state, NOON_STATE_OK);
	assert_int_equal(reading(r.fresh_until.ns - 1).state, NOON_STATE_OK);
	assert_int_equal(reading(r.fresh_until.ns).state, NOON_STATE_HOLDOVER);
	assert_int_equal(reading(r.void_after.ns).state, NOON_STATE_HOLDOVER);
	assert_int_equal(reading(r.void_after.ns + NOON_S(1)).state, NOON_STATE_ALARM);
	noon_engine_on_timer(&e, noon_engine_deadline(&e), &out);
	assert_int_equal(findings(NOON_FINDING_BOUND_LIMIT), 1);
	assert_int_equal(reading(noon_engine_deadline(&e).ns == 0).state, NOON_STATE_ALARM);
}

static void inconsistent_exchange_alarms_and_does_not_steer(void **state)
{
	struct noon_line before, after;

	(void)state;
	start(1, 0);
	feed_until(NOON_S(640));
	before = noon_engine_line(&e);
	feed(0, NOON_S(641), NOON_MS(40));
	after = noon_engine_line(&e);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(findings(NOON_FINDING_INCONSISTENT), 1);
	assert_int_equal(findings(NOON_FINDING_NO_MAJORITY), 0);
	assert_int_equal(reading(NOON_S(642)).state, NOON_STATE_ALARM);
	assert_int_equal(reading(NOON_S(642)).findings & 1u << NOON_FINDING_INCONSISTENT,
			 1u << NOON_FINDING_INCONSISTENT);
	/* Truth is within what either side says. */
	assert_true(reading(NOON_S(642)).upper >= NOON_MS(40) && reading(NOON_S(642)).lower <= 0);
	for (int i = 0; i < 3; i++)
		feed(0, NOON_S(645 + 2 * i), 0);
	assert_int_equal(reading(NOON_S(650)).state, NOON_STATE_ALARM);
	feed(0, NOON_S(652), 0);
	assert_int_equal(reading(NOON_S(653)).state, NOON_STATE_OK);
	assert_int_equal(reading(NOON_S(653)).findings, 0);
}

/* Sources 0 to 2 agree, and 2 begins to lie within what its own past allows: outvoted, and what it
 * says then is no evidence that an alarm is over. */
static void exchanges_of_a_falseticker_end_no_alarm(void **state)
{
	struct noon_source_report r;
	noon_dur h = 0;

	(void)state;
	start(3, 0);
	for (; h < NOON_S(640); h += NOON_S(16))
		for (uint32_t i = 0; i < 3; i++)
			feed(i, h, i == 2 ? NOON_US(600) : 0);
	noon_engine_source_report(&e, 2, (noon_time){h}, &r);
	assert_int_equal(r.verdict, NOON_SOURCE_FALSETICKER);
	assert_int_equal(reading(h).state, NOON_STATE_OK);
	noon_engine_on_timer(&e, noon_engine_deadline(&e), &out);
	h = e.now.ns + NOON_MS(1);
	assert_int_equal(reading(h).state, NOON_STATE_ALARM);
	feed(0, h, 0);
	feed(1, h, 0);
	for (int i = 0; i < 8; i++, h += NOON_S(2))
		feed(2, h, NOON_US(600));
	assert_int_equal(reading(h).state, NOON_STATE_ALARM);
	feed(0, h, 0);
	feed(1, h, 0);
	feed(0, h + NOON_S(2), 0);
	assert_int_equal(reading(h + NOON_S(2)).state, NOON_STATE_OK);
}

/* `noonmark accept` without a name is about the sources that something speaks against. */
static void accepting_all_keeps_those_in_good_standing(void **state)
{
	(void)state;
	start(3, 0);
	for (noon_dur h = 0; h < NOON_S(160); h += NOON_S(16))
		for (uint32_t i = 0; i < 3; i++)
			feed(i, h, 0);
	feed(1, NOON_S(160), NOON_MS(40));
	noon_engine_accept(&e, NOON_SOURCE_NONE, (noon_time){NOON_S(161)});
	assert_true(e.source[0].has_cert && e.source[2].has_cert);
	assert_false(e.source[1].has_cert);
}

static void suspension_forgets_everything(void **state)
{
	struct noon_reading r;

	(void)state;
	start(1, 0);
	feed_until(NOON_S(640));
	noon_engine_on_discontinuity(&e, (noon_time){NOON_S(641)}, NOON_DISCONTINUITY_SUSPENDED,
				     &out);
	assert_int_equal(findings(NOON_FINDING_SUSPENDED), 1);
	r = reading(NOON_S(642));
	assert_int_equal(r.state, NOON_STATE_UNSYNCHRONISED);
	assert_int_equal(r.bound, NOON_DUR_MAX);
	for (int i = 0; i < 20; i++)
		feed(0, NOON_S(643 + 2 * i), NOON_S(100));
	assert_int_equal(reading(NOON_S(682)).state, NOON_STATE_OK);
	assert_int_equal(reading(NOON_S(682)).findings, 0);
	assert_int_equal(noon_engine_line(&e).steps, 1);
}

static void a_disrupted_machine_begins_again(void **state)
{
	struct noon_reading r;

	(void)state;
	start(1, 0);
	feed_until(NOON_S(640));
	noon_engine_on_discontinuity(&e, (noon_time){NOON_S(641)}, NOON_DISCONTINUITY_DISRUPTED,
				     &out);
	assert_int_equal(findings(NOON_FINDING_DISRUPTED), 1);
	r = reading(NOON_S(642));
	assert_int_equal(r.state, NOON_STATE_UNSYNCHRONISED);
	assert_int_equal(r.findings, UINT32_C(1) << NOON_FINDING_DISRUPTED);
	assert_int_equal(r.bound, NOON_DUR_MAX);
	for (int i = 0; i < 20; i++)
		feed(0, NOON_S(643 + 2 * i), NOON_S(100));
	assert_int_equal(reading(NOON_S(682)).state, NOON_STATE_OK);
	assert_int_equal(reading(NOON_S(682)).findings, 0);
	assert_int_equal(noon_engine_line(&e).steps, 1);
}

static void foreign_step_is_only_reported(void **state)
{
	(void)state;
	start(1, 0);
	feed_until(NOON_S(640));
	for (int i = 0; i < 2; i++)
		noon_engine_on_discontinuity(&e, (noon_time){NOON_S(641)},
					     NOON_DISCONTINUITY_STEPPED, &out);
	assert_int_equal(findings(NOON_FINDING_CLOCK_STEPPED), 2);
	assert_int_equal(reading(NOON_S(642)).state, NOON_STATE_OK);
}

static void leap_second_shifts_the_whole_scale(void **state)
{
	struct noon_reading before, after;

	(void)state;
	start(1, 0);
	feed_until(NOON_S(640));
	before = reading(NOON_S(640));
	noon_engine_shift(&e, -NOON_S(1));
	after = reading(NOON_S(640));
	assert_int_equal(after.corr, before.corr - NOON_S(1));
	assert_int_equal(after.bound, before.bound);
	feed(0, NOON_S(641), -NOON_S(1));
	assert_int_equal(reading(NOON_S(642)).state, NOON_STATE_OK);
	assert_int_equal(out.n, 0);
}

static void misses_count_and_time_may_not_run_backwards(void **state)
{
	struct noon_source_report r;

	(void)state;
	start(1, 0);
	feed_until(NOON_S(640));
	for (int i = 0; i < 3; i++)
		noon_engine_on_miss(&e, 0, (noon_time){NOON_S(650)}, &out);
	noon_engine_on_timer(&e, (noon_time){NOON_S(600)}, &out);
	noon_engine_source_report(&e, 0, (noon_time){NOON_S(650)}, &r);
	assert_int_equal(r.reach, 0xf8);
	assert_int_equal(r.verdict, NOON_SOURCE_SELECTED);
	assert_true(r.has_data);
	assert_true(r.age > NOON_S(25));
	assert_int_equal(r.rtt, 200000);
	assert_true(r.lower <= 0 && r.upper >= 0);
}

static void unknown_sources_are_ignored(void **state)
{
	struct noon_source_report r;

	(void)state;
	start(2, 0);
	noon_engine_remove_source(&e, 1);
	noon_engine_remove_source(&e, 77);
	feed(1, NOON_S(1), 0);
	feed(NOON_SOURCE_NONE, NOON_S(1), 0);
	noon_engine_on_miss(&e, 1, (noon_time){NOON_S(2)}, &out);
	assert_int_equal(reading(NOON_S(2)).bound, NOON_DUR_MAX);
	noon_engine_source_report(&e, 1, (noon_time){0}, &r);
	assert_int_equal(r.verdict, NOON_SOURCE_UNUSED);
	assert_int_equal(noon_engine_step(&e, (noon_time){0}), NOON_ERR_EMPTY);
}

static void seventeenth_source_is_refused(void **state)
{
	const struct noon_source_conf c = noon_source_conf_default();
	struct noon_source_conf bad = c;
	uint32_t i = 5;

	(void)state;
	start(NOON_SOURCES_MAX, 0);
	assert_int_equal(noon_engine_add_source(&e, &c, &i), NOON_ERR_FULL);
	bad.m_f = -1;
	assert_int_equal(noon_engine_add_source(&e, &bad, &i), NOON_ERR_RANGE);
	assert_int_equal(i, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_nothing_at_first),
		cmocka_unit_test(first_exchange_steps_and_states_a_bound),
		cmocka_unit_test(small_error_is_slewed),
		cmocka_unit_test(no_step_after_the_first_ok_but_by_an_operators_word),
		cmocka_unit_test(a_synchronised_clock_is_slewed_however_large_the_error),
		cmocka_unit_test(state_of_a_reading_follows_its_instant),
		cmocka_unit_test(inconsistent_exchange_alarms_and_does_not_steer),
		cmocka_unit_test(exchanges_of_a_falseticker_end_no_alarm),
		cmocka_unit_test(accepting_all_keeps_those_in_good_standing),
		cmocka_unit_test(suspension_forgets_everything),
		cmocka_unit_test(a_disrupted_machine_begins_again),
		cmocka_unit_test(foreign_step_is_only_reported),
		cmocka_unit_test(leap_second_shifts_the_whole_scale),
		cmocka_unit_test(misses_count_and_time_may_not_run_backwards),
		cmocka_unit_test(unknown_sources_are_ignored),
		cmocka_unit_test(seventeenth_source_is_refused),
	};

	return cmocka_run_group_tests_name("engine/engine", tests, NULL, NULL);
}
