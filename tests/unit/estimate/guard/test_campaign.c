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
		assert_int_equal(noon_campaign_assess(x, N, &c), NOON_OK);
		assert_true(fabs(c.mean_ns - 100e3) < 40 && fabs(c.sd_ns - 1e3) < 30);
		assert_true(c.inflation < 1.1);
		drifting += noon_campaign_drifts(&c);
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
	assert_int_equal(noon_campaign_assess(x, N, &c), NOON_OK);
	assert_true(fabs(c.autocorrelation - rho) < 0.03);
	/* (1 + rho) / (1 - rho) = 9 */
	assert_true(c.inflation > 6.5 && c.inflation < 11.5);
	assert_true(noon_campaign_needed(&c, 100) > 60000);
}

/* Longer than all lags that are looked at: (1 + rho) / (1 - rho) = 399. */
static void long_correlation_is_not_overlooked(void **state)
{
	struct noon_campaign c;

	(void)state;
	lay(8, 0.995, 0);
	assert_int_equal(noon_campaign_assess(x, N, &c), NOON_OK);
	print_message("# inflation %.0f\n", c.inflation);
	assert_true(c.inflation > 200 && c.inflation < 800);
}

static void drift_and_jumps_are_seen(void **state)
{
	struct noon_campaign c;

	(void)state;
	lay(4, 0, 200);
	assert_int_equal(noon_campaign_assess(x, N, &c), NOON_OK);
	assert_true(noon_campaign_drifts(&c));
	assert_true(c.drift_ns > 100 && c.drift_ns < 250);
	lay(5, 0, 0);
	for (size_t i = N * 3 / 8; i < N * 5 / 8; i++)
		x[i] += 200;
	assert_int_equal(noon_campaign_assess(x, N, &c), NOON_OK);
	assert_true(c.drift_p > 1e-3);	       /* no trend, */
	assert_true(noon_campaign_drifts(&c)); /* and not the same all the time either */
}

static void degenerate_series(void **state)
{
	struct noon_campaign c;

	(void)state;
	assert_int_equal(noon_campaign_assess(x, 63, &c), NOON_ERR_EMPTY);
	for (size_t i = 0; i < N; i++)
		x[i] = 5000;
	assert_int_equal(noon_campaign_assess(x, N, &c), NOON_OK);
	assert_true(c.sd_ns < 1e-6 && c.inflation < 1.001);
	assert_false(noon_campaign_drifts(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(white_noise_is_good),
		cmocka_unit_test(correlation_is_measured),
		cmocka_unit_test(long_correlation_is_not_overlooked),
		cmocka_unit_test(drift_and_jumps_are_seen),
		cmocka_unit_test(degenerate_series),
	};

	return cmocka_run_group_tests_name("estimate/campaign", tests, NULL, NULL);
}
