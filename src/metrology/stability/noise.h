/* SPDX-License-Identifier: Apache-2.0
 *
 * Which power law the noise of a series follows at an averaging time: S_y(f) ~ f^alpha.
 */
#ifndef NOON_METROLOGY_NOISE_H
#define NOON_METROLOGY_NOISE_H

#include "base/err.h"
#include "metrology/stability/series.h"

/** Fewest samples at spacing m tau0 that are enough to tell. */
#define NOON_NOISE_SAMPLES_MIN 30

/** Exponents alpha; the value is the exponent. */
enum noon_noise {
	NOON_NOISE_RANDOM_RUN_FM = -4,
	NOON_NOISE_FLICKER_WALK_FM = -3,
	NOON_NOISE_RANDOM_WALK_FM = -2,
	NOON_NOISE_FLICKER_FM = -1,
	NOON_NOISE_WHITE_FM = 0,
	NOON_NOISE_FLICKER_PM = 1,
	NOON_NOISE_WHITE_PM = 2,
};

/** Return a name: "white PM"; static storage. */
const char *noon_noise_name(enum noon_noise n);

/**
 * Identify the noise at m tau0 from the lag-1 autocorrelation of every m-th sample of the longest
 * run without a gap, after its quadratic trend was removed.
 *
 * Every m-th sample of flicker PM has more and more white noise folded into it, so that it is taken
 * for white PM at large m.
 *
 * @param d_max    differences taken at most: 2 for variances of second differences, 3 for those of
 *                 third; tells noise down to alpha = 2 - 2 d_max
 * @param scratch  n / m + 1 elements
 * @param[out] ret untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY  fewer than NOON_NOISE_SAMPLES_MIN samples are left, or all are the same
 * Source: W. Riley, C. Greenhall, Power law noise identification using the lag 1 autocorrelation,
 * 18th EFTF, 2004; NIST SP 1065, 5.5.6.
 */
NOON_MUST_USE noon_err noon_noise_identify(const struct noon_series *s, size_t m, unsigned d_max,
					   double *scratch, enum noon_noise *ret);

#endif
