/* SPDX-License-Identifier: Apache-2.0
 *
 * Masks: limits of a statistic by averaging time, "tau,limit" a line, both in seconds or, for
 * fractional deviations, without a unit.
 *
 * Between two points the limit is a straight line on logarithmic scales; two points with the same
 * tau are a step. Outside the points there is no limit.
 */
#ifndef NOON_TOOLS_MASK_FILE_H
#define NOON_TOOLS_MASK_FILE_H

#include "tools/measure/series_file.h"

#define NOON_MASK_POINTS_MAX 100

struct noon_mask {
	size_t n;
	double tau[NOON_MASK_POINTS_MAX]; /**< s, > 0, not descending */
	double limit[NOON_MASK_POINTS_MAX];
};

/**
 * Read a mask.
 * @param[out] why  untouched on NOON_OK
 * @retval NOON_OK, NOON_ERR_FORMAT, NOON_ERR_EMPTY (no point), NOON_ERR_LONG (too many),
 *         NOON_ERR_OS (it cannot be opened or read)
 */
NOON_MUST_USE noon_err noon_mask_read(const char *path, struct noon_mask *ret,
				      char why[NOON_SERIES_WHY_MAX]);

/** Return the limit at tau, the lower one at a step; NaN: there is none. */
double noon_mask_limit(const struct noon_mask *m, double tau);

#endif
