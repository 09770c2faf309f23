/* SPDX-License-Identifier: Apache-2.0
 *
 * The chi-square distribution with any number of degrees of freedom > 0.
 */
#ifndef NOON_METROLOGY_CHI_SQUARE_H
#define NOON_METROLOGY_CHI_SQUARE_H

/** Return the probability of a value <= x; x >= 0, nu > 0. Relative error below 1e-10. */
double noon_chi_square_below(double x, double nu);

/** Return the x that values do not exceed with probability p; 0 < p < 1, nu >= 0.1. Relative
 *  error below 1e-9 where p is within [1e-9, 1 - 1e-9]. */
double noon_chi_square_quantile(double p, double nu);

#endif
