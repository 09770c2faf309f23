/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/edge/edge_offset.h"

static struct noon_edge_conf conf;
static struct noon_edge_offset o;
static noon_time now;

static int start(void **state)
{
	(void)state;
	conf = noon_edge_conf_default();
	now = (noon_time){NOON_S(1)};
	noon_edge_offset_init(&o, &conf);
	return 0;
}

static enum noon_edge_verdict feed(noon_dur value)
{
	now = noon_time_add(now, NOON_MS(1));
	return noon_edge_offset_add(&o, &conf, value, now);
}

/* Feed n values, in turn 3 us below the level, at it, and 3 us above. */
static void feed_level(noon_dur level, int n)
{
	for (int i = 0; i < n; i++)
		feed(level + NOON_US(3) * (i % 3 - 1));
}

static struct noon_edge_estimate estimate(void)
{
	return noon_edge_offset_estimate(&o, &conf);
}

/* ---- configuration ---- */

static void defaults_are_in_range(void **state)
{
	(void)state;
	assert_int_equal(noon_edge_conf_check(&conf), NOON_OK);
}

static noon_err check_with(struct noon_edge_conf c)
{
	return noon_edge_conf_check(&c);
}

#define WITH(field, value)                                       \
	do {                                                     \
		struct noon_edge_conf c = conf;                  \
		c.field = (value);                               \
		assert_int_equal(check_with(c), NOON_ERR_RANGE); \
	} while (0)

static void what_is_out_of_range_is_refused(void **state)
{
	(void)state;
	WITH(keys, 0);
	WITH(keys, NOON_EDGE_KEYS_MAX + 1);
	WITH(window, NOON_EDGE_LAST - 1);
	WITH(window, NOON_EDGE_WINDOW_MAX + 1);
	WITH(residuals, NOON_EDGE_LAST - 1);
	WITH(residuals, NOON_EDGE_WINDOW_MAX + 1);
	WITH(share, 0.49);
	WITH(share, 0.996);
	WITH(share, (double)NAN);
	WITH(stale_after, 0);
	WITH(cap, -1);
	WITH(cap, NOON_EDGE_VALUE_MAX + 1);
	WITH(floor, -1);
	WITH(half_few, -1);
	WITH(allowance[NOON_EDGE_DIFFERENCES - 1], -1);
	WITH(centre, (enum noon_edge_centre)2);
}

/* ---- the estimate ---- */

static void three_values_make_an_estimate(void **state)
{
	struct noon_edge_estimate e;

	(void)state;
	feed(NOON_US(30));
	feed(NOON_US(10));
	assert_false(noon_edge_offset_is_usable(&o, &conf, now));
	feed(NOON_US(20));
	assert_true(noon_edge_offset_is_usable(&o, &conf, now));
	e = estimate();
	assert_int_equal(e.basis, NOON_EDGE_OWN);
	assert_int_equal(e.n, 3);
	assert_int_equal(e.correction, NOON_US(20));
	assert_int_equal(e.mad, NOON_US(10));
	/* 500 + 1.2533 * 1.4826 * 10000 / sqrt(3), rounded up */
	assert_int_equal(e.uncertainty, 500 + 10728);
	/* 500 + 10000 * sqrt(100 / 4), from residuals -10, 0 and 10 us */
	assert_int_equal(e.half, 500 + 50000);
	assert_true(fabs(e.share - 0.75) < 1e-12);
	assert_int_equal(e.p01, NOON_US(10));
	assert_int_equal(e.p50, NOON_US(20));
	assert_int_equal(e.p99, NOON_US(30));
	assert_int_equal(e.mean, NOON_US(20));
	assert_false(e.stale || e.capped);
}

static void half_width_is_a_quantile_when_there_are_enough_residuals(void **state)
{
	(void)state;
	feed_level(NOON_US(20), 98);
	assert_int_equal(o.residuals.n, 98);
	assert_true(fabs(estimate().share - 98.0 / 99.0) < 1e-12);
	assert_int_equal(estimate().half, 500 + NOON_US(30)); /* half_few */
	feed(NOON_US(20));
	assert_true(fabs(estimate().share - 0.99) < 1e-12);
	assert_int_equal(estimate().half, 500 + NOON_US(3));
}

/* Of 256 residuals one is larger than the quantile 0.99, which has rank 255: 0.99 * 257 = 254.43.
 */
static void half_width_leaves_out_one_in_a_hundred(void **state)
{
	(void)state;
	conf.residuals = 256;
	noon_edge_offset_init(&o, &conf);
	feed_level(NOON_US(20), 400);
	feed(NOON_US(120));
	feed_level(NOON_US(20), 10);
	assert_int_equal(estimate().half, 500 + NOON_US(3));
	feed(NOON_US(130));
	assert_int_equal(estimate().half, 500 + NOON_US(100));
	feed_level(NOON_US(20), 10);
	feed(NOON_US(140));
	assert_int_equal(estimate().half, 500 + NOON_US(110));
}

static void few_values_have_at_least_the_half_width_for_few(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		feed(NOON_US(20));
	assert_int_equal(estimate().half, 500 + conf.half_few);
}

static void quantiles_are_not_negative(void **state)
{
	(void)state;
	feed_level(NOON_US(40), 50);
	feed(0);
	feed_level(NOON_US(4), 60);
	assert_true(estimate().p01 >= 0);
}

static void correction_has_a_cap_and_the_half_width_says_so(void **state)
{
	noon_dur half;

	(void)state;
	feed_level(NOON_US(400), 120);
	half = estimate().half;
	assert_false(estimate().capped);
	conf.cap = NOON_US(390);
	assert_true(estimate().capped);
	assert_int_equal(estimate().correction, NOON_US(390));
	assert_int_equal(estimate().p50, NOON_US(400));
	assert_int_equal(estimate().half, half + NOON_US(10));
}

static void running_mean_is_of_all_values(void **state)
{
	(void)state;
	feed_level(NOON_US(20), 99);
	assert_int_equal(feed(NOON_US(320)), NOON_EDGE_OUTLIER);
	assert_int_equal(estimate().correction, NOON_US(20));
	assert_int_equal(estimate().mean, NOON_US(23));
	conf.centre = NOON_EDGE_CENTRE_MEAN;
	assert_int_equal(estimate().correction, NOON_US(23));
}

/* ---- outliers ---- */

static void outliers_are_counted_and_do_not_move_the_median(void **state)
{
	(void)state;
	feed_level(NOON_US(20), 60);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(feed(NOON_US(300)), NOON_EDGE_OUTLIER);
		feed_level(NOON_US(20), 9);
	}
	assert_int_equal(o.outliers, 10);
	assert_int_equal(o.steps, 0);
	assert_int_equal(o.recent.n, 128);
	assert_int_equal(noon_edge_window_rank(&o.recent, 128), NOON_US(23));
	assert_int_equal(o.n, 60 + 100);
	/* ... but a single packet may be one. */
	assert_int_equal(estimate().half, 500 + NOON_US(280));
	assert_int_equal(estimate().p99, NOON_US(300));
	assert_int_equal(o.values.count[25], 10); /* 250 us to 315 us */
}

static void four_late_packets_in_a_row_are_no_step(void **state)
{
	(void)state;
	feed_level(NOON_US(20), 60);
	for (int i = 0; i < 4; i++)
		assert_int_equal(feed(NOON_US(300)), NOON_EDGE_OUTLIER);
	feed_level(NOON_US(20), 9);
	assert_int_equal(o.steps, 0);
	assert_int_equal(estimate().correction, NOON_US(20));
}

static void equal_values_do_not_make_their_neighbours_outliers(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		feed(NOON_US(20));
	assert_int_equal(feed(NOON_US(20) + 2500), NOON_EDGE_TAKEN);
	assert_int_equal(feed(NOON_US(20) + 2501), NOON_EDGE_OUTLIER);
	assert_int_equal(feed(NOON_US(20) - 2501), NOON_EDGE_OUTLIER);
}

static void impossible_values_change_nothing(void **state)
{
	struct noon_edge_estimate e;

	(void)state;
	feed_level(NOON_US(20), 30);
	e = estimate();
	assert_int_equal(feed(-1), NOON_EDGE_REJECTED);
	assert_int_equal(feed(INT64_MIN), NOON_EDGE_REJECTED);
	assert_int_equal(feed(NOON_EDGE_VALUE_MAX + 1), NOON_EDGE_REJECTED);
	assert_int_equal(o.rejected, 3);
	assert_int_equal(o.n, 30);
	assert_int_equal(estimate().half, e.half);
	assert_int_equal(feed(NOON_EDGE_VALUE_MAX), NOON_EDGE_OUTLIER);
}

/* ---- steps ---- */

static int values_until_step(noon_dur level)
{
	int n = 1;

	while (n < 100 && feed(level) != NOON_EDGE_STEP)
		n++;
	return n;
}

static void a_step_drops_the_old_window(void **state)
{
	(void)state;
	feed_level(NOON_US(24), 200);
	assert_int_equal(values_until_step(NOON_US(60)), 5);
	assert_int_equal(o.steps, 1);
	assert_int_equal(o.recent.n, 5);
	assert_int_equal(estimate().correction, NOON_US(60));
	assert_true(estimate().share < 0.99);
	/* Back again: the new window has to be long enough first to judge by. */
	assert_int_equal(values_until_step(NOON_US(24)), 8);
	assert_int_equal(estimate().correction, NOON_US(24));
}

static void a_step_down_is_found_as_well(void **state)
{
	(void)state;
	feed_level(NOON_US(60), 200);
	assert_int_equal(values_until_step(NOON_US(24)), 5);
	assert_int_equal(estimate().correction, NOON_US(24));
}

static void running_mean_and_histogram_outlive_a_step(void **state)
{
	(void)state;
	feed_level(NOON_US(20), 198);
	feed_level(NOON_US(80), 198);
	assert_int_equal(o.steps, 1);
	assert_int_equal(estimate().mean, NOON_US(50));
	assert_int_equal(o.n, 396);
}

/* ---- age ---- */

static void old_estimates_are_not_used(void **state)
{
	noon_time limit;

	(void)state;
	assert_false(noon_edge_offset_is_stale(&o, &conf, NOON_TIME_NEVER));
	feed_level(NOON_US(20), 30);
	limit = noon_time_add(now, conf.stale_after);
	assert_true(noon_edge_offset_is_usable(&o, &conf, limit));
	limit = noon_time_add(limit, 1);
	assert_true(noon_edge_offset_is_stale(&o, &conf, limit));
	assert_false(noon_edge_offset_is_usable(&o, &conf, limit));
	/* A clock that was set back. */
	assert_true(noon_edge_offset_is_stale(&o, &conf, (noon_time){-NOON_S(600)}));
}

static void a_window_that_has_expired_starts_again(void **state)
{
	(void)state;
	feed_level(NOON_US(20), 30);
	now = noon_time_add(now, conf.stale_after);
	feed(NOON_US(50));
	assert_int_equal(o.expired, 1);
	assert_int_equal(o.recent.n, 1);
	assert_int_equal(o.residuals.n, 0);
	assert_int_equal(o.n, 31);
	feed(NOON_US(50));
	feed(NOON_US(50));
	assert_int_equal(estimate().correction, NOON_US(50));
}

#define TEST(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_in_range),
		TEST(what_is_out_of_range_is_refused),
		TEST(three_values_make_an_estimate),
		TEST(half_width_is_a_quantile_when_there_are_enough_residuals),
		TEST(half_width_leaves_out_one_in_a_hundred),
		TEST(few_values_have_at_least_the_half_width_for_few),
		TEST(quantiles_are_not_negative),
		TEST(correction_has_a_cap_and_the_half_width_says_so),
		TEST(running_mean_is_of_all_values),
		TEST(outliers_are_counted_and_do_not_move_the_median),
		TEST(four_late_packets_in_a_row_are_no_step),
		TEST(equal_values_do_not_make_their_neighbours_outliers),
		TEST(impossible_values_change_nothing),
		TEST(a_step_drops_the_old_window),
		TEST(a_step_down_is_found_as_well),
		TEST(running_mean_and_histogram_outlive_a_step),
		TEST(old_estimates_are_not_used),
		TEST(a_window_that_has_expired_starts_again),
	};

	return cmocka_run_group_tests_name("estimate/edge_offset", tests, NULL, NULL);
}
