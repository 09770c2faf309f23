/* SPDX-License-Identifier: Apache-2.0
 *
 * Sums of many small terms with an error that does not grow with their number (Neumaier, Z. Angew.
 * Math. Mech. 54, 1974, 39).
 */
#ifndef NOON_METROLOGY_SUM_H
#define NOON_METROLOGY_SUM_H

#include <math.h>

/** All zero: the empty sum. */
struct noon_sum {
	double total, rest;
};

static inline void noon_sum_add(struct noon_sum *s, double v)
{
	const double t = s->total + v;

	s->rest += fabs(s->total) >= fabs(v) ? (s->total - t) + v : (v - t) + s->total;
	s->total = t;
}

static inline double noon_sum_value(const struct noon_sum *s)
{
	return s->total + s->rest;
}

#endif
