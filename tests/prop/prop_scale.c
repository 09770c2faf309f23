/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract of noon_dur_scale_out() on double arithmetic as it is (base/time.h; docs/proofs.md):
 * the result is away from zero of the exact product d * f, or at an end of int64. The product is
 * computed in integers, without rounding.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/time.h"

#define SAMPLES 2000000

__extension__ typedef unsigned __int128 wide;

/* r >= d * |f|, exactly. */
static bool at_least(uint64_t r, uint64_t d, double f)
{
	int exponent;
	const double fraction = frexp(fabs(f), &exponent);
	const wide product = (wide)d * (uint64_t)ldexp(fraction, 53);
	const int shift = exponent - 53; /* d * |f| = product * 2^shift */

	if (product == 0)
		return true;
	if (shift >= 0)
		return shift < 64 && (r >> shift) >= product;
	if (shift <= -128)
		return r >= 1;
	return r >= (product >> -shift) + ((product & (((wide)1 << -shift) - 1)) != 0);
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static bool holds(noon_dur d, noon_freq f)
{
	const noon_dur got = noon_dur_scale_out(d, f);
	const bool positive = (d >= 0) == (f >= 0);

	if (d == 0 || fpclassify(f) == FP_ZERO)
		return got == 0;
	if (got == (positive ? INT64_MAX : INT64_MIN))
		return true;
	return (got > 0) == positive && at_least(magnitude(got), magnitude(d), f);
}

/* Any number of bits. */
static int64_t any_dur(struct noon_rng *rng)
{
	const int64_t v = (int64_t)(noon_rng_u64(rng) >> (noon_rng_u64(rng) % 64));

	return noon_rng_u64(rng) % 2 ? v : -v;
}

/* Any double that is finite; half of them of the size of a rate. */
static double any_freq(struct noon_rng *rng)
{
	const double fraction = (double)(int64_t)noon_rng_u64(rng) * 0x1p-63;
	const int exponent = noon_rng_u64(rng) % 2 ? -(int)(noon_rng_u64(rng) % 40)
						   : (int)(noon_rng_u64(rng) % 2098) - 1074;

	return ldexp(fraction, exponent);
}

static void is_never_nearer_to_zero_than_the_product(void **state)
{
	struct noon_rng rng = noon_rng_seeded(1);
	unsigned bad = 0;

	(void)state;
	for (int i = 0; i < SAMPLES; i++) {
		const noon_dur d = any_dur(&rng);
		const noon_freq f = any_freq(&rng);

		if (!holds(d, f) && bad++ < 10)
			printf("# %lld * %a = %lld\n", (long long)d, f,
			       (long long)noon_dur_scale_out(d, f));
	}
	assert_int_equal(bad, 0);
}

static void keeps_its_word_at_the_ends(void **state)
{
	static const int64_t d[] = {
		INT64_MIN,	  INT64_MIN + 1,	 -1, 0, 1, INT64_MAX, INT64_MAX - 1,
		INT64_C(1) << 53, (INT64_C(1) << 53) + 1};
	static const double f[] = {
		0.0, 0x1p-1074,		  0x1p-1022, 0x1p-63, 0x1.fffffffffffffp-1,
		1.0, 0x1.0000000000001p0, 2.0,	     0x1p63,  0x1.fffffffffffffp1023};

	(void)state;
	for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
		for (size_t k = 0; k < sizeof(f) / sizeof(f[0]); k++) {
			assert_true(holds(d[i], f[k]));
			assert_true(holds(d[i], -f[k]));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_never_nearer_to_zero_than_the_product),
		cmocka_unit_test(keeps_its_word_at_the_ends),
	};

	return cmocka_run_group_tests_name("scale", tests, NULL, NULL);
}
