/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metrology/bound/wide.h"

#define BIG ((noon_wide)1 << 66)

static void fractions_compare_exactly(void **state)
{
	const struct {
		struct noon_fraction a, b;
		int sign;
	} row[] = {
		{{1, 2}, {2, 4}, 0},
		{{1, 3}, {33, 100}, 1},
		{{-1, 3}, {-33, 100}, -1},
		{{0, 5}, {0, 7}, 0},
		{{-1, 5}, {0, 7}, -1},
		{{BIG, BIG - 1}, {BIG - 1, BIG - 2}, -1},
		{{-BIG, BIG - 1}, {-(BIG - 1), BIG - 2}, 1},
		{{BIG, BIG - 2}, {BIG / 2, BIG / 2 - 1}, 0},
		{{BIG, 1}, {BIG - 1, 1}, 1},
		{{1, BIG}, {1, BIG - 1}, -1},
		{{-7, BIG}, {-7, BIG}, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(noon_fraction_compare(row[i].a, row[i].b), row[i].sign);
		assert_int_equal(noon_fraction_compare(row[i].b, row[i].a), -row[i].sign);
	}
}

/* Multiplying both parts by the same large number changes nothing, but takes the other way. */
static void both_ways_of_comparing_agree(void **state)
{
	struct noon_rng rng = noon_rng_seeded(1);

	(void)state;
	for (int i = 0; i < 100000; i++) {
		const int64_t p = (int64_t)(noon_rng_u64(&rng) >> 52) - 2048;
		const int64_t q = (int64_t)(noon_rng_u64(&rng) >> 54) + 1;
		const int64_t r = (int64_t)(noon_rng_u64(&rng) >> 52) - 2048;
		const int64_t s = (int64_t)(noon_rng_u64(&rng) >> 54) + 1;
		const noon_wide f = (noon_wide)1 << 55;
		const int expected = (p * s > r * q) - (p * s < r * q);

		assert_int_equal(noon_fraction_compare((struct noon_fraction){p, q},
						       (struct noon_fraction){r, s}),
				 expected);
		assert_int_equal(noon_fraction_compare((struct noon_fraction){p * f, q * f},
						       (struct noon_fraction){r * f, s * f}),
				 expected);
	}
}

static void products_round_down(void **state)
{
	(void)state;
	assert_true(noon_fraction_scale_floor((struct noon_fraction){1, 3}, 10) == 3);
	assert_true(noon_fraction_scale_floor((struct noon_fraction){1, 3}, -10) == -4);
	assert_true(noon_fraction_scale_floor((struct noon_fraction){-1, 3}, 10) == -4);
	assert_true(noon_fraction_scale_floor((struct noon_fraction){-1, 3}, -9) == 3);
	assert_true(noon_fraction_scale_floor((struct noon_fraction){BIG - 1, BIG}, BIG) ==
		    BIG - 1);
	assert_true(noon_fraction_scale_floor((struct noon_fraction){BIG - 1, BIG}, BIG - 1) ==
		    BIG - 2);
	assert_true(noon_fraction_scale_floor((struct noon_fraction){1 - BIG, BIG}, BIG - 1) ==
		    1 - BIG);
}

static void wide_values_saturate(void **state)
{
	(void)state;
	assert_int_equal(noon_wide_saturate(BIG), INT64_MAX);
	assert_int_equal(noon_wide_saturate(-BIG), INT64_MIN);
	assert_int_equal(noon_wide_saturate(-5), -5);
	assert_true(noon_fraction_ceil((struct noon_fraction){1, 3}) > 1.0 / 3.0);
	assert_true(noon_fraction_ceil((struct noon_fraction){-1, 3}) > -1.0 / 3.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fractions_compare_exactly),
		cmocka_unit_test(both_ways_of_comparing_agree),
		cmocka_unit_test(products_round_down),
		cmocka_unit_test(wide_values_saturate),
	};

	return cmocka_run_group_tests_name("metrology/bound/wide", tests, NULL, NULL);
}
