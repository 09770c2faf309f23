/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metrology/bound/stamped_bound.h"

#define N 8

static struct noon_stamped_bound bound(const struct noon_stamped *s, size_t n, double max_rate,
				       int64_t at)
{
	size_t scratch[2 * N];
	struct noon_stamped_bound b;

	assert_true(n <= N);
	assert_int_equal(noon_stamped_bound(s, n, max_rate, (noon_time){at}, scratch, &b), NOON_OK);
	return b;
}

static struct noon_stamped sample(int64_t tq, int64_t tr, int64_t first, int64_t last)
{
	return (struct noon_stamped){{tq}, {tr}, {first}, {last}};
}

static void nothing_is_known_without_samples(void **state)
{
	struct noon_stamped_bound b;

	(void)state;
	assert_int_equal(noon_stamped_bound(NULL, 0, 1e-4, (noon_time){5}, NULL, &b), NOON_OK);
	assert_false(b.empty);
	assert_int_equal(b.lower, INT64_MIN);
	assert_int_equal(b.upper, INT64_MAX);
	assert_true(b.lower_by == NOON_STAMPED_NONE && b.upper_by == NOON_STAMPED_NONE);
	assert_true(b.rate_lower <= -1e-4 && b.rate_upper >= 1e-4);
	assert_true(b.rate_lower > -1.01e-4 && b.rate_upper < 1.01e-4);
}

static void one_stamp_gives_its_interval(void **state)
{
	const struct noon_stamped s = sample(1000, 1040, 5000, 5100);
	const struct noon_stamped_bound b = bound(&s, 1, 0.0, 1000000);

	(void)state;
	assert_int_equal(b.lower, 5000 - 1040);
	assert_int_equal(b.upper, 5100 - 1000);
	assert_int_equal(b.lower_by, 0);
	assert_int_equal(b.upper_by, 0);
	assert_false(b.empty);
}

/* With a rate of up to 0.1 the bound widens from tr and tq on, each for itself, by whole ns. */
static void bound_widens_with_distance(void **state)
{
	const struct noon_stamped s = sample(1000, 1040, 5000, 5100);
	const struct noon_stamped_bound after = bound(&s, 1, 0.125, 2043);
	const struct noon_stamped_bound before = bound(&s, 1, 0.125, 3);

	(void)state;
	assert_int_equal(after.lower, 5000 - 1040 - 126);  /* 1003 / 8 = 125.4 */
	assert_int_equal(after.upper, 5100 - 1000 + 131);  /* 1043 / 8 = 130.4 */
	assert_int_equal(before.lower, 5000 - 1040 - 130); /* 1037 / 8 = 129.6 */
	assert_int_equal(before.upper, 5100 - 1000 + 125); /* 997 / 8 = 124.6 */
}

static void two_way_exchange_is_theta_and_half_delay(void **state)
{
	/* T1 = 0, T2 = 130, T3 = 150, T4 = 100: offset 90, delay 80. */
	const struct noon_stamped s = sample(0, 100, 150, 130);
	const struct noon_stamped_bound b = bound(&s, 1, 0.0, 0);

	(void)state;
	assert_int_equal(b.lower, 50);
	assert_int_equal(b.upper, 130);
}

static void without_a_rate_samples_intersect_in_any_order(void **state)
{
	const struct noon_stamped s[] = {
		sample(900, 910, 1000, 1100),
		sample(100, 150, 200, 300),
		sample(100, 150, 200, 300),
		sample(400, 420, 500, 600),
	};
	const struct noon_stamped_bound b = bound(s, 4, 0.0, -7);

	(void)state;
	assert_int_equal(b.lower, 90);
	assert_int_equal(b.lower_by, 0);
	assert_int_equal(b.upper, 200);
	assert_true(b.rate_lower >= 0.0 && b.rate_upper <= 0.0);
}

/* x(0) in [-10, 10] and x(1000) in [90, 110]: the rate is 0.08 to 0.12, x(500) in [40, 60]. */
static void rate_is_learned_from_the_samples(void **state)
{
	const struct noon_stamped s[] = {sample(0, 0, -10, 10), sample(1000, 1000, 1090, 1110)};
	const struct noon_stamped_bound middle = bound(s, 2, 0.5, 500);
	const struct noon_stamped_bound late = bound(s, 2, 0.5, 2000);

	(void)state;
	assert_true(middle.rate_lower <= 0.08 && middle.rate_lower > 0.0799999);
	assert_true(middle.rate_upper >= 0.12 && middle.rate_upper < 0.1200001);
	assert_int_equal(middle.lower, 40);
	assert_int_equal(middle.upper, 60);
	assert_int_equal(late.lower, 170);
	assert_int_equal(late.upper, 230);
	assert_int_equal(late.lower_by, 1);
	assert_int_equal(late.upper_by, 1);
}

static void contradiction_names_its_samples(void **state)
{
	const struct noon_stamped two[] = {
		sample(500, 500, 0, 1000),
		sample(0, 0, 20, 30),
		sample(1000, 1000, 1200, 1210),
	};
	const struct noon_stamped four[] = {
		sample(0, 0, -10, 10),
		sample(1000, 1000, 1090, 1110),
		sample(2000, 2000, 2500, 2510),
	};
	const struct noon_stamped_bound fast = bound(two, 3, 0.1, 0);
	const struct noon_stamped_bound bent = bound(four, 3, 0.9, 0);

	(void)state;
	/* 180 in 1000 is more than the limit of the rate. */
	assert_true(fast.empty);
	assert_int_equal(fast.against_n, 2);
	assert_int_equal(fast.against[0] + fast.against[1], 1 + 2);
	assert_false(bound(two, 3, 0.2, 0).empty);
	/* The rate from 0 to 1000 is 0.12 at most, from 1000 to 2000 at least 0.39. */
	assert_true(bent.empty);
	assert_int_equal(bent.against_n, 4);
}

static void same_instant_contradicts_without_regard_to_the_rate(void **state)
{
	const struct noon_stamped s[] = {sample(0, 10, 100, 200), sample(10, 20, 0, 50)};
	const struct noon_stamped_bound b = bound(s, 2, 0.9, 0);

	(void)state;
	assert_true(b.empty);
	assert_int_equal(b.against[0], 0);
	assert_int_equal(b.against[1], 1);
}

static void one_sided_samples_bound_one_side(void **state)
{
	const struct noon_stamped s[] = {sample(0, 10, INT64_MIN, 200),
					 sample(5, 15, 0, INT64_MAX)};

	(void)state;
	assert_int_equal(bound(s, 1, 0.1, 0).lower, INT64_MIN);
	assert_int_equal(bound(s, 1, 0.1, 0).upper, 200);
	assert_int_equal(bound(s + 1, 1, 0.0, 0).lower, -15);
	assert_int_equal(bound(s + 1, 1, 0.0, 0).upper, INT64_MAX);
}

static void centuries_do_not_overflow(void **state)
{
	const struct noon_stamped s[] = {
		sample(INT64_MIN + 1, INT64_MIN + 5, INT64_MIN + 1, INT64_MIN + 10),
		sample(INT64_MAX - 10, INT64_MAX - 5, INT64_MAX - 8, INT64_MAX - 2),
		sample(0, 3, 1, 8),
	};
	const struct noon_stamped far = sample(INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX);
	const struct noon_stamped_bound b = bound(s, 3, 0.5, INT64_MAX);

	(void)state;
	assert_false(b.empty);
	assert_true(b.lower <= 0 && b.lower >= -30);
	assert_true(b.upper >= 0 && b.upper <= 30);
	assert_true(b.rate_upper < 1e-16 && b.rate_lower > -1e-16);
	assert_int_equal(bound(&far, 1, 0.5, INT64_MIN).lower, INT64_MAX);
	assert_true(bound(s, 3, 0.0, 0).lower <= 0);
}

/* From 90 to 60 and back in 2000 ns: no line, but within a rate of 0.05. */
static void wandering_clock_is_bounded_by_its_largest_rate(void **state)
{
	const struct noon_stamped s[] = {
		sample(0, 0, 88, 92),
		sample(1000, 1000, 1058, 1062),
		sample(2000, 2000, 2088, 2092),
	};
	struct noon_stamped_bound b;

	(void)state;
	assert_true(bound(s, 3, 0.0625, 1500).empty);
	assert_int_equal(noon_stamped_bound_wandering(s, 3, 0.0625, (noon_time){1501}, &b),
			 NOON_OK);
	assert_false(b.empty);
	assert_int_equal(b.lower, 88 - 32); /* 499 / 16 = 31.2 */
	assert_int_equal(b.lower_by, 2);
	assert_int_equal(b.upper, 62 + 32); /* 501 / 16 = 31.3 */
	assert_int_equal(b.upper_by, 1);
	assert_int_equal(noon_stamped_bound_wandering(s, 3, 0.015625, (noon_time){1500}, &b),
			 NOON_OK);
	assert_true(b.empty);
	assert_int_equal(b.against_n, 2);
	assert_int_equal(b.against[0], 2);
	assert_int_equal(b.against[1], 1);
	assert_int_equal(noon_stamped_bound_wandering(NULL, 0, 0.5, (noon_time){1}, &b), NOON_OK);
	assert_true(b.lower == INT64_MIN && b.upper == INT64_MAX && !b.empty);
	assert_int_equal(noon_stamped_bound_wandering(s, 3, 1.0, (noon_time){1}, &b),
			 NOON_ERR_RANGE);
}

/* PTP: Sync leaves at 1000 of S and arrives at 400, Delay_Req leaves at 500 and arrives at 1200. */
static void answer_may_come_first(void **state)
{
	const struct noon_stamped s = sample(500, 400, 1000, 1200);
	struct noon_stamped_bound b;
	size_t scratch[2];

	(void)state;
	assert_int_equal(noon_stamped_bound(&s, 1, 0.0, (noon_time){450}, scratch, &b), NOON_OK);
	assert_int_equal(b.lower, 600);
	assert_int_equal(b.upper, 700);
}

static void bad_input_is_refused(void **state)
{
	const struct noon_stamped good = sample(0, 0, 0, 1);
	struct noon_stamped_bound b = {.lower = 7};
	size_t scratch[2];
	const noon_time at = {0};

	(void)state;
	assert_int_equal(noon_stamped_bound(&good, 1, 1.0, at, scratch, &b), NOON_ERR_RANGE);
	assert_int_equal(noon_stamped_bound(&good, 1, -0.1, at, scratch, &b), NOON_ERR_RANGE);
	assert_int_equal(b.lower, 7);
}

/* Requests in one order, replies in the other: each sample holds those before it. Both decide at
 * the innermost one. */
static void replies_may_overtake_each_other(void **state)
{
	struct noon_stamped s[200];
	size_t scratch[400];
	struct noon_stamped_bound b;

	(void)state;
	for (int64_t i = 0; i < 200; i++) {
		const int64_t k = i * 77 % 200; /* in no order */

		s[i] = sample(k * 10, 5000 - k * 10, 2500, 2600);
	}
	assert_int_equal(noon_stamped_bound(s, 200, 0.0, (noon_time){0}, scratch, &b), NOON_OK);
	assert_int_equal(b.lower, 2500 - (5000 - 1990));
	assert_int_equal(b.upper, 2600 - 1990);
	assert_int_equal(s[b.lower_by].tq.ns, 1990);
	assert_int_equal(s[b.upper_by].tq.ns, 1990);
	/* At the first reply x is -510 + 1990 y at least, the hull has to be in order for that. */
	assert_int_equal(noon_stamped_bound(s, 200, 0.5, (noon_time){5000}, scratch, &b), NOON_OK);
	assert_false(b.empty);
	assert_int_equal(s[b.upper_by].tq.ns, 1990);
	assert_int_equal(b.upper, 610 + 3010 / 2);
}

static void a_million_samples_in_disorder(void **state)
{
	const size_t n = 1000000;
	struct noon_stamped *s = malloc(n * sizeof(*s));
	size_t *scratch = malloc(2 * n * sizeof(*scratch));
	struct noon_rng rng = noon_rng_seeded(2);
	struct noon_stamped_bound b;

	(void)state;
	assert_non_null(s);
	assert_non_null(scratch);
	for (size_t i = 0; i < n; i++) {
		const int64_t tq = (int64_t)(noon_rng_u64(&rng) % (uint64_t)NOON_S(100000));
		const int64_t d = (int64_t)(noon_rng_exp(&rng) * 1e6) + 1000;
		const int64_t stamp = tq + d + NOON_S(3) + tq / 100000;

		s[i] = sample(tq, tq + 2 * d, stamp - stamp % NOON_S(1),
			      stamp - stamp % NOON_S(1) + NOON_S(1));
	}
	assert_int_equal(noon_stamped_bound(s, n, 1e-4, (noon_time){0}, scratch, &b), NOON_OK);
	assert_false(b.empty);
	assert_true(b.lower <= NOON_S(3) && b.upper >= NOON_S(3));
	assert_true(b.upper - b.lower < 400000);
	assert_true(b.rate_lower <= 1e-5 && b.rate_upper >= 1e-5);
	free(s);
	free(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_without_samples),
		cmocka_unit_test(one_stamp_gives_its_interval),
		cmocka_unit_test(bound_widens_with_distance),
		cmocka_unit_test(two_way_exchange_is_theta_and_half_delay),
		cmocka_unit_test(without_a_rate_samples_intersect_in_any_order),
		cmocka_unit_test(rate_is_learned_from_the_samples),
		cmocka_unit_test(contradiction_names_its_samples),
		cmocka_unit_test(same_instant_contradicts_without_regard_to_the_rate),
		cmocka_unit_test(one_sided_samples_bound_one_side),
		cmocka_unit_test(centuries_do_not_overflow),
		cmocka_unit_test(wandering_clock_is_bounded_by_its_largest_rate),
		cmocka_unit_test(answer_may_come_first),
		cmocka_unit_test(bad_input_is_refused),
		cmocka_unit_test(replies_may_overtake_each_other),
		cmocka_unit_test(a_million_samples_in_disorder),
	};

	return cmocka_run_group_tests_name("metrology/bound/stamped_bound", tests, NULL, NULL);
}
