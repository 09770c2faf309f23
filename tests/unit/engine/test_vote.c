/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/vote.h"

static const struct noon_drift drift = {
	.rate_max = 500e-6, .wander = 1e-6, .max_age = NOON_S(14400)};

static struct noon_source s[NOON_SOURCES_MAX];

static void clear(void)
{
	memset(s, 0, sizeof(s));
}

static void voter(unsigned i, noon_dur lo, noon_dur hi)
{
	s[i].in_use = true;
	s[i].has_cert = true;
	s[i].last_good = (noon_time){0};
	s[i].cert = (struct noon_cert){
		.theta = {lo, hi},
		.rate = {-1e-6, 1e-6},
		.holdover_from = {INT64_MAX},
		.rate_until = {NOON_S(14400)},
		.rate_max = 500e-6,
		.lo = {.server_err = (noon_dur)i},
		.hi = {.server_err = (noon_dur)i},
	};
}

static struct noon_vote hold(int max_liars, noon_dur h)
{
	struct noon_vote v;

	noon_vote_hold(s, NOON_SOURCES_MAX, max_liars, &drift, (noon_time){h}, &v);
	return v;
}

static void nobody_is_no_news(void **state)
{
	(void)state;
	clear();
	assert_int_equal(hold(-1, 0).outcome, NOON_VOTE_NONE);
}

static void majority_outvotes_a_liar_and_names_it(void **state)
{
	struct noon_vote v;

	(void)state;
	clear();
	voter(2, 0, 100);
	voter(5, 50, 200);
	voter(7, 9000, 9100);
	v = hold(-1, 0);
	assert_int_equal(v.outcome, NOON_VOTE_AGREED);
	assert_int_equal(v.liars, 1);
	assert_int_equal(v.voters, 1 << 2 | 1 << 5 | 1 << 7);
	assert_int_equal(v.falsetickers, 1 << 7);
	assert_int_equal(v.cert.theta.lo, 50);
	assert_int_equal(v.cert.theta.hi, 100);
	assert_int_equal(v.cert.lo.server_err, 5);
	assert_int_equal(v.cert.hi.server_err, 2);
}

static void liar_by_rate_is_named(void **state)
{
	struct noon_vote v;

	(void)state;
	clear();
	for (unsigned i = 0; i < 3; i++)
		voter(i, 0, 100);
	s[1].cert.rate = (struct noon_rate){5e-6, 6e-6};
	v = hold(-1, 0);
	assert_int_equal(v.falsetickers, 1 << 1);
	assert_true(fabs(v.cert.rate.max - 1e-6) < 1e-15);
}

/* One liar is allowed for, and each selection finds one: together they are two. */
static void liars_by_offset_and_by_rate_count_together(void **state)
{
	(void)state;
	clear();
	for (unsigned i = 0; i < 3; i++)
		voter(i, 0, 100);
	s[1].cert.rate = (struct noon_rate){5e-6, 6e-6};
	assert_int_equal(hold(1, 0).outcome, NOON_VOTE_AGREED);
	s[2].cert.theta = (struct noon_interval){9000, 9100};
	assert_int_equal(hold(1, 0).outcome, NOON_VOTE_NO_MAJORITY);
}

/* Rates are selected as multiples of 2^-60; what comes out holds what went in. */
static void rates_are_rounded_outward(void **state)
{
	static const double limit[] = {1e-6, 3.3e-7, 500e-6, 1e-9};

	(void)state;
	for (size_t i = 0; i < sizeof(limit) / sizeof(limit[0]); i++) {
		struct noon_vote v;

		clear();
		voter(0, 0, 100);
		s[0].cert.rate = (struct noon_rate){-limit[i], limit[i]};
		v = hold(0, 0);
		assert_true(v.cert.rate.min <= -limit[i] && v.cert.rate.max >= limit[i]);
	}
}

static void disagreement_without_majority_is_told(void **state)
{
	(void)state;
	clear();
	voter(0, 0, 100);
	voter(1, 200, 300);
	s[1].last.leap = NOON_LEAP_INSERT;
	s[0].last.leap = NOON_LEAP_INSERT;
	assert_int_equal(hold(-1, 0).outcome, NOON_VOTE_NO_MAJORITY);
	assert_int_equal(hold(-1, 0).leap.leap, NOON_LEAP_NONE);
	voter(2, 400, 500);
	assert_int_equal(hold(-1, 0).outcome, NOON_VOTE_NO_MAJORITY);
}

static void suspects_count_as_liars_found(void **state)
{
	struct noon_vote v;

	(void)state;
	clear();
	voter(0, 0, 100);
	s[0].suspect = true;
	assert_int_equal(hold(-1, 0).outcome, NOON_VOTE_NO_MAJORITY);
	voter(1, 0, 100);
	assert_int_equal(hold(-1, 0).outcome, NOON_VOTE_NO_MAJORITY);
	voter(2, 0, 90);
	v = hold(-1, 0);
	assert_int_equal(v.outcome, NOON_VOTE_AGREED);
	assert_int_equal(v.cert.theta.hi, 90); /* no liar is left */
	assert_int_equal(v.suspects, 1);
}

static void more_than_may_be_liars_have_to_agree(void **state)
{
	struct noon_vote v;

	(void)state;
	clear();
	voter(0, 0, 100);
	s[0].last.leap = NOON_LEAP_INSERT;
	assert_int_equal(hold(1, 0).outcome, NOON_VOTE_TOO_FEW);
	assert_int_equal(hold(1, 0).leap.leap, NOON_LEAP_NONE);
	assert_int_equal(hold(0, 0).outcome, NOON_VOTE_AGREED);
	voter(1, 50, 120);
	s[1].cert.rate = (struct noon_rate){-2e-6, 0.5e-6};
	v = hold(1, 0);
	assert_int_equal(v.outcome, NOON_VOTE_AGREED);
	/* One of the two is honest, and nobody knows which. */
	assert_int_equal(v.cert.theta.lo, 0);
	assert_int_equal(v.cert.theta.hi, 120);
	assert_true(v.cert.rate.min <= -2e-6 && v.cert.rate.max >= 1e-6);
	voter(1, 101, 120);
	assert_int_equal(hold(1, 0).outcome, NOON_VOTE_NO_MAJORITY);
	voter(2, 0, 100);
	assert_int_equal(hold(1, 0).outcome, NOON_VOTE_AGREED);
}

/* Who can drop packets must not choose how many may lie. */
static void silent_sources_count_for_the_budget(void **state)
{
	struct noon_vote v;

	(void)state;
	clear();
	for (unsigned i = 0; i < 3; i++)
		s[i].in_use = true;
	voter(1, 0, 100);
	v = hold(-1, 0);
	assert_int_equal(v.outcome, NOON_VOTE_TOO_FEW);
	assert_int_equal(v.selectable, 3);
	assert_int_equal(v.liars, 1);
	s[3].in_use = true; /* one that has no vote makes no budget */
	s[3].conf.noselect = true;
	s[0].in_use = false;
	v = hold(-1, 0);
	assert_int_equal(v.outcome, NOON_VOTE_AGREED);
	assert_int_equal(v.selectable, 2);
	assert_int_equal(v.liars, 0);
}

static void a_vote_lives_as_long_as_the_shortest_rates_of_its_voters(void **state)
{
	(void)state;
	clear();
	for (unsigned i = 0; i < 3; i++)
		voter(i, 0, 100);
	s[0].cert.rate_until = (noon_time){900};
	s[1].cert.rate_until = (noon_time){800};
	assert_int_equal(hold(-1, 0).cert.rate_until.ns, 800);
	s[0].cert.rate_until = (noon_time){700};
	assert_int_equal(hold(-1, 0).cert.rate_until.ns, 700);
}

static void old_and_unselectable_sources_do_not_vote(void **state)
{
	(void)state;
	clear();
	voter(0, 0, 100);
	assert_int_equal(hold(-1, NOON_S(7000)).outcome, NOON_VOTE_AGREED);
	assert_int_equal(hold(-1, NOON_S(7300)).outcome, NOON_VOTE_NONE);
	s[0].conf.noselect = true;
	assert_int_equal(hold(-1, 0).outcome, NOON_VOTE_NONE);
}

static void leap_needs_more_than_half(void **state)
{
	(void)state;
	clear();
	for (unsigned i = 0; i < 4; i++)
		voter(i, 0, 100);
	s[0].last.leap = NOON_LEAP_INSERT;
	assert_int_equal(hold(-1, 0).leap.leap, NOON_LEAP_NONE);
	assert_false(hold(-1, 0).leap.disputed);
	s[1].last.leap = NOON_LEAP_INSERT;
	assert_int_equal(hold(-1, 0).leap.leap, NOON_LEAP_NONE);
	assert_true(hold(-1, 0).leap.disputed);
	s[2].last.leap = NOON_LEAP_INSERT;
	assert_int_equal(hold(-1, 0).leap.leap, NOON_LEAP_INSERT);
	assert_false(hold(-1, 0).leap.disputed);
	s[3].last.leap = NOON_LEAP_DELETE;
	assert_int_equal(hold(-1, 0).leap.leap, NOON_LEAP_INSERT);
	s[2].last.leap = NOON_LEAP_DELETE;
	assert_int_equal(hold(-1, 0).leap.leap, NOON_LEAP_NONE);
	assert_true(hold(-1, 0).leap.disputed);
}

/* Two of five are silent and two may lie: two of three may be the liars. */
static void leap_needs_more_than_can_lie(void **state)
{
	(void)state;
	clear();
	for (unsigned i = 0; i < 5; i++)
		s[i].in_use = true;
	for (unsigned i = 0; i < 3; i++)
		voter(i, 0, 100);
	s[0].last.leap = s[1].last.leap = NOON_LEAP_INSERT;
	assert_int_equal(hold(-1, 0).leap.leap, NOON_LEAP_NONE);
	assert_true(hold(-1, 0).leap.disputed);
	s[1].last.leap = NOON_LEAP_NONE;
	assert_true(hold(-1, 0).leap.disputed);
	s[0].last.leap = NOON_LEAP_NONE;
	assert_false(hold(-1, 0).leap.disputed);
}

/* A machine that is configured twice is one voter; the liars that are reckoned with stay as many.
 */
static void a_duplicate_has_no_vote_and_lowers_no_budget(void **state)
{
	struct noon_vote v;

	(void)state;
	clear();
	voter(0, 0, 100);
	voter(1, 9000, 9100);
	voter(2, 9000, 9100);
	assert_int_equal(hold(-1, 0).outcome, NOON_VOTE_AGREED); /* the liar has won */
	s[2].duplicate = true;
	v = hold(-1, 0);
	assert_int_equal(v.outcome, NOON_VOTE_NO_MAJORITY);
	assert_int_equal(v.voters, 1 << 0 | 1 << 1);
	assert_int_equal(v.liars, 1);
	/* Nor is it a liar found, which would leave the other ones fewer. */
	s[2].suspect = true;
	v = hold(-1, 0);
	assert_int_equal(v.suspects, 0);
	assert_int_equal(v.outcome, NOON_VOTE_NO_MAJORITY);
	voter(1, 50, 150);
	assert_int_equal(hold(-1, 0).outcome, NOON_VOTE_AGREED);
}

static void holdover_voter(unsigned i, noon_freq min, noon_freq max, noon_dur from)
{
	voter(i, 0, 100);
	s[i].cert.holdover = (struct noon_rate){min, max};
	s[i].cert.holdover_from = (noon_time){from};
}

/* The rates of the long run are voted on like the others, and begin when the last one does. */
static void rates_of_the_long_run_are_voted_on(void **state)
{
	struct noon_vote v;

	(void)state;
	clear();
	holdover_voter(0, 0.6e-6, 0.7e-6, 5); /* a liar */
	holdover_voter(1, -0.3e-6, 0.2e-6, 50);
	holdover_voter(2, -0.2e-6, 0.3e-6, 20);
	v = hold(-1, 10);
	assert_int_equal(v.outcome, NOON_VOTE_AGREED);
	assert_int_equal(v.cert.holdover_from.ns, 50);
	assert_true(v.cert.holdover.min > -0.21e-6 && v.cert.holdover.min < -0.19e-6);
	assert_true(v.cert.holdover.max > 0.19e-6 && v.cert.holdover.max < 0.21e-6);
	/* Without agreement, or where a voter has none, those in force go on. */
	holdover_voter(1, 0.1e-6, 0.2e-6, 50);
	holdover_voter(2, -0.2e-6, -0.1e-6, 20);
	v = hold(-1, 10);
	assert_int_equal(v.outcome, NOON_VOTE_AGREED);
	assert_true(noon_time_is_never(v.cert.holdover_from));
	voter(1, 0, 100);
	assert_true(noon_time_is_never(hold(-1, 10).cert.holdover_from));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_no_news),
		cmocka_unit_test(majority_outvotes_a_liar_and_names_it),
		cmocka_unit_test(liar_by_rate_is_named),
		cmocka_unit_test(rates_of_the_long_run_are_voted_on),
		cmocka_unit_test(liars_by_offset_and_by_rate_count_together),
		cmocka_unit_test(rates_are_rounded_outward),
		cmocka_unit_test(disagreement_without_majority_is_told),
		cmocka_unit_test(suspects_count_as_liars_found),
		cmocka_unit_test(more_than_may_be_liars_have_to_agree),
		cmocka_unit_test(silent_sources_count_for_the_budget),
		cmocka_unit_test(a_vote_lives_as_long_as_the_shortest_rates_of_its_voters),
		cmocka_unit_test(a_duplicate_has_no_vote_and_lowers_no_budget),
		cmocka_unit_test(old_and_unselectable_sources_do_not_vote),
		cmocka_unit_test(leap_needs_more_than_half),
		cmocka_unit_test(leap_needs_more_than_can_lie),
	};

	return cmocka_run_group_tests_name("engine/vote", tests, NULL, NULL);
}
