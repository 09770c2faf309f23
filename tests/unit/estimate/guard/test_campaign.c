/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/guard/campaign.h"

#define N 20000

#define TOP 110e3

static int64_t x[N];

/* Autoregressive noise of standard deviation 1 us around 100 us, with a drift over the whole. */
static void lay(uint64_t seed, double rho, double drift_ns)
{
	struct noon_rng rng = noon_rng_seeded(seed);
	double v = noon_rng_gauss(&rng);

	for (size_t i = 0; i < N; i++) {
		x[i] = (int64_t)(100e3 + 1e3 * v + drift_ns * (double)i / N);
		v = rho * v + sqrt(1.0 - rho * rho) * noon_rng_gauss(&rng);
	}
}

static void white_noise_is_good(void **state)
{
	struct noon_campaign c;
	unsigned drifting = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		lay(seed, 0, 0);
		assert_int_equal(noon_campaign_assess(x, N, TOP, &c), NOON_OK);
		assert_true(fabs(c.mean_ns - 100e3) < 40 && fabs(c.sd_ns - 1e3) < 30);
		assert_true(c.inflation.long_run < 1.5);
		drifting += noon_campaign_drifts(&c, 250);
	}
	assert_true(drifting <= 1);
	assert_int_equal(noon_campaign_needed(&c, 5), NOON_CAMPAIGN_MIN);
	assert_true(noon_campaign_needed(&c, 100) >= 10000);
}

static void correlation_is_measured(void **state)
{
	const double rho = 0.8;
	struct noon_campaign c;

	(void)state;
	lay(3, rho, 0);
	assert_int_equal(noon_campaign_assess(x, N, TOP, &c), NOON_OK);
	assert_true(fabs(c.autocorrelation - rho) < 0.03);
	/* (1 + rho) / (1 - rho) = 9 */
	assert_true(c.inflation.long_run > 6.5 && c.inflation.long_run < 13);
	/* A mean of few neighbours varies little more than one of them. */
	assert_true(noon_inflation_at(&c.inflation, 2) < 1.9);
	assert_true(noon_campaign_needed(&c, 1024) > 90000);
}

/* Longer than all lags that are looked at: (1 + rho) / (1 - rho) = 399. */
static void long_correlation_is_not_overlooked(void **state)
{
	struct noon_campaign c;

	(void)state;
	lay(8, 0.995, 0);
	assert_int_equal(noon_campaign_assess(x, N, TOP, &c), NOON_OK);
	print_message("# inflation %.0f\n", c.inflation.long_run);
	assert_true(c.inflation.long_run > 200 && c.inflation.long_run < 800);
}

static void drift_and_jumps_are_seen(void **state)
{
	struct noon_campaign c;

	(void)state;
	lay(4, 0, 200);
	assert_int_equal(noon_campaign_assess(x, N, TOP, &c), NOON_OK);
	assert_true(c.drift_ns > 100 && c.drift_ns < 250);
	/* By size, not by significance: beyond a tenth of what is to be found. */
	assert_true(c.moved_ns > 40 && c.moved_ns < 110);
	assert_true(noon_campaign_drifts(&c, 300));
	assert_false(noon_campaign_drifts(&c, 2000));
	lay(5, 0, 0);
	for (size_t i = N * 3 / 8; i < N * 5 / 8; i++)
		x[i] += 200;
	assert_int_equal(noon_campaign_assess(x, N, TOP, &c), NOON_OK);
	assert_true(fabs(c.drift_ns) < 60);	    /* no trend, */
	assert_true(noon_campaign_drifts(&c, 500)); /* and not the same all the time either */
}

/* A ramp without any noise. */
static void a_pure_ramp_moves(void **state)
{
	struct noon_campaign c;

	(void)state;
	for (size_t i = 0; i < N; i++)
		x[i] = 100000 + (int64_t)i / 10;
	assert_int_equal(noon_campaign_assess(x, N, TOP, &c), NOON_OK);
	assert_true(fabs(c.drift_ns - N / 10.0 * 7 / 8) < N / 100.0);
	assert_true(c.moved_ns > 0.35 * N / 10 && c.moved_ns < 0.45 * N / 10);
}

/* One packet held for a second hides neither correlation nor movement. */
static void one_outlier_hides_nothing(void **state)
{
	struct noon_campaign c;

	(void)state;
	lay(3, 0.8, 1000);
	x[N / 3] += 1000000000;
	assert_int_equal(noon_campaign_assess(x, N, TOP, &c), NOON_OK);
	assert_int_equal(c.clipped, 1);
	assert_true(c.autocorrelation > 0.7 && c.sd_ns < 1200);
	assert_true(c.inflation.long_run > 6.5);
	assert_true(c.moved_ns > 200 && c.moved_ns < 600);
}

/* White jitter and a slow load: the sum over neighbours sees 14, the truth is 1 + 0.05 * 1999. */
static void slow_load_under_white_jitter_is_found(void **state)
{
	struct noon_rng rng = noon_rng_seeded(6);
	const double rho = 0.999;
	struct noon_campaign c;
	double v = 0;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		v = rho * v + sqrt(1.0 - rho * rho) * noon_rng_gauss(&rng);
		x[i] = (int64_t)(100e3 + 1e3 * (0.975 * noon_rng_gauss(&rng) + 0.22 * v));
	}
	assert_int_equal(noon_campaign_assess(x, N, TOP, &c), NOON_OK);
	print_message("# inflation %.0f of 8: %.2f\n", c.inflation.long_run,
		      noon_inflation_at(&c.inflation, 8));
	assert_true(c.autocorrelation < 0.1);
	assert_true(c.inflation.long_run > 20 && noon_inflation_at(&c.inflation, 8) < 1.6);
}

static void granularity_is_found(void **state)
{
	struct noon_campaign c;

	(void)state;
	lay(9, 0, 0);
	for (size_t i = 0; i < N; i++)
		x[i] = x[i] / 250 * 250 + 7;
	assert_int_equal(noon_campaign_assess(x, N, TOP, &c), NOON_OK);
	assert_int_equal(c.granularity_ns, 250);
}

static void degenerate_series(void **state)
{
	struct noon_campaign c;

	(void)state;
	assert_int_equal(noon_campaign_assess(x, 63, TOP, &c), NOON_ERR_EMPTY);
	for (size_t i = 0; i < N; i++)
		x[i] = 5000;
	assert_int_equal(noon_campaign_assess(x, N, TOP, &c), NOON_OK);
	assert_true(c.sd_ns <= 0.0 && c.inflation.long_run <= 1.0 && c.granularity_ns == 0);
	assert_true(fabs(c.autocorrelation) <= 0.0);
	assert_false(noon_campaign_drifts(&c, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(white_noise_is_good),
		cmocka_unit_test(correlation_is_measured),
		cmocka_unit_test(long_correlation_is_not_overlooked),
		cmocka_unit_test(drift_and_jumps_are_seen),
		cmocka_unit_test(a_pure_ramp_moves),
		cmocka_unit_test(one_outlier_hides_nothing),
		cmocka_unit_test(slow_load_under_white_jitter_is_found),
		cmocka_unit_test(granularity_is_found),
		cmocka_unit_test(degenerate_series),
	};

	return cmocka_run_group_tests_name("estimate/campaign", tests, NULL, NULL);
}
