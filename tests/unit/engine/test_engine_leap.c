/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine around a leap second: what it says, what it shifts, what it refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/engine.h"

static struct noon_engine e; /* too large for the stack */
static struct noon_actions out;

/* 2017-01-01 00:00 UTC, which comes after 1000 s of the free-running clock. */
#define MIDNIGHT INT64_C(1483228800000000000)
#define LEAP	 NOON_S(1000)
#define THETA	 (MIDNIGHT - LEAP)

/* One way of the path, and with it half of what an exchange leaves open. */
#define WAY NOON_MS(20)

static noon_dur way = WAY;

/* An exchange of a server that inserts the second, or not. */
static void feed(uint32_t source, noon_dur h, noon_dur late, enum noon_leap leap, bool inserts)
{
	struct noon_sample x = {
		.t1 = {h},
		.t4 = {h + 2 * way},
		.server_err = 1000,
		.stamp_err = 100,
		.source = source,
		.authenticated = true,
		.leap = leap,
	};
	const noon_dur t2 = h + way, t3 = h + way + 1000;

	x.t2.ns = t2 + THETA - (inserts && t2 >= LEAP + late ? NOON_S(1) : 0);
	x.t3.ns = t3 + THETA - (inserts && t3 >= LEAP + late ? NOON_S(1) : 0);
	noon_engine_on_sample(&e, &x, x.t4, &out);
}

static struct noon_reading reading(noon_dur h)
{
	struct noon_reading r;

	noon_engine_reading(&e, (noon_time){h}, &r);
	return r;
}

static void start(unsigned n)
{
	struct noon_engine_conf conf = noon_engine_conf_default();
	const struct noon_source_conf source = noon_source_conf_default();
	uint32_t index;

	conf.alert_limit = NOON_MS(100);
	conf.start.corr0 = THETA;
	way = WAY;
	assert_int_equal(noon_engine_init(&e, &conf), NOON_OK);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
	noon_actions_reset(&out);
}

/* UTC in the count of an inserted second, ns since 1970. */
static int64_t truth(noon_dur h)
{
	return h + THETA - (h >= LEAP ? NOON_S(1) : 0);
}

static bool holds(const struct noon_reading *r)
{
	const int64_t off = truth(r->h.ns) - noon_time_add(r->h, r->corr).ns;

	return r->lower <= off && off <= r->upper;
}

static uint32_t raised(void)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < out.n; i++)
		if (out.a[i].kind == NOON_ACTION_FINDING)
			kinds |= UINT32_C(1) << out.a[i].finding.kind;
	return kinds;
}

/* Read each ms, and do what is due when it is, as an owner does. */
static void walk(noon_dur from, noon_dur to, bool often, unsigned *ret_ok, unsigned *ret_not_ok)
{
	for (noon_dur h = from; h <= to; h += NOON_MS(1)) {
		struct noon_reading r;

		/* Once at the deadline only, once all the time: both are allowed. */
		if (often || !noon_time_before((noon_time){h}, noon_engine_deadline(&e)))
			noon_engine_on_timer(&e, (noon_time){h}, &out);
		r = reading(h);
		assert_true(r.bound == NOON_DUR_MAX || holds(&r));
		*ret_ok += r.state == NOON_STATE_OK;
		*ret_not_ok += r.state != NOON_STATE_OK;
	}
}

static void walk_over_it(bool often)
{
	unsigned ok = 0, not_ok = 0;

	start(1);
	for (noon_dur h = 0; h < NOON_S(980); h += NOON_S(16))
		feed(0, h, 0, NOON_LEAP_INSERT, true);
	assert_int_equal(reading(NOON_S(980)).state, NOON_STATE_OK);
	assert_int_equal(reading(NOON_S(980)).leap, NOON_LEAP_INSERT);
	walk(NOON_S(990), NOON_S(1004), often, &ok, &not_ok);
	/* It takes as long as UTC is unknown: some 40 ms of 14 s. */
	assert_in_range(not_ok, 30, 60);
	assert_int_equal(e.leaps, 1);
	assert_true(e.leap_shift == -NOON_S(1));
	for (noon_dur h = NOON_S(1004); h < NOON_S(1100); h += NOON_S(16))
		feed(0, h, 0, NOON_LEAP_NONE, true);
	assert_int_equal(reading(NOON_S(1100)).state, NOON_STATE_OK);
	assert_int_equal(raised(), 0);
	assert_true(reading(NOON_S(1100)).bound < NOON_MS(25));
}

static void every_reading_around_it_holds_the_truth_or_is_not_ok(void **state)
{
	(void)state;
	walk_over_it(false);
	walk_over_it(true);
}

/* What was said before midnight must not reach beyond it. */
static void statements_end_where_it_may_begin(void **state)
{
	struct noon_reading r;

	(void)state;
	start(1);
	for (noon_dur h = 0; h < NOON_S(999); h += NOON_S(16))
		feed(0, h, 0, NOON_LEAP_INSERT, true);
	r = reading(NOON_S(999));
	assert_int_equal(r.state, NOON_STATE_OK);
	assert_true(r.void_after.ns < LEAP && r.rates_until.ns < LEAP);
	assert_true(r.void_after.ns > LEAP - NOON_MS(50));
	r = reading(r.void_after.ns);
	assert_true(holds(&r) && r.bound < NOON_MS(100));
}

/* Also what is said after the very first exchange, should nothing ever come after it. */
static void the_first_statement_ends_there_too(void **state)
{
	struct noon_reading r;

	(void)state;
	start(1);
	feed(0, NOON_S(900), 0, NOON_LEAP_INSERT, true);
	r = reading(NOON_S(901));
	assert_true(r.bound != NOON_DUR_MAX);
	assert_true(r.rates_until.ns > NOON_S(999) && r.rates_until.ns < LEAP);
	assert_true(r.void_after.ns < LEAP);
}

static void exchanges_that_may_straddle_it_are_ignored(void **state)
{
	(void)state;
	start(3);
	for (noon_dur h = 0; h < NOON_S(996); h += NOON_S(8))
		for (uint32_t i = 0; i < 3; i++)
			feed(i, h, 0, NOON_LEAP_INSERT, true);
	/* In flight over it, and of a server that is a second late with it. */
	feed(0, LEAP - WAY, 0, NOON_LEAP_INSERT, true);
	feed(1, LEAP - NOON_MS(1), NOON_S(1), NOON_LEAP_INSERT, true);
	feed(1, LEAP + NOON_MS(500), NOON_S(1), NOON_LEAP_NONE, true);
	assert_int_equal(e.leaps, 1);
	for (uint32_t i = 0; i < 3; i++)
		assert_false(e.source[i].suspect);
	assert_int_equal(raised(), 0);
	for (uint32_t i = 0; i < 3; i++)
		feed(i, LEAP + NOON_S(3), 0, NOON_LEAP_NONE, true);
	assert_int_equal(raised(), 0);
	assert_int_equal(e.source[0].last.t1.ns, LEAP + NOON_S(3));
	assert_int_equal(reading(LEAP + NOON_S(4)).state, NOON_STATE_OK);
}

static void a_rejection_limit_moves_with_the_scale(void **state)
{
	const struct noon_rejection_limit above = {true, {NOON_S(7)}, 100};
	const struct noon_rejection_limit below = {true, {NOON_S(8)}, -100};

	(void)state;
	start(1);
	feed(0, NOON_S(1), 0, NOON_LEAP_NONE, true);
	e.source[0].above = above;
	e.source[0].below = below;
	noon_engine_shift(&e, -NOON_S(1));
	assert_int_equal(e.source[0].above.theta, 100 - NOON_S(1));
	assert_int_equal(e.source[0].below.theta, -100 - NOON_S(1));
	assert_int_equal(e.source[0].last.t2.ns, NOON_S(1) + WAY + THETA - NOON_S(1));
}

static void a_lone_liar_moves_nobody(void **state)
{
	(void)state;
	start(3);
	for (noon_dur h = 0; h < NOON_S(996); h += NOON_S(8))
		for (uint32_t i = 0; i < 3; i++)
			feed(i, h, 0, i == 1 ? NOON_LEAP_INSERT : NOON_LEAP_NONE, false);
	for (noon_dur h = NOON_S(996); h < NOON_S(1020); h += NOON_S(8))
		for (uint32_t i = 0; i < 3; i++)
			feed(i, h, 0, NOON_LEAP_NONE, i == 1);
	assert_int_equal(e.leaps, 0);
	assert_int_equal(reading(NOON_S(1020)).state, NOON_STATE_OK);
	assert_true(reading(NOON_S(1020)).lower <= 0 && reading(NOON_S(1020)).upper >= 0);
}

static void the_list_overrules_a_lone_source(void **state)
{
	const struct noon_leap_list list = {{MIDNIGHT + NOON_S(86400)}, NOON_TIME_NEVER, 0};

	(void)state;
	start(1);
	noon_engine_set_leap_list(&e, &list);
	for (noon_dur h = 0; h < NOON_S(1100); h += NOON_S(8)) {
		feed(0, h, 0, NOON_LEAP_INSERT, false);
		assert_true(h >= LEAP || reading(h + 2 * WAY).leap == NOON_LEAP_NONE);
	}
	assert_int_equal(e.leaps, 0);
	assert_int_equal(reading(NOON_S(1100)).state, NOON_STATE_OK);
	assert_true(raised() & UINT32_C(1) << NOON_FINDING_LEAP);
	feed(0, NOON_S(1104), 0, NOON_LEAP_NONE, false);
	assert_int_equal(e.of_source[0].active, 0);
}

/* Two of three answer, one announces: either may be the liar. */
static void a_disputed_one_costs_the_past_and_never_the_truth(void **state)
{
	unsigned ok = 0, not_ok = 0;

	(void)state;
	start(3);
	for (noon_dur h = 0; h < NOON_S(990); h += NOON_S(8))
		for (uint32_t i = 0; i < 2; i++)
			feed(i, h, 0, i == 1 ? NOON_LEAP_INSERT : NOON_LEAP_NONE, true);
	assert_int_equal(reading(NOON_S(990)).state, NOON_STATE_OK);
	walk(NOON_S(990), NOON_S(1002), true, &ok, &not_ok);
	assert_int_equal(e.leaps, 0);
	assert_int_equal(reading(NOON_S(1002)).bound, NOON_DUR_MAX);
	assert_true(raised() & UINT32_C(1) << NOON_FINDING_LEAP);
	for (noon_dur h = NOON_S(1006); h < NOON_S(1100); h += NOON_S(8))
		for (uint32_t i = 0; i < 2; i++)
			feed(i, h, 0, NOON_LEAP_NONE, true);
	assert_int_equal(reading(NOON_S(1100)).state, NOON_STATE_OK);
	walk(NOON_S(1100), NOON_S(1101), false, &ok, &not_ok);
	assert_int_equal(e.of_engine.active, 0);
}

/* Before anything is agreed nobody says that a second was inserted. */
static void a_source_begins_again_with_the_month_while_nothing_is_agreed(void **state)
{
	(void)state;
	start(3);
	for (noon_dur h = NOON_S(900); h < NOON_S(1100); h += NOON_S(7))
		feed(0, h, 0, NOON_LEAP_INSERT, true);
	assert_false(e.has_cert);
	assert_true(e.source[0].has_cert);
	assert_false(e.source[0].suspect);
	assert_int_equal(raised(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reading_around_it_holds_the_truth_or_is_not_ok),
		cmocka_unit_test(statements_end_where_it_may_begin),
		cmocka_unit_test(the_first_statement_ends_there_too),
		cmocka_unit_test(exchanges_that_may_straddle_it_are_ignored),
		cmocka_unit_test(a_rejection_limit_moves_with_the_scale),
		cmocka_unit_test(a_lone_liar_moves_nobody),
		cmocka_unit_test(the_list_overrules_a_lone_source),
		cmocka_unit_test(a_disputed_one_costs_the_past_and_never_the_truth),
		cmocka_unit_test(a_source_begins_again_with_the_month_while_nothing_is_agreed),
	};

	return cmocka_run_group_tests_name("engine/engine leap", tests, NULL, NULL);
}
