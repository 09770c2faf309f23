/* SPDX-License-Identifier: Apache-2.0
 *
 * A source that declares an attack on the path to us: an alarm as our own guard's, and nobody but
 * the source and the operator ends it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/engine.h"

#define THETA NOON_S(5) /* UTC - h */
#define DELAY 100000

static const struct noon_declared quiet = {false, false};
static const struct noon_declared delayed = {true, true};
static const struct noon_declared bare = {true, false};

static struct noon_engine e; /* too large for the stack */
static struct noon_actions out;
static noon_dur h;

static void exchange(uint32_t source)
{
	const struct noon_sample x = {
		.t1 = {h},
		.t2 = {h + DELAY + THETA},
		.t3 = {h + DELAY + 10000 + THETA},
		.t4 = {h + 2 * DELAY + 10000},
		.server_err = 1000,
		.stamp_err = 10,
		.source = source,
		.authenticated = true,
	};

	noon_engine_on_sample(&e, &x, x.t4, &out);
}

static void run(unsigned n, unsigned sources)
{
	for (unsigned k = 0; k < n; k++) {
		h += NOON_S(1);
		for (unsigned i = 0; i < sources; i++)
			exchange(i);
		noon_actions_reset(&out);
	}
}

static struct noon_reading read_now(void)
{
	struct noon_reading r;

	noon_engine_reading(&e, (noon_time){h + NOON_MS(1)}, &r);
	/* Whatever is declared, the interval holds the truth. */
	assert_true(r.bound == NOON_DUR_MAX ||
		    (THETA - r.corr >= r.lower && THETA - r.corr <= r.upper));
	return r;
}

static bool found(void)
{
	return read_now().findings >> NOON_FINDING_PEER_ALARM & 1;
}

static bool declare(uint32_t source, const struct noon_declared *d)
{
	noon_actions_reset(&out);
	return noon_engine_declare(&e, source, d, (noon_time){h + NOON_MS(1)}, &out);
}

static enum noon_source_verdict verdict(uint32_t source)
{
	struct noon_source_report r;

	noon_engine_source_report(&e, source, (noon_time){h + NOON_MS(1)}, &r);
	return r.verdict;
}

static void start(unsigned n)
{
	struct noon_engine_conf conf = noon_engine_conf_default();
	const struct noon_source_conf source = noon_source_conf_default();
	uint32_t index;

	conf.alert_limit = NOON_MS(1);
	conf.start.corr0 = THETA - 5000;
	h = 0;
	assert_int_equal(noon_engine_init(&e, &conf), NOON_OK);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
	noon_actions_reset(&out);
}

static void ok(unsigned n)
{
	start(n);
	run(60, n);
	assert_int_equal(read_now().state, NOON_STATE_OK);
}

static void alarm_begins_at_once_and_stands(void **state)
{
	(void)state;
	ok(1);
	assert_true(declare(0, &delayed));
	assert_int_equal(out.n, 1);
	assert_int_equal(out.a[0].kind, NOON_ACTION_FINDING);
	assert_int_equal(out.a[0].finding.kind, NOON_FINDING_PEER_ALARM);
	assert_int_equal(out.a[0].finding.source, 0);
	assert_int_equal(read_now().state, NOON_STATE_ALARM);
	assert_int_equal(verdict(0), NOON_SOURCE_TRUECHIMER); /* agrees and does not steer */
	run(300, 1);
	assert_int_equal(read_now().state, NOON_STATE_ALARM);
	assert_true(found());
}

static void same_word_again_changes_nothing(void **state)
{
	(void)state;
	ok(1);
	assert_false(declare(0, &quiet));
	assert_true(declare(0, &delayed));
	assert_false(declare(0, &delayed));
	assert_int_equal(out.n, 0);
	assert_true(declare(0, &bare)); /* another reason, and no new finding */
	assert_int_equal(out.n, 0);
}

static void its_end_waits_for_good_exchanges(void **state)
{
	(void)state;
	ok(1);
	(void)declare(0, &delayed);
	run(50, 1);
	assert_true(declare(0, &quiet));
	assert_false(found());
	assert_int_equal(read_now().state, NOON_STATE_ALARM);
	run(e.conf.clear_after - 1, 1);
	assert_int_equal(read_now().state, NOON_STATE_ALARM);
	run(1, 1);
	assert_int_equal(read_now().state, NOON_STATE_OK);
	assert_int_equal(verdict(0), NOON_SOURCE_SELECTED);
	assert_true(declare(0, &delayed));
	assert_int_equal(out.n, 1);
}

static void before_the_first_ok_there_is_none(void **state)
{
	(void)state;
	start(1);
	(void)declare(0, &delayed);
	run(200, 1);
	assert_int_equal(read_now().state, NOON_STATE_UNSYNCHRONISED);
	(void)declare(0, &quiet);
	run(60, 1);
	assert_int_equal(read_now().state, NOON_STATE_OK);
}

static void another_source_keeps_it_ok(void **state)
{
	(void)state;
	ok(2);
	(void)declare(0, &delayed);
	run(10, 2);
	assert_int_equal(read_now().state, NOON_STATE_OK);
	assert_true(found());
	assert_int_equal(verdict(0), NOON_SOURCE_TRUECHIMER);
	assert_int_equal(verdict(1), NOON_SOURCE_SELECTED);
	(void)declare(1, &delayed);
	assert_int_equal(read_now().state, NOON_STATE_ALARM);
	/* One of them is good again: only its exchanges end the alarm. */
	(void)declare(1, &quiet);
	for (int i = 0; i < 50; i++) {
		h += NOON_S(1);
		exchange(0);
	}
	assert_int_equal(read_now().state, NOON_STATE_ALARM);
	for (unsigned i = 0; i < e.conf.clear_after; i++) {
		h += NOON_S(1);
		exchange(1);
	}
	assert_int_equal(read_now().state, NOON_STATE_OK);
}

/* With nothing but delays the clock is kept within what is certified; without a reason, or with
 * another, what is certified may be what is wrong. */
static void clock_is_kept_in_the_certificate_only_under_delays(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct noon_line before, after;
		noon_time later;
		noon_dur moved;

		ok(1);
		(void)declare(0, i == 0 ? &bare : &delayed);
		e.discipline.line.corr0 += NOON_US(300);
		before = noon_engine_line(&e);
		h += NOON_S(1);
		later = (noon_time){h + NOON_S(60)};
		exchange(0);
		after = noon_engine_line(&e);
		moved = noon_line_at(&after, later) - noon_line_at(&before, later);
		assert_int_equal(noon_dur_abs(moved) > NOON_US(100), i);
	}
}

static void operator_ends_it_and_the_source_can_say_it_again(void **state)
{
	(void)state;
	for (uint32_t which = 0; which < 2; which++) {
		ok(1);
		(void)declare(0, &delayed);
		noon_engine_accept(&e, which == 0 ? 0 : NOON_SOURCE_NONE,
				   (noon_time){h + NOON_MS(2)});
		assert_false(found());
		run(60, 1);
		assert_int_equal(read_now().state, NOON_STATE_OK);
		assert_true(declare(0, &delayed));
		assert_int_equal(read_now().state, NOON_STATE_ALARM);
	}
}

static void it_is_forgotten_with_everything_else(void **state)
{
	const struct noon_source_conf source = noon_source_conf_default();
	uint32_t index;

	(void)state;
	ok(1);
	(void)declare(0, &delayed);
	noon_engine_on_discontinuity(&e, (noon_time){h + NOON_MS(2)}, NOON_DISCONTINUITY_SUSPENDED,
				     &out);
	assert_false(found());
	assert_true(declare(0, &delayed));
	noon_engine_remove_source(&e, 0);
	assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
	assert_int_equal(index, 0);
	assert_false(declare(0, &quiet));
}

static void nobody_can_declare_for_a_source_that_is_not_there(void **state)
{
	(void)state;
	ok(1);
	assert_false(declare(1, &delayed));
	assert_false(declare(NOON_SOURCES_MAX, &delayed));
	assert_false(declare(NOON_SOURCE_NONE, &delayed));
	assert_int_equal(read_now().state, NOON_STATE_OK);
}

static void third_condition_is_not_met(void **state)
{
	struct noon_conditions c;

	(void)state;
	ok(1);
	noon_engine_conditions(&e, 0, e.now, &c);
	assert_int_equal(c.met[2], NOON_MET_YES);
	(void)declare(0, &delayed);
	noon_engine_conditions(&e, 0, e.now, &c);
	assert_int_equal(c.met[2], NOON_MET_NO);
	assert_string_equal(c.why[2], "the source declares an attack on the path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alarm_begins_at_once_and_stands),
		cmocka_unit_test(same_word_again_changes_nothing),
		cmocka_unit_test(its_end_waits_for_good_exchanges),
		cmocka_unit_test(before_the_first_ok_there_is_none),
		cmocka_unit_test(another_source_keeps_it_ok),
		cmocka_unit_test(clock_is_kept_in_the_certificate_only_under_delays),
		cmocka_unit_test(operator_ends_it_and_the_source_can_say_it_again),
		cmocka_unit_test(it_is_forgotten_with_everything_else),
		cmocka_unit_test(nobody_can_declare_for_a_source_that_is_not_there),
		cmocka_unit_test(third_condition_is_not_met),
	};

	return cmocka_run_group_tests_name("engine/declared", tests, NULL, NULL);
}
