/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"

static void repeats_for_a_seed(void **state)
{
	struct noon_rng a = noon_rng_seeded(42);
	struct noon_rng b = noon_rng_seeded(42);
	struct noon_rng c = noon_rng_seeded(43);
	int same = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		const uint64_t v = noon_rng_u64(&a);

		assert_true(v == noon_rng_u64(&b));
		same += v == noon_rng_u64(&c);
	}
	assert_int_equal(same, 0);
}

/* SplitMix64 of seed 0 begins e220a8397b1dcdaf, 6e789e6aa1b965f4 (reference implementation). */
static void seeds_by_splitmix(void **state)
{
	const struct noon_rng rng = noon_rng_seeded(0);

	(void)state;
	assert_true(rng.s[0] == UINT64_C(0xe220a8397b1dcdaf));
	assert_true(rng.s[1] == UINT64_C(0x6e789e6aa1b965f4));
}

static void has_the_moments_it_claims(void **state)
{
	struct noon_rng rng = noon_rng_seeded(7);
	const int n = 200000;
	double gauss = 0;
	double square = 0;
	double expo = 0;

	(void)state;
	for (int i = 0; i < n; i++) {
		const double g = noon_rng_gauss(&rng);

		gauss += g;
		square += g * g;
		expo += noon_rng_exp(&rng);
	}
	assert_true(fabs(gauss / n) < 0.01);
	assert_true(fabs(square / n - 1) < 0.02);
	assert_true(fabs(expo / n - 1) < 0.01);
}

/* What is drawn at once comes out once, in order, and then the generator goes on. */
static void gives_out_what_was_drawn_at_once(void **state)
{
	static const size_t sizes[] = {0, 12, 28, 144, 400};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct noon_rng a = noon_rng_seeded(9);
		struct noon_rng b = noon_rng_seeded(9);
		const size_t drawn = sizes[i] < NOON_RNG_DRAWN_MAX ? sizes[i] : NOON_RNG_DRAWN_MAX;
		struct noon_rng_drawn d;
		uint8_t got[200];
		uint8_t expected[200];

		noon_rng_draw(&d, &a, sizes[i]);
		noon_rng_fill(&b, expected, drawn);
		for (size_t at = 0; at < drawn; at += 4)
			noon_rng_fill(&d.rng, got + at, 4);
		assert_memory_equal(got, expected, drawn);
		noon_rng_fill(&d.rng, got, 33);
		noon_rng_fill(&b, expected, 33);
		assert_memory_equal(got, expected, 33);
		noon_rng_drawn_fini(&d);
	}
}

/* A value that begins in what was drawn and ends beyond. */
static void goes_on_in_the_middle_of_a_value(void **state)
{
	struct noon_rng a = noon_rng_seeded(9);
	struct noon_rng b = noon_rng_seeded(9);
	struct noon_rng_drawn d;
	uint8_t got[24];
	uint8_t expected[24];

	(void)state;
	noon_rng_draw(&d, &a, 8);
	noon_rng_fill(&d.rng, got, sizeof(got));
	noon_rng_fill(&b, expected, 8);
	noon_rng_fill(&b, expected + 8, 16);
	assert_memory_equal(got, expected, sizeof(got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeats_for_a_seed),
		cmocka_unit_test(seeds_by_splitmix),
		cmocka_unit_test(has_the_moments_it_claims),
		cmocka_unit_test(gives_out_what_was_drawn_at_once),
		cmocka_unit_test(goes_on_in_the_middle_of_a_value),
	};

	return cmocka_run_group_tests_name("base/rng", tests, NULL, NULL);
}
