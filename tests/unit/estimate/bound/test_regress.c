/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/bound/regress.h"

#define THETA INT64_C(1789876543210987654)

static struct noon_points ps;

static void add(noon_dur h, noon_dur theta, noon_dur delay)
{
	noon_points_add(&ps, &(struct noon_point){{h}, THETA + theta, delay, 0});
}

static void nothing_gives_nothing(void **state)
{
	struct noon_fit f = {.used = 9};

	(void)state;
	ps.n = 0;
	assert_int_equal(noon_regress(&ps, &f), NOON_ERR_EMPTY);
	assert_int_equal(f.used, 9);
}

static void one_point_gives_an_offset_and_no_rate(void **state)
{
	struct noon_fit f;

	(void)state;
	ps.n = 0;
	add(NOON_S(5), 123, 1000);
	assert_int_equal(noon_regress(&ps, &f), NOON_OK);
	assert_int_equal(f.theta, THETA + 123);
	assert_false(f.has_rate);
}

static void exact_line_is_found(void **state)
{
	struct noon_fit f;

	(void)state;
	ps.n = 0;
	for (int i = 0; i < 40; i++)
		add(NOON_S(16) * i, NOON_US(16) * i, 1000);
	assert_int_equal(noon_regress(&ps, &f), NOON_OK);
	assert_true(f.has_rate);
	assert_true(llabs(f.theta - THETA - NOON_US(16) * 39) <= 1);
	assert_true(fabs(f.rate - 1e-6) < 1e-11);
	assert_int_equal(f.used, 40);
}

static void slow_exchanges_count_less(void **state)
{
	struct noon_fit f;

	(void)state;
	ps.n = 0;
	for (int i = 0; i < 20; i++)
		add(NOON_S(16) * i, i % 2 ? 50000 : 0, i % 2 ? 101000 : 1000 + i);
	assert_int_equal(noon_regress(&ps, &f), NOON_OK);
	assert_true(llabs(f.theta - THETA) < 5000);
}

static void one_outlier_does_little(void **state)
{
	struct noon_rng rng = noon_rng_seeded(3);
	struct noon_fit f;

	(void)state;
	ps.n = 0;
	for (int i = 0; i < 40; i++)
		add(NOON_S(16) * i,
		    (noon_dur)(100.0 * noon_rng_gauss(&rng)) + (i == 38 ? 100000 : 0),
		    1000 + (noon_dur)(200.0 * noon_rng_exp(&rng)));
	assert_int_equal(noon_regress(&ps, &f), NOON_OK);
	assert_true(llabs(f.theta - THETA) < 500);
}

/* The rate turns by 2e-7 half way: a straight line would be some us off. */
static void bent_oscillator_is_followed(void **state)
{
	struct noon_rng rng = noon_rng_seeded(4);
	struct noon_fit f;

	(void)state;
	ps.n = 0;
	for (int i = 0; i < 64; i++) {
		const noon_dur truth = i < 32 ? 0 : INT64_C(3200) * (i - 32);

		add(NOON_S(16) * i, truth + (noon_dur)(100.0 * noon_rng_gauss(&rng)),
		    1000 + (noon_dur)(200.0 * noon_rng_exp(&rng)));
	}
	assert_int_equal(noon_regress(&ps, &f), NOON_OK);
	assert_true(llabs(f.theta - THETA - INT64_C(31) * 3200) < 300);
	assert_true(fabs(f.rate - 2e-7) < 2e-8);
	assert_true(f.walk > 0.0);
}

/* The stated standard deviation is that of the error, within a factor of two. */
static void stated_uncertainty_is_honest(void **state)
{
	double sum = 0.0, said = 0.0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct noon_rng rng = noon_rng_seeded(seed);
		struct noon_fit f;
		double err;

		ps.n = 0;
		for (int i = 0; i < 30; i++) {
			const noon_dur up = (noon_dur)(1e5 * noon_rng_exp(&rng));
			const noon_dur down = (noon_dur)(1e5 * noon_rng_exp(&rng));

			add(NOON_S(16) * i, (up - down) / 2, 200000 + up + down);
		}
		assert_int_equal(noon_regress(&ps, &f), NOON_OK);
		err = (double)(f.theta - THETA);
		sum += err * err;
		said += f.theta_sd_ns * f.theta_sd_ns;
	}
	assert_true(sum < 4.0 * said);
	assert_true(said < 4.0 * sum);
}

static void uncertainty_grows_ahead(void **state)
{
	const struct noon_fit f = {.theta_sd_ns = 100, .rate_sd = 1e-9, .walk = 1e-9};
	const struct noon_fit both = {.theta_sd_ns = 100, .rate_sd = 1e-9, .cov_ns = 80e-9};

	(void)state;
	assert_true(fabs(noon_fit_sd_ns(&f, 0) - 100.0) < 1e-9);
	/* sqrt(100^2 + 100^2 + 577^2) */
	assert_true(fabs(noon_fit_sd_ns(&f, NOON_S(100)) - 594.4) < 0.1);
	/* Offset and rate that err together: sqrt(100^2 + 2 * 8000 + 100^2) */
	assert_true(fabs(noon_fit_sd_ns(&both, NOON_S(100)) - 189.7) < 0.1);
}

static void full_list_drops_the_oldest(void **state)
{
	(void)state;
	ps.n = 0;
	for (int i = 0; i < NOON_REGRESS_MAX + 3; i++)
		add(i, 0, 0);
	assert_int_equal(ps.n, NOON_REGRESS_MAX);
	assert_int_equal(ps.p[0].h.ns, 3);
}

static void wild_numbers_do_no_harm(void **state)
{
	struct noon_fit f;

	(void)state;
	ps.n = 0;
	noon_points_add(&ps, &(struct noon_point){{0}, INT64_MIN, INT64_MAX, INT64_MAX});
	noon_points_add(&ps, &(struct noon_point){{0}, INT64_MAX, INT64_MIN, 0});
	noon_points_add(&ps, &(struct noon_point){{1}, INT64_MIN, 0, 0});
	assert_int_equal(noon_regress(&ps, &f), NOON_OK);
	assert_true(fabs(f.rate) >= 0.0);
	assert_true(f.theta_sd_ns >= 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_gives_nothing),
		cmocka_unit_test(one_point_gives_an_offset_and_no_rate),
		cmocka_unit_test(exact_line_is_found),
		cmocka_unit_test(slow_exchanges_count_less),
		cmocka_unit_test(one_outlier_does_little),
		cmocka_unit_test(bent_oscillator_is_followed),
		cmocka_unit_test(stated_uncertainty_is_honest),
		cmocka_unit_test(uncertainty_grows_ahead),
		cmocka_unit_test(full_list_drops_the_oldest),
		cmocka_unit_test(wild_numbers_do_no_harm),
	};

	return cmocka_run_group_tests_name("estimate/regress", tests, NULL, NULL);
}
