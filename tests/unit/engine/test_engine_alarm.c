/* SPDX-License-Identifier: Apache-2.0
 *
 * What counts as evidence that an alarm is over, and what does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/engine.h"

static struct noon_engine e; /* too large for the stack */
static struct noon_actions out;
static noon_dur h;
static noon_dur server_err;
static int8_t poll_min = 4;
static unsigned passed; /* BOUND_LIMIT, as often as it was told */

#define THETA INT64_C(1789876543210987654)

/* One exchange a second; `extra` delays its request. */
static void feed(uint32_t source, noon_dur off, noon_dur extra)
{
	const struct noon_sample x = {
		.t1 = {h},
		.t2 = {h + 100000 + extra + THETA + off},
		.t3 = {h + 110000 + extra + THETA + off},
		.t4 = {h + 210000 + extra},
		.server_err = server_err,
		.stamp_err = 100,
		.source = source,
		.authenticated = true,
	};

	noon_engine_on_sample(&e, &x, x.t4, &out);
	for (size_t i = 0; i < out.n; i++)
		passed += out.a[i].finding.kind == NOON_FINDING_BOUND_LIMIT;
	noon_actions_reset(&out);
	h += NOON_S(1);
}

static struct noon_reading reading(void)
{
	struct noon_reading r;

	noon_engine_reading(&e, (noon_time){h}, &r);
	return r;
}

/* Let n sources agree for ten minutes; the last `noselect` ones have no vote. */
static void start(unsigned n, unsigned noselect)
{
	struct noon_engine_conf conf = noon_engine_conf_default();
	struct noon_source_conf source = noon_source_conf_default();
	uint32_t index;

	conf.alert_limit = NOON_MS(1);
	conf.start.corr0 = THETA;
	h = 0;
	server_err = 1000;
	assert_int_equal(noon_engine_init(&e, &conf), NOON_OK);
	for (unsigned i = 0; i < n; i++) {
		source.noselect = i + noselect >= n;
		source.poll_min = poll_min;
		assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
	}
	noon_actions_reset(&out);
	for (int k = 0; k < 200; k++)
		for (uint32_t i = 0; i < n; i++)
			feed(i, 0, 0);
	assert_int_equal(reading().state, NOON_STATE_OK);
}

/* Nobody answers until the bound has passed the limit, and for a while after that. */
static void fall_silent(void)
{
	const noon_time limit = noon_engine_deadline(&e);

	noon_engine_on_timer(&e, limit, &out);
	noon_actions_reset(&out);
	h = limit.ns + NOON_S(1000);
	assert_int_equal(reading().state, NOON_STATE_ALARM);
	assert_true(reading().bound > NOON_MS(1));
}

static void expect_four_to_end_it(void)
{
	for (int i = 0; i < 3; i++)
		feed(0, 0, 0);
	assert_int_equal(reading().state, NOON_STATE_ALARM);
	feed(0, 0, 0);
	assert_int_equal(reading().state, NOON_STATE_OK);
}

static void four_good_exchanges_in_a_row_end_it(void **state)
{
	(void)state;
	start(1, 0);
	fall_silent();
	expect_four_to_end_it();
}

static void a_source_without_a_vote_ends_none(void **state)
{
	(void)state;
	start(2, 1);
	fall_silent();
	feed(0, 0, 0);
	for (int i = 0; i < 8; i++)
		feed(1, 0, 0);
	assert_int_equal(reading().state, NOON_STATE_ALARM);
	for (int i = 0; i < 3; i++)
		feed(0, 0, 0);
	assert_int_equal(reading().state, NOON_STATE_OK);
}

static void a_bound_above_the_limit_begins_the_count_again(void **state)
{
	(void)state;
	start(1, 0);
	fall_silent();
	for (int i = 0; i < 3; i++)
		feed(0, 0, 0);
	assert_true(reading().bound < NOON_MS(1));
	h += NOON_S(2000);
	feed(0, 0, NOON_MS(20));
	assert_true(reading().bound > NOON_MS(1));
	expect_four_to_end_it();
}

/* ... also when nobody answers at that moment. */
static void a_bound_that_passed_the_limit_begins_the_count_again(void **state)
{
	(void)state;
	start(1, 0);
	fall_silent();
	for (int i = 0; i < 3; i++)
		feed(0, 0, 0);
	h += NOON_S(2000);
	assert_true(reading().bound > NOON_MS(1));
	expect_four_to_end_it();
}

/* Otherwise the state would turn with each exchange that happens to be a little worse. */
static void a_bound_just_below_the_limit_ends_no_alarm(void **state)
{
	(void)state;
	poll_min = 0; /* so that the bound lasts for two polls all the same */
	start(1, 0);
	poll_min = 4;
	fall_silent();
	server_err = NOON_US(850);
	for (int i = 0; i < 16; i++)
		feed(0, 0, 0);
	assert_true(reading().bound > NOON_US(875) && reading().bound < NOON_US(990));
	assert_int_equal(reading().state, NOON_STATE_ALARM);
	server_err = NOON_US(700);
	expect_four_to_end_it();
	/* What is OK stays so. */
	server_err = NOON_US(850);
	for (int i = 0; i < 16; i++)
		feed(0, 0, 0);
	assert_int_equal(reading().state, NOON_STATE_OK);
}

/* One line in the log for each exchange would say nothing new, and an alarm without a finding
 * nothing at all. */
static void a_bound_that_moves_about_the_limit_is_one_finding(void **state)
{
	(void)state;
	poll_min = 0;
	start(1, 0);
	poll_min = 4;
	fall_silent();
	server_err = NOON_US(850);
	for (int i = 0; i < 16; i++)
		feed(0, 0, 0);
	passed = 0;
	for (int i = 0; i < 20; i++) {
		h += NOON_S(1000);
		assert_true(reading().bound > NOON_MS(1));
		feed(0, 0, 0);
		feed(0, 0, 0);
		assert_true(reading().bound < NOON_MS(1));
		assert_int_equal(reading().state, NOON_STATE_ALARM);
		assert_int_equal(reading().findings, 1U << NOON_FINDING_BOUND_LIMIT);
	}
	assert_int_equal(passed, 0);
	server_err = NOON_US(700);
	for (int i = 0; i < 4; i++)
		feed(0, 0, 0);
	assert_int_equal(reading().state, NOON_STATE_OK);
	assert_int_equal(reading().findings, 0);
	/* The next one is told again. */
	fall_silent();
	feed(0, 0, 0);
	assert_int_equal(reading().findings & 1U << NOON_FINDING_BOUND_LIMIT, 0);
}

/* While it is slewed the clock may go further from the middle than it is at both ends. */
static void a_limit_passed_at_the_end_of_a_slew_is_seen_afterwards(void **state)
{
	struct noon_line *line = &e.discipline.line;

	(void)state;
	start(1, 0);
	line->corr0 = noon_line_at(line, (noon_time){h});
	line->h0 = (noon_time){h};
	line->rate -= 400e-6;
	line->slew = 800e-6;
	line->slew_end = (noon_time){h + NOON_MS(2500)};
	h += NOON_S(5);
	assert_true(reading().bound < NOON_US(500));
	noon_engine_on_timer(&e, (noon_time){h}, &out);
	assert_int_equal(out.n, 1);
	assert_int_equal(out.a[0].finding.kind, NOON_FINDING_BOUND_LIMIT);
	assert_true(out.a[0].finding.value > NOON_MS(1));
	assert_int_equal(out.a[0].finding.at.ns, h - NOON_MS(2500));
	assert_int_equal(reading().state, NOON_STATE_ALARM);
}

/* After the silence the past of source 1 allows for what it says, that of source 0 does not. */
static void sources_that_disagree_begin_the_count_again(void **state)
{
	(void)state;
	start(2, 0);
	fall_silent();
	for (int i = 0; i < 3; i++)
		feed(0, 0, 0);
	feed(1, NOON_MS(2), 0);
	assert_int_equal(e.vote.outcome, NOON_VOTE_NO_MAJORITY);
	assert_int_equal(e.vote.suspects, 0);
	noon_engine_accept(&e, 1, (noon_time){h});
	expect_four_to_end_it();
}

static void a_refused_exchange_without_a_majority_begins_the_count_again(void **state)
{
	(void)state;
	start(2, 0);
	feed(1, NOON_MS(40), 0);
	assert_int_equal(reading().state, NOON_STATE_ALARM);
	for (int i = 0; i < 3; i++)
		feed(0, 0, 0);
	feed(1, NOON_MS(40), 0);
	assert_true(e.source[1].suspect);
	noon_engine_accept(&e, 1, (noon_time){h});
	expect_four_to_end_it();
}

/* Two of three fall silent for good: one may be a liar, so one is not enough. */
static void too_few_is_holdover_and_a_finding(void **state)
{
	unsigned told = 0;

	(void)state;
	start(3, 0);
	noon_engine_accept(&e, 1, (noon_time){h});
	noon_engine_accept(&e, 2, (noon_time){h});
	for (int i = 0; i < 8; i++) {
		const struct noon_sample x = {
			.t1 = {h},
			.t2 = {h + 100000 + THETA},
			.t3 = {h + 110000 + THETA},
			.t4 = {h + 210000},
			.server_err = 1000,
			.stamp_err = 100,
			.authenticated = true,
		};

		noon_engine_on_sample(&e, &x, x.t4, &out);
		for (size_t k = 0; k < out.n; k++)
			told += out.a[k].kind == NOON_ACTION_FINDING &&
				out.a[k].finding.kind == NOON_FINDING_TOO_FEW &&
				out.a[k].finding.value == 1 && out.a[k].finding.threshold == 2;
		noon_actions_reset(&out);
		h += NOON_S(1);
	}
	assert_int_equal(told, 1);
	assert_int_equal(e.vote.outcome, NOON_VOTE_TOO_FEW);
	assert_int_equal(reading().state, NOON_STATE_HOLDOVER);
	assert_int_equal(reading().voting, 1);
	assert_int_equal(reading().selectable, 3);
	assert_int_equal(reading().liars, 1);
	/* It ends no alarm either. */
	fall_silent();
	for (int i = 0; i < 8; i++)
		feed(0, 0, 0);
	feed(1, 0, 0);
	assert_int_equal(e.vote.outcome, NOON_VOTE_AGREED);
	assert_int_equal(reading().state, NOON_STATE_ALARM);
	/* Source 1 is new, and its rate has to be known well enough to last for two polls. */
	for (int i = 0; i < 40; i++)
		feed(1, 0, 0);
	assert_int_equal(reading().state, NOON_STATE_OK);
	assert_int_equal(reading().findings, 0);
}

/* What is above the limit is certain all the same; what contradicts itself is not, until sources
 * have agreed as often as ends an alarm. */
static void only_a_false_assumption_makes_a_bound_uncertain(void **state)
{
	(void)state;
	start(2, 0);
	assert_true(reading().certain);
	fall_silent();
	assert_true(reading().certain);
	assert_true(noon_engine_within_until(&e, (noon_time){h}, NOON_MS(1)).ns <= h);
	assert_true(noon_engine_within_until(&e, (noon_time){h}, NOON_S(1)).ns > h);
	start(2, 0);
	feed(1, NOON_MS(40), 0);
	assert_int_equal(reading().state, NOON_STATE_ALARM);
	assert_false(reading().certain);
	noon_engine_accept(&e, 1, (noon_time){h});
	/* With a bound that stays above the limit, too. */
	server_err = NOON_MS(30);
	e.has_cert = false;
	noon_engine_accept(&e, 0, (noon_time){h});
	for (int i = 0; i < 4; i++) {
		assert_false(reading().certain);
		feed((uint32_t)i % 2, 0, 0);
	}
	assert_true(reading().certain);
	assert_int_equal(reading().state, NOON_STATE_ALARM);
}

static void what_is_not_known_is_not_certain(void **state)
{
	struct noon_engine_conf conf = noon_engine_conf_default();

	(void)state;
	assert_int_equal(noon_engine_init(&e, &conf), NOON_OK);
	assert_false(reading().certain);
	assert_int_equal(noon_engine_within_until(&e, (noon_time){h}, NOON_S(1)).ns,
			 NOON_TIME_FIRST.ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_good_exchanges_in_a_row_end_it),
		cmocka_unit_test(a_source_without_a_vote_ends_none),
		cmocka_unit_test(a_bound_above_the_limit_begins_the_count_again),
		cmocka_unit_test(a_bound_that_passed_the_limit_begins_the_count_again),
		cmocka_unit_test(a_bound_just_below_the_limit_ends_no_alarm),
		cmocka_unit_test(a_bound_that_moves_about_the_limit_is_one_finding),
		cmocka_unit_test(a_limit_passed_at_the_end_of_a_slew_is_seen_afterwards),
		cmocka_unit_test(sources_that_disagree_begin_the_count_again),
		cmocka_unit_test(a_refused_exchange_without_a_majority_begins_the_count_again),
		cmocka_unit_test(too_few_is_holdover_and_a_finding),
		cmocka_unit_test(only_a_false_assumption_makes_a_bound_uncertain),
		cmocka_unit_test(what_is_not_known_is_not_certain),
	};

	return cmocka_run_group_tests_name("engine/engine alarm", tests, NULL, NULL);
}
