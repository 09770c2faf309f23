/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/bound/fuse.h"

static struct noon_window w;

static const struct noon_drift none = {.rate_max = 0.0, .wander = 0.0, .max_age = NOON_S(100)};
static const struct noon_drift plain = {
	.rate_max = 500e-6, .wander = 1e-6, .max_age = NOON_S(14400)};

/* An exchange of no duration: bounds lo and hi at h. */
static struct noon_exchange exchange(noon_dur h, noon_dur lo, noon_dur hi)
{
	return (struct noon_exchange){
		.lo = {.h = {h}, .theta = lo, .server_err = 3, .stamp_err = 2},
		.hi = {.h = {h}, .theta = hi, .server_err = 3, .stamp_err = 2},
	};
}

static void fill(const struct noon_exchange *x, size_t n)
{
	noon_window_clear(&w);
	for (size_t i = 0; i < n; i++)
		noon_window_add(&w, &x[i], 0.0);
}

static void takes_largest_lower_and_smallest_upper_bound(void **state)
{
	const struct noon_exchange x[] = {exchange(0, -10, 50), exchange(10, -40, 7),
					  exchange(20, -20, 20)};
	struct noon_cert c;

	(void)state;
	fill(x, 3);
	assert_int_equal(noon_fuse(&w, NULL, &none, (noon_time){30}, &c), NOON_OK);
	assert_int_equal(c.theta.lo, -10);
	assert_int_equal(c.theta.hi, 7);
	assert_int_equal(c.lo.server_err, 3);
	assert_int_equal(c.hi.stamp_err, 2);
}

static void one_exchange_widens_by_the_largest_rate_error(void **state)
{
	const struct noon_exchange x = exchange(0, -100, 100);
	struct noon_cert c;
	struct noon_interval in;

	(void)state;
	noon_window_clear(&w);
	assert_int_equal(noon_fuse(&w, &x, &plain, (noon_time){NOON_S(1)}, &c), NOON_OK);
	assert_true(c.theta.lo <= -500100 && c.theta.lo > -500105);
	assert_true(c.theta.hi >= 500100 && c.theta.hi < 500105);
	assert_true(c.lo.drift >= 500000);
	in = noon_cert_at(&c, (noon_time){NOON_S(2)});
	assert_true(in.hi >= 1000100 && in.hi < 1000110);
}

/* Theta rises by 2 us in 1 s, known to 100 ns each: the rate is 2e-6 within 0.2e-6 and wander. */
static void two_exchanges_prove_a_rate(void **state)
{
	const struct noon_exchange x[] = {exchange(0, -100, 100), exchange(NOON_S(1), 1900, 2100)};
	struct noon_rate r;
	struct noon_cert c;

	(void)state;
	fill(x, 2);
	assert_int_equal(noon_fuse_rate(&w, &plain, &r), NOON_OK);
	assert_true(fabs(r.min - 0.8e-6) < 1e-12);
	assert_true(fabs(r.max - 3.2e-6) < 1e-12);
	assert_int_equal(noon_fuse(&w, NULL, &plain, (noon_time){NOON_S(11)}, &c), NOON_OK);
	assert_true(c.theta.hi >= 2100 + 32000 && c.theta.hi < 2110 + 32000);
	assert_true(c.theta.lo <= 1900 + 8000 && c.theta.lo > 1890 + 8000);
}

static void rates_beyond_the_largest_are_empty(void **state)
{
	const struct noon_exchange x[] = {exchange(0, -100, 100),
					  exchange(NOON_S(1), 600000, 600200)};
	struct noon_cert c = {.h0 = {5}};

	(void)state;
	fill(x, 1);
	assert_int_equal(noon_fuse(&w, &x[1], &plain, (noon_time){NOON_S(1)}, &c), NOON_ERR_EMPTY);
	assert_int_equal(c.h0.ns, 5);
	/* The window alone is still good. */
	assert_int_equal(noon_fuse(&w, NULL, &plain, (noon_time){NOON_S(1)}, &c), NOON_OK);
}

static void rates_that_wander_too_much_are_empty(void **state)
{
	const struct noon_exchange x[] = {exchange(0, -100, 100), exchange(NOON_S(100), -100, 100),
					  exchange(NOON_S(200), 149800, 150200)};
	struct noon_rate r;

	(void)state;
	fill(x, 3);
	assert_int_equal(noon_fuse_rate(&w, &plain, &r), NOON_OK);
	fill(x, 2);
	w.lo.e[1].theta = w.hi.e[1].theta = 0;
	noon_window_add(&w,
			&(struct noon_exchange){.lo = {.h = {NOON_S(200)}, .theta = 250000},
						.hi = {.h = {NOON_S(200)}, .theta = 250000}},
			0.0);
	assert_int_equal(noon_fuse_rate(&w, &plain, &r), NOON_ERR_EMPTY);
}

static void simultaneous_contradiction_is_empty(void **state)
{
	const struct noon_exchange x[] = {exchange(0, -10, 10), exchange(0, 11, 20)};
	struct noon_cert c;

	(void)state;
	fill(x, 1);
	assert_int_equal(noon_fuse(&w, &x[1], &plain, (noon_time){0}, &c), NOON_ERR_EMPTY);
}

static void empty_window_is_not_found(void **state)
{
	struct noon_cert c;

	(void)state;
	noon_window_clear(&w);
	assert_int_equal(noon_fuse(&w, NULL, &plain, (noon_time){0}, &c), NOON_ERR_NOT_FOUND);
}

static void certificate_falls_back_to_the_largest_rate_error_when_old(void **state)
{
	const struct noon_exchange x[] = {exchange(0, 0, 0), exchange(NOON_S(10), 0, 0)};
	struct noon_cert c;
	noon_dur in, out;

	(void)state;
	fill(x, 2);
	assert_int_equal(noon_fuse(&w, NULL, &plain, (noon_time){NOON_S(10)}, &c), NOON_OK);
	assert_int_equal(c.rate_until.ns, NOON_S(14410));
	in = noon_cert_at(&c, (noon_time){NOON_S(14410)}).hi;
	out = noon_cert_at(&c, (noon_time){NOON_S(14420)}).hi;
	assert_in_range(in, 14400000, 14400100);
	assert_in_range(out - in, 5000000, 5000010);
}

/* Rates of 0 and of 9e-6, each known to 0.2e-6: 8.6e-6 apart at least, and the pair across the bend
 * of 4.5e-6 with half of that to either. */
static void least_wander_joins_two_rates(void **state)
{
	const struct noon_exchange x[] = {exchange(0, -100, 100), exchange(NOON_S(1), -100, 100),
					  exchange(NOON_S(2), 8900, 9100)};
	struct noon_drift d = plain;
	noon_freq least = 0.0;
	struct noon_cert c;

	(void)state;
	fill(x, 2);
	assert_int_equal(noon_fuse_wander(&w, &x[2], &plain, (noon_time){NOON_S(2)}, &least),
			 NOON_OK);
	assert_true(least > 4e-6 && least < 9e-6);
	d.wander = least;
	assert_int_equal(noon_fuse(&w, &x[2], &d, (noon_time){NOON_S(2)}, &c), NOON_OK);
	d.wander = least - 3e-9;
	assert_int_equal(noon_fuse(&w, &x[2], &d, (noon_time){NOON_S(2)}, &c), NOON_ERR_EMPTY);
	/* What agrees needs no more than is assumed. */
	assert_int_equal(noon_fuse_wander(&w, &x[1], &plain, (noon_time){NOON_S(2)}, &least),
			 NOON_OK);
	assert_true(least <= plain.wander);
}

static void no_wander_joins_a_jump(void **state)
{
	const struct noon_exchange x[] = {exchange(0, -100, 100),
					  exchange(NOON_S(1), 501000, 501200)};
	noon_freq least = 7.0;

	(void)state;
	fill(x, 1);
	assert_int_equal(noon_fuse_wander(&w, &x[1], &plain, (noon_time){NOON_S(1)}, &least),
			 NOON_ERR_EMPTY);
	assert_true(least > 6.9);
	noon_window_clear(&w);
	assert_int_equal(noon_fuse_wander(&w, NULL, &plain, (noon_time){0}, &least),
			 NOON_ERR_NOT_FOUND);
}

static void hull_holds_what_either_says(void **state)
{
	const struct noon_exchange x = exchange(0, -100, 100);
	const struct noon_interval far = {5000, 6000}, nothing = {INT64_MAX, INT64_MIN};
	struct noon_cert c, hull;

	(void)state;
	noon_window_clear(&w);
	assert_int_equal(noon_fuse(&w, &x, &none, (noon_time){0}, &c), NOON_OK);
	hull = noon_cert_hull(&c, far, 500e-6, (noon_time){10});
	assert_int_equal(hull.theta.lo, -100);
	assert_int_equal(hull.theta.hi, 6000);
	assert_int_equal(noon_cert_at(&hull, (noon_time){NOON_S(1) + 10}).hi, 506001);
	hull = noon_cert_hull(&c, nothing, 500e-6, (noon_time){10});
	assert_int_equal(hull.theta.lo, -100);
	assert_int_equal(hull.theta.hi, 100);
	hull = noon_cert_hull(NULL, far, 500e-6, (noon_time){10});
	assert_int_equal(hull.theta.lo, 5000);
	noon_cert_shift(&hull, -NOON_S(1));
	assert_int_equal(hull.theta.hi, 6000 - NOON_S(1));
}

/* Rates of 0 and of 1.2e-6 over spans of 100 s, known to 2e-9: together they need a wander of half
 * their difference each. */
static const struct noon_exchange swaying[] = {
	{{{0}, -100, 0, 0}, {{0}, 100, 0, 0}, 0},
	{{{NOON_S(100)}, -100, 0, 0}, {{NOON_S(100)}, 100, 0, 0}, 0},
	{{{NOON_S(200)}, 119900, 0, 0}, {{NOON_S(200)}, 120100, 0, 0}, 0},
};

static void long_run_has_rates_of_its_own(void **state)
{
	struct noon_drift d = plain;
	struct noon_cert c;

	(void)state;
	d.wander = 7e-6;
	fill(swaying, 2);
	assert_int_equal(noon_fuse(&w, NULL, &d, (noon_time){NOON_S(100)}, &c), NOON_OK);
	assert_true(noon_time_is_never(c.holdover_from));
	noon_fuse_holdover(&w, &d, NOON_S(16), (noon_time){NOON_S(118)}, &c);
	assert_true(noon_time_is_never(c.holdover_from)); /* nothing is said of it */
	d.holdover = 1e-6;
	noon_fuse_holdover(&w, &d, NOON_S(101), (noon_time){NOON_S(118)}, &c);
	assert_true(c.holdover.max >= c.rate.max); /* too near to each other to tell */
	noon_fuse_holdover(&w, &d, NOON_S(16), (noon_time){NOON_S(118)}, &c);
	assert_int_equal(c.holdover_from.ns, NOON_S(118));
	assert_true(c.holdover.max > 1e-6 && c.holdover.max < 1.01e-6);
	assert_true(c.rate.max > 7e-6);
	/* What contradicts it leaves the rates in force. */
	d.holdover = 0.1e-6;
	fill(swaying, 3);
	assert_int_equal(noon_fuse(&w, NULL, &d, (noon_time){NOON_S(200)}, &c), NOON_OK);
	noon_fuse_holdover(&w, &d, NOON_S(16), (noon_time){NOON_S(218)}, &c);
	assert_true(noon_time_is_never(c.holdover_from));
}

static void what_is_seen_of_the_long_run(void **state)
{
	struct noon_drift d = plain;
	noon_freq seen;

	(void)state;
	d.wander = 7e-6;
	d.holdover = 1e-6;
	fill(swaying, 2);
	assert_true(noon_fuse_needed_holdover(&w, &d, NOON_S(16)) <= 0.0);
	fill(swaying, 3);
	seen = noon_fuse_needed_holdover(&w, &d, NOON_S(16));
	assert_true(seen > 0.55e-6 && seen < 0.65e-6);
	assert_true(noon_fuse_needed_holdover(&w, &d, NOON_S(300)) <= 0.0);
	d.holdover = 2e-6;
	assert_true(noon_fuse_needed_holdover(&w, &d, NOON_S(16)) <= 0.0);
	d.holdover = 0.0;
	assert_true(noon_fuse_needed_holdover(&w, &d, NOON_S(16)) <= 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_largest_lower_and_smallest_upper_bound),
		cmocka_unit_test(one_exchange_widens_by_the_largest_rate_error),
		cmocka_unit_test(two_exchanges_prove_a_rate),
		cmocka_unit_test(rates_beyond_the_largest_are_empty),
		cmocka_unit_test(rates_that_wander_too_much_are_empty),
		cmocka_unit_test(simultaneous_contradiction_is_empty),
		cmocka_unit_test(empty_window_is_not_found),
		cmocka_unit_test(certificate_falls_back_to_the_largest_rate_error_when_old),
		cmocka_unit_test(least_wander_joins_two_rates),
		cmocka_unit_test(no_wander_joins_a_jump),
		cmocka_unit_test(hull_holds_what_either_says),
		cmocka_unit_test(long_run_has_rates_of_its_own),
		cmocka_unit_test(what_is_seen_of_the_long_run),
	};

	return cmocka_run_group_tests_name("estimate/fuse", tests, NULL, NULL);
}
