/* SPDX-License-Identifier: Apache-2.0
 *
 * Order statistics: sorting, quantiles, shortest intervals.
 */
#ifndef NOON_METROLOGY_ORDER_H
#define NOON_METROLOGY_ORDER_H

#include <stddef.h>

/** Sort ascending, in place (heapsort: n log n at worst). No NAN. */
void noon_sort(double *x, size_t n);

/** Return the quantile q of n > 0 sorted values, between the two nearest by linear interpolation;
 *  0 <= q <= 1. */
double noon_quantile(const double *sorted, size_t n, double q);

/** Find the shortest interval with at least the fraction p of n > 0 sorted values, 0 < p <= 1
 *  (JCGM 101:2008, 7.7.4). */
void noon_shortest_interval(const double *sorted, size_t n, double p, double *ret_lower,
			    double *ret_upper);

#endif
