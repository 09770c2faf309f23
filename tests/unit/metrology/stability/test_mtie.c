/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metrology/stability/mtie.h"

#define N 300

/* By the definition. */
static struct noon_deviation brute(const double *x, size_t n, size_t m)
{
	struct noon_deviation d = {0.0, 0};

	for (size_t i = 0; i + m < n; i++) {
		double max = (double)-INFINITY, min = (double)INFINITY;
		bool gap = false;

		for (size_t k = i; k <= i + m; k++) {
			gap = gap || isnan(x[k]);
			max = fmax(max, x[k]);
			min = fmin(min, x[k]);
		}
		if (gap)
			continue;
		d.value = fmax(d.value, max - min);
		d.pairs++;
	}
	return d;
}

static void both_ways_are_the_definition(void **state)
{
	double x[N], scratch[4 * (N + 2)];
	const struct noon_series s = {.x = x, .n = N, .tau0 = 1.0};
	struct noon_deviation octave[9], d, expected;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct noon_rng rng = noon_rng_seeded(seed);

		for (size_t i = 0; i < N; i++)
			x[i] = (i > 0 && !isnan(x[i - 1]) ? x[i - 1] : 0.0) + noon_rng_gauss(&rng);
		for (uint64_t k = 0; k < seed % 4; k++)
			x[noon_rng_u64(&rng) % N] = (double)NAN;
		noon_mtie_octaves(&s, 9, scratch, octave);
		for (size_t m = 1; m < N; m++) {
			expected = brute(x, N, m);
			d = noon_mtie(&s, m, scratch);
			assert_int_equal(d.pairs, expected.pairs);
			assert_true(fabs(d.value - expected.value) < 1e-12);
			for (size_t k = 0; k < 9; k++)
				if (m == (size_t)1 << k) {
					assert_int_equal(octave[k].pairs, expected.pairs);
					assert_true(fabs(octave[k].value - expected.value) < 1e-12);
				}
		}
	}
}

static void window_is_m_plus_one_samples(void **state)
{
	const double x[] = {0.0, 1.0, 3.0, 2.0};
	const struct noon_series s = {.x = x, .n = 4, .tau0 = 1.0};
	double scratch[20];

	(void)state;
	assert_true(fabs(noon_mtie(&s, 1, scratch).value - 2.0) < 1e-12);
	assert_true(fabs(noon_mtie(&s, 2, scratch).value - 3.0) < 1e-12);
	assert_int_equal(noon_mtie(&s, 3, scratch).pairs, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_are_the_definition),
		cmocka_unit_test(window_is_m_plus_one_samples),
	};

	return cmocka_run_group_tests_name("metrology/stability/mtie", tests, NULL, NULL);
}
