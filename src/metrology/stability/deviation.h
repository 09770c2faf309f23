/* SPDX-License-Identifier: Apache-2.0
 *
 * Deviations of phase at one averaging time, by the definitions of NIST SP 1065 and ITU-T G.810.
 *
 * With N samples x at spacing tau0 and tau = m tau0. All but the total ones take O(N) for one m;
 * each sums what the gaps leave and counts it. In a broken series nothing spans a gap.
 */
#ifndef NOON_METROLOGY_DEVIATION_H
#define NOON_METROLOGY_DEVIATION_H

#include "base/err.h"
#include "metrology/stability/series.h"

enum noon_statistic {
	NOON_ADEV,    /**< Allan deviation, non-overlapping */
	NOON_OADEV,   /**< overlapping */
	NOON_MDEV,    /**< modified Allan deviation */
	NOON_TDEV,    /**< time deviation, s: tau / sqrt(3) MDEV */
	NOON_HDEV,    /**< Hadamard deviation, non-overlapping */
	NOON_OHDEV,   /**< overlapping */
	NOON_TOTDEV,  /**< total deviation */
	NOON_MTOTDEV, /**< modified total deviation, raw: noon_bias() */
	NOON_TTOTDEV, /**< time total deviation, s, raw: tau / sqrt(3) MTOTDEV */
	NOON_HTOTDEV, /**< Hadamard total deviation, raw: noon_bias() */
	NOON_MTIE,    /**< maximum time interval error, s; a window is m + 1 samples */
	NOON_TIERMS,  /**< rms time interval error, s */
};
#define NOON_STATISTICS 12

/** Return the name: "ADEV"; static storage. */
const char *noon_statistic_name(enum noon_statistic s);

/** Return whether the statistic is one of the total ones, which take O(N m). */
bool noon_statistic_is_total(enum noon_statistic s);

/** Return the largest m that n samples allow; 0: none. */
size_t noon_statistic_m_max(enum noon_statistic s, size_t n);

/** Return how many elements of scratch memory noon_deviation() needs, of double. */
size_t noon_deviation_scratch(enum noon_statistic s, size_t n, size_t m);

/**
 * Compute a statistic for one m.
 *
 * @param m        averaging factor, >= 1
 * @param scratch  noon_deviation_scratch() elements; NULL where that is 0
 * @param[out] ret untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY        nothing to sum: too few samples for m, or too many gaps
 * @retval NOON_ERR_UNSUPPORTED  a total deviation of a series with gaps: what is reflected at the
 *                               ends has to be complete
 */
NOON_MUST_USE noon_err noon_deviation(const struct noon_series *s, enum noon_statistic what,
				      size_t m, double *scratch, struct noon_deviation *ret);

#endif
