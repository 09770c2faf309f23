/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/bound/wide.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

/* Two conversions and a division in double err by less than 4e-16 in relative terms. */
#define ROUNDING 1e-15

static bool is_narrow(noon_wide w)
{
	return w >= INT64_MIN && w <= INT64_MAX;
}

static noon_wide floor_div(noon_wide num, noon_wide den)
{
	const noon_wide q = num / den;

	return num % den < 0 ? q - 1 : q;
}

static int sign_of_difference(noon_wide a, noon_wide b)
{
	return (a > b) - (a < b);
}

/* Where the products could overflow: compare the whole parts, then the inverses of the remainders,
 * as Euclid's algorithm does. The denominators shrink by half in two rounds. */
static int compare_wide(struct noon_fraction a, struct noon_fraction b)
{
	int turn = 1;

	for (;;) {
		const noon_wide qa = floor_div(a.num, a.den), qb = floor_div(b.num, b.den);
		const noon_wide ra = a.num - qa * a.den, rb = b.num - qb * b.den;

		if (qa != qb || ra == 0 || rb == 0)
			return turn * (qa != qb ? sign_of_difference(qa, qb)
						: sign_of_difference(ra != 0, rb != 0));
		a = (struct noon_fraction){a.den, ra};
		b = (struct noon_fraction){b.den, rb};
		turn = -turn;
	}
}

int noon_fraction_compare(struct noon_fraction a, struct noon_fraction b)
{
	assert(a.den > 0 && b.den > 0);
	if (is_narrow(a.num) && is_narrow(a.den) && is_narrow(b.num) && is_narrow(b.den))
		return sign_of_difference(a.num * b.den, b.num * a.den);
	return compare_wide(a, b);
}

noon_wide noon_fraction_scale_floor(struct noon_fraction f, noon_wide a)
{
	/* Long division with two digits of a: a = high 2^32 + low, 0 <= low < 2^32. */
	const noon_wide digit = (noon_wide)1 << 32;
	const noon_wide high = floor_div(a, digit), low = a - high * digit;
	const noon_wide q = floor_div(f.num * high, f.den);
	const noon_wide rest = f.num * high - q * f.den;

	return q * digit + floor_div(rest * digit + f.num * low, f.den);
}

double noon_fraction_ceil(struct noon_fraction f)
{
	const double q = (double)f.num / (double)f.den;

	return q + fabs(q) * ROUNDING;
}

int64_t noon_wide_saturate(noon_wide w)
{
	if (w > INT64_MAX)
		return INT64_MAX;
	return w < INT64_MIN ? INT64_MIN : (int64_t)w;
}
