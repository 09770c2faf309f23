/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/clock/discipline.h"
#include "engine/clock/line.h"

static void line_bends_where_the_slew_ends(void **state)
{
	const struct noon_line l = {.h0 = {NOON_S(10)},
				    .corr0 = 1000,
				    .rate = 1e-6,
				    .slew = 1e-5,
				    .slew_end = {NOON_S(12)}};
	static const struct {
		noon_dur h, corr, to_slew;
	} row[] = {
		{NOON_S(10), 1000, 20000}, {NOON_S(11), 12000, 10000}, {NOON_S(12), 23000, 0},
		{NOON_S(13), 24000, 0},	   {NOON_S(9), -10000, 30000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(noon_line_at(&l, (noon_time){row[i].h}), row[i].corr);
		assert_int_equal(noon_line_to_slew(&l, (noon_time){row[i].h}), row[i].to_slew);
	}
}

static void line_without_a_slew_is_straight(void **state)
{
	const struct noon_line l = {.h0 = {NOON_S(10)}, .corr0 = 5, .rate = -1e-6};

	(void)state;
	assert_int_equal(noon_line_at(&l, (noon_time){NOON_S(11)}), -995);
	assert_int_equal(noon_line_at(&l, (noon_time){NOON_S(9)}), 1005);
	assert_int_equal(noon_line_to_slew(&l, (noon_time){NOON_S(9)}), 0);
}

static void slew_is_continuous_and_arrives(void **state)
{
	struct noon_discipline d = {.slew_rate = 500e-6};
	const noon_time h = {NOON_S(100)};
	const noon_time end = {NOON_S(104)};
	const struct noon_goal g = {.theta = 40000, .rate = 2e-6};

	(void)state;
	noon_discipline_slew(&d, h, &g, NOON_S(4));
	assert_int_equal(noon_line_at(&d.line, h), 0);
	assert_int_equal(d.line.slew_end.ns, end.ns);
	assert_true(llabs(noon_line_at(&d.line, end) - (40000 + 8000)) <= 1);
	assert_int_equal(d.line.steps, 0);
}

static void slew_keeps_its_rate_limit(void **state)
{
	struct noon_discipline d = {.slew_rate = 500e-6};
	const struct noon_goal g = {.theta = -NOON_MS(50), .rate = 0.0};

	(void)state;
	noon_discipline_slew(&d, (noon_time){0}, &g, NOON_S(4));
	assert_true(fabs(d.line.slew + 500e-6) < 1e-12);
	assert_true(llabs(d.line.slew_end.ns - NOON_S(100)) < 1000);
}

static void step_is_at_once_and_counted(void **state)
{
	struct noon_discipline d = {.slew_rate = 500e-6};
	const struct noon_goal g = {.theta = NOON_S(3), .rate = 1e-6};

	(void)state;
	noon_discipline_step(&d, (noon_time){50}, &g);
	assert_int_equal(noon_line_at(&d.line, (noon_time){50}), NOON_S(3));
	assert_int_equal(d.line.steps, 1);
	assert_int_equal(noon_line_to_slew(&d.line, (noon_time){50}), 0);
}

static struct noon_source sources[NOON_SOURCES_MAX];

static const struct noon_cert cert = {
	.theta = {1000, 3000}, .rate = {-1e-6, 1e-6}, .holdover_from = {INT64_MAX}};

static void give_fit(struct noon_source *s, noon_dur theta, double sd_ns, noon_freq rate)
{
	s->has_fit = true;
	s->cert = (struct noon_cert){.theta = {1000, 1000}, .holdover_from = {INT64_MAX}};
	s->fit = (struct noon_fit){.theta = theta,
				   .theta_sd_ns = sd_ns,
				   .rate = rate,
				   .rate_sd = 1e-9,
				   .has_rate = true};
}

static void goal_is_the_weighted_mean(void **state)
{
	struct noon_goal g;

	(void)state;
	give_fit(&sources[0], 1500, 10, 1e-7);
	give_fit(&sources[3], 2500, 10, 3e-7);
	assert_int_equal(noon_goal_of(sources, 9, &cert, 0.0, (noon_time){0}, &g), 9);
	assert_int_equal(g.theta, 2000);
	assert_true(fabs(g.rate - 2e-7) < 1e-15);
	sources[3].fit.theta_sd_ns = 1000;
	assert_int_equal(noon_goal_of(sources, 9, &cert, 0.0, (noon_time){0}, &g), 9);
	assert_true(g.theta < 1510);
}

static void goal_is_clamped_into_the_certificate(void **state)
{
	struct noon_goal g;

	(void)state;
	give_fit(&sources[0], 99999, 10, 5e-6);
	assert_int_equal(noon_goal_of(sources, 1, &cert, 0.0, (noon_time){0}, &g), 1);
	assert_int_equal(g.theta, 3000);
	assert_true(fabs(g.rate - 1e-6) < 1e-15);
	give_fit(&sources[0], -99999, 10, -5e-6);
	assert_int_equal(noon_goal_of(sources, 1, &cert, 0.0, (noon_time){0}, &g), 1);
	assert_int_equal(g.theta, 1000);
	assert_true(fabs(g.rate + 1e-6) < 1e-15);
}

static void goal_without_fits_is_the_middle(void **state)
{
	struct noon_goal g;

	(void)state;
	assert_int_equal(noon_goal_of(sources, 0, &cert, 3e-7, (noon_time){0}, &g), 0);
	assert_int_equal(g.theta, 2000);
	assert_true(fabs(g.rate - 3e-7) < 1e-15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_bends_where_the_slew_ends),
		cmocka_unit_test(line_without_a_slew_is_straight),
		cmocka_unit_test(slew_is_continuous_and_arrives),
		cmocka_unit_test(slew_keeps_its_rate_limit),
		cmocka_unit_test(step_is_at_once_and_counted),
		cmocka_unit_test(goal_is_the_weighted_mean),
		cmocka_unit_test(goal_is_clamped_into_the_certificate),
		cmocka_unit_test(goal_without_fits_is_the_middle),
	};

	return cmocka_run_group_tests_name("engine/discipline", tests, NULL, NULL);
}
