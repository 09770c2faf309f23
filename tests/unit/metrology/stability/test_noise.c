/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metrology/stability/noise.h"

#define N 4096

/* Noise of alpha = 2 - 2 sums: white phase, added up so many times. */
static void make(double *x, unsigned sums, uint64_t seed)
{
	struct noon_rng rng = noon_rng_seeded(seed);

	for (size_t i = 0; i < N; i++)
		x[i] = noon_rng_gauss(&rng);
	for (unsigned k = 0; k < sums; k++)
		for (size_t i = 1; i < N; i++)
			x[i] += x[i - 1];
}

static void even_exponents_are_identified(void **state)
{
	static double x[N], scratch[N + 1];
	const struct noon_series s = {.x = x, .n = N, .tau0 = 1.0};
	enum noon_noise noise;

	(void)state;
	for (unsigned sums = 0; sums <= 3; sums++)
		for (size_t m = 1; m <= 16; m *= 4) {
			make(x, sums, 7 + sums);
			/* A drift and an offset are no noise. */
			for (size_t i = 0; i < N; i++)
				x[i] += 5.0 + (double)i * (3.0 + (double)i);
			assert_int_equal(noon_noise_identify(&s, m, 3, scratch, &noise), NOON_OK);
			/* Decimated random walks of phase are still that. */
			assert_int_equal(noise, 2 - 2 * (int)sums);
		}
}

static void too_little_is_not_judged(void **state)
{
	double x[40], scratch[41];
	struct noon_series s = {.x = x, .n = 29, .tau0 = 1.0};
	enum noon_noise noise = NOON_NOISE_FLICKER_FM;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		x[i] = (double)(i * 7919 % 13);
	assert_int_equal(noon_noise_identify(&s, 1, 2, scratch, &noise), NOON_ERR_EMPTY);
	s.n = 40;
	assert_int_equal(noon_noise_identify(&s, 2, 2, scratch, &noise), NOON_ERR_EMPTY);
	for (size_t i = 0; i < 40; i++)
		x[i] = 0.0;
	assert_int_equal(noon_noise_identify(&s, 1, 2, scratch, &noise), NOON_ERR_EMPTY);
	assert_int_equal(noise, NOON_NOISE_FLICKER_FM);
}

static void longest_run_decides(void **state)
{
	static double x[N], scratch[N + 1];
	const struct noon_series s = {.x = x, .n = N, .tau0 = 1.0};
	enum noon_noise noise;

	(void)state;
	make(x, 1, 9);
	for (size_t i = 0; i < 1000; i++)
		x[i] = i % 2 == 0 ? 1e3 : -1e3;
	x[1000] = (double)NAN;
	assert_int_equal(noon_noise_identify(&s, 1, 2, scratch, &noise), NOON_OK);
	assert_int_equal(noise, NOON_NOISE_WHITE_FM);
	assert_string_equal(noon_noise_name(noise), "white FM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(even_exponents_are_identified),
		cmocka_unit_test(too_little_is_not_judged),
		cmocka_unit_test(longest_run_decides),
	};

	return cmocka_run_group_tests_name("metrology/stability/noise", tests, NULL, NULL);
}
