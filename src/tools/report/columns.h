/* SPDX-License-Identifier: Apache-2.0
 *
 * A value of all samples of a campaign over time, in no more columns than a plot has room for.
 */
#ifndef NOON_TOOLS_COLUMNS_H
#define NOON_TOOLS_COLUMNS_H

#include "metrology/budget/calibration.h"

#define NOON_COLUMNS_MAX 720

struct noon_columns {
	size_t n;
	bool whole;	/**< each sample is a column of its own */
	double *at;	/**< s since the first question: of the sample, or middle of the column */
	double *least;	/**< of the value in the column, s */
	double *middle; /**< median */
	double *most;
	double *scratch; /**< n */
};

/**
 * Gather.
 * @param s      n samples in the order of tq
 * @param value  of a sample, s, finite
 * @param[out] ret  noon_columns_fini() it in any case; empty columns are left out
 * @retval NOON_OK, NOON_ERR_OS (no memory)
 */
NOON_MUST_USE noon_err noon_columns(const struct noon_calibration_sample *s, size_t n,
				    double (*value)(const struct noon_calibration_sample *),
				    struct noon_columns *ret);
void noon_columns_fini(struct noon_columns *c);

/** What a plot of the columns has to show: nearly all of them, with a margin, and not a few far
 *  outliers. The ends are in s, low < high. */
void noon_columns_range(const struct noon_columns *c, double *ret_low, double *ret_high);

/** Multiply the times, and the values less `zero`, for a plot in other units than s. */
void noon_columns_scale(struct noon_columns *c, double time, double zero, double value);

#endif
