/* SPDX-License-Identifier: Apache-2.0
 *
 * Each comparison of the three conditions from both sides: a row names the one thing that differs
 * from a source of which all three are met.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/conditions.h"

#define L   NOON_MS(1)
#define NOW NOON_S(1000)

static struct noon_source source;
static struct noon_guard guard;
static struct noon_guard_plan plan;
static struct noon_conditions_conf conf;
static struct noon_conditions c;

static struct noon_cert cert(noon_dur half, noon_dur hidden_r, noon_dur hidden_f)
{
	return (struct noon_cert){
		.h0 = {NOW},
		.theta = {-half - hidden_r, half + hidden_f},
		.rate = {-1e-6, 1e-6},
		.holdover_from = {INT64_MAX},
		.rate_until = {NOW + NOON_S(3600)},
		.rate_max = 500e-6,
	};
}

/* A half-width of 300 us, a shift of 1 ms in 16 polls of 4 s. */
static void start(void)
{
	struct noon_source_conf s = noon_source_conf_default();

	noon_source_init(&source, &s);
	source.has_cert = true;
	source.cert = source.wide = cert(NOON_US(300), 0, 0);
	source.schedule.poll = 2;
	source.last = (struct noon_sample){.authenticated = true, .server_err = NOON_US(10)};
	memset(&plan, 0, sizeof(plan));
	memset(&guard, 0, sizeof(guard));
	plan.feasible = true;
	plan.batch = 16;
	plan.conf.shift_ns = 1e6;
	plan.model_ns = 50e3;
	guard.plan = &plan;
	conf = (struct noon_conditions_conf){.limit = L, .max_age = NOON_S(3600), .now = {NOW}};
}

static void judge(const struct noon_guard *g)
{
	noon_conditions_of(&source, g, &conf, &c);
}

static void hide(noon_dur r, noon_dur f)
{
	source.conf.light = NOON_US(100);
	source.conf.m_f = source.conf.light + f;
	source.conf.m_r = source.conf.light + r;
	source.wide = cert(NOON_US(300), r, f);
}

static void nothing(void)
{
}

static void no_exchange(void)
{
	source.has_cert = false;
}

static void unauthenticated(void)
{
	source.last.authenticated = false;
}

static void replayable(void)
{
	source.last.replayable = true;
}

static void of_light(void)
{
	hide(0, 0);
}

static void far(void)
{
	source.cert = source.wide = cert(NOON_US(1000), 0, 0);
}

static void nearly_far(void)
{
	source.cert = source.wide = cert(NOON_US(999), 0, 0);
}

/* 1 ms of round trip is halved; light takes 1 us of it. */
static void far_with_light(void)
{
	source.conf.light = NOON_US(1);
	source.cert = source.wide = cert(NOON_US(1000), 0, 0);
}

/* What stamps, the server and drift widen is no path that could be shortened. */
static void wide_by_other_causes(void)
{
	source.cert = cert(NOON_US(1000), 0, 0);
	source.cert.lo = source.cert.hi = (struct noon_share){2, 0, 0};
	source.wide = source.cert;
}

static void fits_the_limit(void)
{
	hide(NOON_US(700), 0);
}

static void passes_the_limit(void)
{
	hide(NOON_US(700) + 1, 0);
}

static void fits_forward(void)
{
	hide(0, NOON_US(700));
}

static void passes_forward(void)
{
	hide(0, NOON_US(700) + 1);
}

static void no_distance(void)
{
	hide(NOON_US(700), 0);
	source.conf.light = 0;
	source.conf.m_f = 0;
	source.conf.m_r = NOON_US(700);
}

static void no_distance_passes(void)
{
	no_distance();
	source.wide.theta.lo--;
}

static void hidden_unseen(void)
{
	hide(L - 1, 0);
	source.has_cert = false;
}

static void hides_the_limit(void)
{
	hide(L, 0);
	source.has_cert = false;
}

static void coarse(void)
{
	source.last.stamp_err = L / 10 + 1;
}

static void nearly_coarse(void)
{
	source.last.stamp_err = L / 10;
}

static void infeasible(void)
{
	plan.feasible = false;
}

static void alarmed(void)
{
	guard.active = 1U << NOON_STATISTIC_CUSUM;
}

static void losing(void)
{
	guard.active = 1U << NOON_STATISTIC_LOSS;
}

/* 1 ms - 10 us - 64 us of drift, rounded outward */
#define LEFT INT64_C(925999)

static void shift_fits(void)
{
	plan.conf.shift_ns = 2.0 * LEFT;
}

static void shift_passes(void)
{
	plan.conf.shift_ns = 2.0 * LEFT + 1;
}

static void shift_of_the_limit(void)
{
	plan.conf.shift_ns = 50e6;
}

static void hidden_leaves_less(void)
{
	hide(NOON_US(600), 0);
	plan.conf.shift_ns = 2.0 * (LEFT - NOON_US(600));
}

static void hidden_leaves_too_little(void)
{
	hide(NOON_US(600), 0);
	plan.conf.shift_ns = 2.0 * (LEFT - NOON_US(600)) + 1;
}

static void stamps_leave_less(void)
{
	source.last.stamp_err = NOON_US(100);
	plan.conf.shift_ns = 2.0 * (LEFT - NOON_US(100)) + 1;
}

static void nothing_is_left(void)
{
	source.last.server_err = 2 * L;
	plan.conf.shift_ns = 1;
}

static void lasts_max_age(void)
{
	conf.max_age = NOON_S(64);
}

static void lasts_longer(void)
{
	conf.max_age = NOON_S(64) - 1;
}

static void as_often(void)
{
	plan.conf.interval_s = 1.0;
}

static void more_often(void)
{
	plan.conf.interval_s = 0.9;
}

static const struct row {
	const char *name;
	void (*change)(void);
	bool guarded;
	enum noon_met met[NOON_CONDITIONS];
} rows[] = {
#define YES NOON_MET_YES
#define NO  NOON_MET_NO
#define NUL NOON_MET_UNKNOWN
#define NOT NOON_MET_NOT_RELIED
	{"nothing", nothing, true, {YES, NOT, YES}},
	{"no exchange", no_exchange, true, {NUL, NOT, NUL}},
	{"unauthenticated", unauthenticated, true, {NO, NOT, NO}},
	{"unauthenticated, no guard", unauthenticated, false, {NO, NOT, NO}},
	/* eq. 5, the one-to-one mapping, is of the third condition */
	{"replayable", replayable, true, {YES, NOT, NO}},
	{"replayable, no guard", replayable, false, {YES, NOT, NO}},
	{"minima of light", of_light, true, {YES, YES, YES}},
	{"a path as long as the limit", far, true, {YES, NO, YES}},
	{"nearly", nearly_far, true, {YES, NOT, YES}},
	{"less light", far_with_light, true, {YES, NOT, YES}},
	{"wide by drift", wide_by_other_causes, true, {YES, NOT, YES}},
	{"bound + hidden = limit", fits_the_limit, false, {YES, YES, YES}},
	{"bound + hidden > limit", passes_the_limit, false, {YES, NO, YES}},
	{"the other way =", fits_forward, false, {YES, YES, YES}},
	{"the other way >", passes_forward, false, {YES, NO, YES}},
	{"all of a minimum =", no_distance, false, {YES, YES, YES}},
	{"all of a minimum >", no_distance_passes, false, {YES, NO, YES}},
	{"hidden alone < limit", hidden_unseen, true, {NUL, NUL, NUL}},
	{"hidden alone = limit", hides_the_limit, true, {NUL, NO, NUL}},
	{"stamps > limit / 10", coarse, true, {YES, NOT, NO}},
	{"stamps = limit / 10", nearly_coarse, true, {YES, NOT, YES}},
	{"too few in a batch", infeasible, true, {YES, NOT, NO}},
	{"alarm", alarmed, true, {YES, NOT, NO}},
	{"losses only", losing, true, {YES, NOT, YES}},
	{"shift = what is left", shift_fits, true, {YES, NOT, YES}},
	{"shift > what is left", shift_passes, true, {YES, NOT, NO}},
	{"shift of 50 limits", shift_of_the_limit, true, {YES, NOT, NO}},
	{"shift with hidden =", hidden_leaves_less, true, {YES, YES, YES}},
	{"shift with hidden >", hidden_leaves_too_little, true, {YES, YES, NO}},
	{"shift with stamps >", stamps_leave_less, true, {YES, NOT, NO}},
	{"nothing left", nothing_is_left, true, {YES, NOT, NO}},
	{"batch = max-age", lasts_max_age, true, {YES, NOT, YES}},
	{"batch > max-age", lasts_longer, true, {YES, NOT, NO}},
	{"interval fits", as_often, true, {YES, NOT, YES}},
	{"interval does not fit", more_often, true, {YES, NOT, NO}},
	{"no guard, bound = limit", far, false, {YES, NO, YES}},
#undef YES
#undef NO
#undef NUL
#undef NOT
};

static void each_row_is_judged_as_it_says(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		start();
		rows[k].change();
		judge(rows[k].guarded ? &guard : NULL);
		for (unsigned i = 0; i < NOON_CONDITIONS; i++) {
			if (c.met[i] != rows[k].met[i])
				print_message("# %s: condition %u is %s: %s\n", rows[k].name, i + 1,
					      noon_met_word(c.met[i]), c.why[i]);
			assert_int_equal(c.met[i], rows[k].met[i]);
			assert_non_null(c.why[i]);
		}
	}
}

static void without_a_guard_the_bound_is_the_test(void **state)
{
	(void)state;
	start();
	source.cert = source.wide = cert(L + 1, 0, 0);
	judge(NULL);
	assert_int_equal(c.met[2], NOON_MET_NO);
	assert_int_equal(c.batch, 0);
	assert_int_equal(c.shift, 0);
	/* The certificate widens with time. */
	source.cert = source.wide = cert(L, 0, 0);
	judge(NULL);
	assert_int_equal(c.met[2], NOON_MET_YES);
	conf.now = (noon_time){NOW + NOON_S(1)};
	judge(NULL);
	assert_int_equal(c.met[2], NOON_MET_NO);
}

/* 100 km of straight fibre hide 156 us (docs/theory.md, section 4). */
static void hidden_advance_is_the_minimum_above_light(void **state)
{
	noon_dur cable = 0;

	(void)state;
	start();
	assert_int_equal(noon_minimum_from_cable(100e3, 1.468, 0, &cable), NOON_OK);
	source.conf.m_f = source.conf.m_r = cable;
	judge(&guard);
	assert_int_equal(c.hidden_advance, cable);
	assert_false(c.hidden_known);
	source.conf.light = noon_minimum_from_distance(100e3);
	judge(&guard);
	assert_in_range(c.hidden_advance, 156000, 156200);
	assert_true(c.hidden_known);
	source.conf.m_f = source.conf.light;
	judge(&guard);
	assert_in_range(c.hidden_advance, 156000, 156200);
	source.conf.m_r = source.conf.light;
	judge(&guard);
	assert_int_equal(c.hidden_advance, 0);
	assert_true(c.hidden_known);
}

static void shortening_is_half_the_round_trip_less_light(void **state)
{
	(void)state;
	start();
	judge(&guard);
	assert_int_equal(c.shortening, NOON_US(300));
	hide(NOON_US(40), NOON_US(20));
	judge(&guard);
	/* 300 us of excess, and means of 130 us assumed, of which light takes 100. */
	assert_int_equal(c.shortening, NOON_US(330));
	source.cert.lo = (struct noon_share){NOON_US(10), NOON_US(20), NOON_US(30)};
	source.cert.hi = (struct noon_share){NOON_US(2), NOON_US(4), NOON_US(6)};
	judge(&guard);
	assert_int_equal(c.shortening, NOON_US(294));
	source.conf.light = NOON_US(1000);
	judge(&guard);
	assert_int_equal(c.shortening, 0);
}

/* Section V: 2 (U_model + U_noise) < L. */
static void sufficiency_is_shown_beside(void **state)
{
	(void)state;
	start();
	source.last.stamp_err = NOON_US(5);
	judge(&guard);
	assert_int_equal(c.uncertainty, NOON_US(110));
	assert_true(c.sufficient);
	plan.model_ns = 495e3;
	judge(&guard);
	assert_int_equal(c.uncertainty, L);
	assert_false(c.sufficient);
	plan.model_ns = 494e3;
	judge(&guard);
	assert_true(c.sufficient);
	guard.active = 1U << NOON_STATISTIC_MEAN;
	judge(&guard);
	assert_false(c.sufficient);
	source.cert = source.wide = cert(NOON_US(240), 0, 0);
	judge(NULL);
	assert_int_equal(c.uncertainty, NOON_US(960));
	assert_true(c.sufficient);
	source.has_cert = false;
	judge(NULL);
	assert_true(c.uncertainty == NOON_DUR_MAX && !c.sufficient);
}

static void numbers_of_the_guard_are_told(void **state)
{
	(void)state;
	start();
	judge(&guard);
	assert_int_equal(c.batch, NOON_S(64));
	assert_int_equal(c.shift, NOON_MS(1));
	assert_int_equal(c.shift_allowed, 2 * LEFT);
	nothing_is_left();
	judge(&guard);
	assert_int_equal(c.shift_allowed, 0);
}

static void words_are_those_of_the_status(void **state)
{
	(void)state;
	assert_string_equal(noon_met_word(NOON_MET_YES), "met");
	assert_string_equal(noon_met_word(NOON_MET_NO), "not-met");
	assert_string_equal(noon_met_word(NOON_MET_NOT_RELIED), "not-relied-upon");
	assert_string_equal(noon_met_word(NOON_MET_UNKNOWN), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_judged_as_it_says),
		cmocka_unit_test(without_a_guard_the_bound_is_the_test),
		cmocka_unit_test(hidden_advance_is_the_minimum_above_light),
		cmocka_unit_test(shortening_is_half_the_round_trip_less_light),
		cmocka_unit_test(sufficiency_is_shown_beside),
		cmocka_unit_test(numbers_of_the_guard_are_told),
		cmocka_unit_test(words_are_those_of_the_status),
	};

	return cmocka_run_group_tests_name("engine/conditions", tests, NULL, NULL);
}
