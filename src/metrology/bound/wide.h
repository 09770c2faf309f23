/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact arithmetic on differences of instants that are centuries apart: 128-bit integers and
 * fractions of them.
 *
 * Magnitudes stay below 2^67, so that sums fit with room to spare; products are made only where
 * they fit.
 */
#ifndef NOON_METROLOGY_WIDE_H
#define NOON_METROLOGY_WIDE_H

#include <stdint.h>

__extension__ typedef __int128 noon_wide;

/** num / den with den > 0; |num| and den below 2^67. */
struct noon_fraction {
	noon_wide num, den;
};

/** Return -f. */
static inline struct noon_fraction noon_fraction_negate(struct noon_fraction f)
{
	return (struct noon_fraction){-f.num, f.den};
}

/** Return a negative number for a < b, 0 for a = b, a positive one for a > b; exact. */
int noon_fraction_compare(struct noon_fraction a, struct noon_fraction b);

/** Return the largest integer <= f a, exact; |a| below 2^67 and |f| <= 2^40. */
noon_wide noon_fraction_scale_floor(struct noon_fraction f, noon_wide a);

/** Return a double >= f, at most 1e-15 |f| above it. */
double noon_fraction_ceil(struct noon_fraction f);

/** Return w within int64. */
int64_t noon_wide_saturate(noon_wide w);

#endif
