/* SPDX-License-Identifier: Apache-2.0
 *
 * Equivalent degrees of freedom of a deviation, its bias, and its confidence interval.
 *
 * edf: twice the squared mean of the variance estimate over its variance. edf * estimate / true
 * variance is then nearly chi-square with edf degrees of freedom.
 */
#ifndef NOON_METROLOGY_EDF_H
#define NOON_METROLOGY_EDF_H

#include "base/err.h"
#include "metrology/stability/deviation.h"
#include "metrology/stability/noise.h"

/**
 * Return the equivalent degrees of freedom; 0: not known for this statistic and noise.
 *
 * @param n  samples of phase without gaps; noon_edf_samples() for a series with gaps
 * Source: C. Greenhall, W. Riley, Uncertainty of stability variances based on finite differences,
 * 35th PTTI, 2003; NIST SP 1065, 5.4.1 and tables 7 to 9 for the total deviations.
 */
double noon_edf(enum noon_statistic what, enum noon_noise noise, size_t m, size_t n);

/** Return how many samples without a gap would give that many pairs: for noon_edf(). */
size_t noon_edf_samples(enum noon_statistic what, size_t m, size_t pairs);

/**
 * Return what the raw deviation is multiplied by to remove its bias: 1 where it has none, and for
 * kinds of noise that no bias is published for.
 *
 * For MTOTDEV and TTOTDEV 1 / sqrt(0.94, 0.83, 0.73, 0.70, 0.69) for alpha = 2 to -2; for HTOTDEV
 * and TOTDEV by NIST SP 1065, 5.2.11 and 5.2.14. HTOTDEV for m = 1 is OHDEV: it has none.
 */
double noon_bias(enum noon_statistic what, enum noon_noise noise, size_t m, size_t n);

/**
 * Bound a true deviation by its estimate.
 * @param level  of confidence, 0 < level < 1, with equal tails
 * @param[out] ret_low   of the deviation, in its unit; untouched unless NOON_OK
 * @param[out] ret_high  the same
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  edf <= 0 or level is outside its range
 */
NOON_MUST_USE noon_err noon_confidence(double deviation, double edf, double level, double *ret_low,
				       double *ret_high);

#endif
