/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/law/channel.h"

static struct noon_law law;

static bool near(double a, double b, double tolerance)
{
	if (fabs(a - b) <= tolerance)
		return true;
	print_message("# %.12g is not %.12g\n", a, b);
	return false;
}

static void anchors_of_the_reference_are_reached(void **state)
{
	const struct noon_channel c = noon_channel_default();
	const struct noon_cgf k = noon_cgf_of_channel(&c);

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	assert_true(near(law.mean_ns, 80184.0, 0.5));
	assert_true(near(law.sd_ns, 18383.7, 0.05));
	assert_true(near(law.sd_ns / sqrt(10.0), 5813.4, 0.05));
	assert_true(law.skewness > 0.0 && law.skewness < 0.2);
	assert_true(near(k.mean_ns, law.mean_ns, 1e-6) && near(k.sd_ns, law.sd_ns, 1e-6));
	assert_true(near(k.most_ns, 20.0 * 12336.0, 1e-6));
}

static void impossible_channels_are_refused(void **state)
{
	struct noon_channel bad[9];

	(void)state;
	for (size_t i = 0; i < 9; i++)
		bad[i] = noon_channel_default();
	bad[0].routers = 0;
	bad[1].routers = NOON_CHANNEL_ROUTERS_MAX + 1;
	bad[2].p_idle = 1.0;
	bad[3].p_idle = -0.1;
	bad[4].p_idle = (double)NAN;
	bad[5].packet_bytes = 0.0;
	bad[6].rate_bps = -1.0;
	bad[7].fixed_ns = -1.0;
	bad[8].rate_bps = (double)INFINITY;
	law.n = 77;
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(noon_law_of_channel(&bad[i], &law), NOON_ERR_RANGE);
	assert_int_equal(law.n, 77);
}

/* Whatever the channel, the cells have the moments of the formula. */
static void cells_have_the_moments_of_the_formula(void **state)
{
	const unsigned routers[] = {1, 2, 5, 10, 40, 100, 255};
	const double idle[] = {0.0, 0.1, 0.35, 0.9, 0.999};

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		for (size_t j = 0; j < 5; j++) {
			const struct noon_channel c = {routers[i], idle[j], 1542.0, 1e9, 5e6};
			double sum = 0.0, k1, k2;

			assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
			for (size_t k = 0; k < law.n; k++)
				sum += law.p[k];
			assert_true(near(sum, 1.0, 1e-12));
			(void)noon_law_cgf(&law, 0.0, &k1, &k2);
			assert_true(near(k1, law.mean_ns, 1e-4 * law.sd_ns));
			assert_true(near(sqrt(k2) / law.sd_ns, 1.0, 1e-3));
			assert_true(near(noon_law_quantile(&law, 0.0), 5e6, 1e-3));
		}
	}
}

/* Two routers: an atom, the law of one wait, and that of the sum of two. */
static void two_routers_have_a_law_in_closed_form(void **state)
{
	const struct noon_channel c = {1, 0.35, 1542.0, 1e9, 0.0};
	const double p = 0.35, q = 0.65;

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	for (double u = 0.1; u < 2.0; u += 0.1) {
		const double one = fmin(u, 1.0);
		const double two = u < 1.0 ? u * u / 2.0 : 1.0 - (2.0 - u) * (2.0 - u) / 2.0;
		const double want = p * p + 2.0 * p * q * one + q * q * two;

		assert_true(near(noon_law_cdf(&law, u * 12336.0), want, 3e-4));
	}
}

/* K' and K'' are the derivatives of K; K at 0 is 0. */
static void cumulant_function_is_consistent(void **state)
{
	const struct noon_channel c = noon_channel_default();
	const struct noon_cgf k = noon_cgf_of_channel(&c);
	double a1, a2, b1, b2, c1, c2;

	(void)state;
	assert_true(near(k.k(&c, 0.0, &a1, &a2), 0.0, 1e-15));
	assert_true(near(a1, 0.0, 1e-9) && near(sqrt(a2), k.sd_ns, 1e-6));
	for (double u = -60.0; u <= 60.0; u += 0.7) {
		const double t = u / 12336.0, h = 1e-3 / 12336.0;
		const double down = k.k(&c, t - h, &a1, &a2), up = k.k(&c, t + h, &b1, &b2);

		(void)k.k(&c, t, &c1, &c2);
		assert_true(near((up - down) / (2.0 * h) / 12336.0, c1 / 12336.0, 1e-5));
		assert_true(near((b1 - a1) / (2.0 * h) / k.sd_ns / k.sd_ns, c2 / k.sd_ns / k.sd_ns,
				 1e-5));
	}
}

static void draws_agree_with_the_law(void **state)
{
	const struct noon_channel c = {3, 0.5, 1542.0, 1e9, 0.0};
	struct noon_rng rng = noon_rng_seeded(4);
	const int n = 100000;
	int below = 0;

	(void)state;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	for (int i = 0; i < n; i++) {
		double x = 0.0;

		for (int j = 0; j < 6; j++) {
			const double u = noon_rng_unit(&rng);

			x += u < 0.5 ? 0.0 : (u - 0.5) * 2.0 * 12336.0;
		}
		below += x < 15000.0;
	}
	assert_true(near((double)below / n, noon_law_cdf(&law, 15000.0), 5e-3));
}

/* Figures of each by hand: mean 2 M q w/2, variance 2 M w^2 (q/3 - q^2/4). */
static void named_channels_have_the_widths_they_say(void **state)
{
	static const struct {
		const char *name;
		double mean_ns, sd_ns, most_ns;
	} want[] = {
		{"paper", 80184.0, 18383.7, 246720.0},
		{"wireless", 1000.0, 408.248, 2000.0},
		{"ptp-aware", 160.0, 20.6559, 320.0},
	};
	size_t n = 0;

	(void)state;
	for (; noon_channel_preset(n) != NULL; n++) {
		const struct noon_channel_preset *p = noon_channel_preset(n);
		const struct noon_cgf k = noon_cgf_of_channel(&p->channel);

		assert_true(n < sizeof(want) / sizeof(want[0]));
		assert_string_equal(p->name, want[n].name);
		assert_int_equal(noon_channel_check(&p->channel), NOON_OK);
		assert_true(near(k.mean_ns, want[n].mean_ns, 1e-4 * want[n].mean_ns));
		assert_true(near(k.sd_ns, want[n].sd_ns, 1e-4 * want[n].sd_ns));
		assert_true(near(k.most_ns, want[n].most_ns, 1e-4 * want[n].most_ns));
	}
	assert_int_equal(n, sizeof(want) / sizeof(want[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(anchors_of_the_reference_are_reached),
		cmocka_unit_test(impossible_channels_are_refused),
		cmocka_unit_test(cells_have_the_moments_of_the_formula),
		cmocka_unit_test(two_routers_have_a_law_in_closed_form),
		cmocka_unit_test(cumulant_function_is_consistent),
		cmocka_unit_test(draws_agree_with_the_law),
		cmocka_unit_test(named_channels_have_the_widths_they_say),
	};

	return cmocka_run_group_tests_name("estimate/channel", tests, NULL, NULL);
}
