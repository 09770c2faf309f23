/* SPDX-License-Identifier: Apache-2.0
 *
 * The deviations of a series: what to compute, the rows of the result, and how to print them.
 */
#ifndef NOON_TOOLS_STABILITY_TABLE_H
#define NOON_TOOLS_STABILITY_TABLE_H

#include <jansson.h>
#include <stdbool.h>

#include "metrology/stability/deviation.h"
#include "metrology/stability/noise.h"
#include "tools/measure/mask_file.h"

enum noon_stability_taus {
	NOON_TAUS_OCTAVE,
	NOON_TAUS_DECADE, /**< 1, 2, 4 of each decade */
	NOON_TAUS_ALL,
};

struct noon_stability_row {
	enum noon_statistic what;
	size_t m;
	double tau;	  /**< s */
	double value;	  /**< as defined: raw where there is a bias */
	double corrected; /**< value without its bias; that of `value` where it has none */
	size_t pairs;
	bool noise_known;
	bool noise_carried; /**< from a shorter tau: here are too few samples to tell */
	enum noon_noise noise;
	double edf;	  /**< 0: not known */
	double low, high; /**< of `corrected`; NaN: not known */
	double limit;	  /**< of the mask; NaN: none */
};

struct noon_stability_table {
	struct noon_stability_row *row;
	size_t n, capacity;
	bool skipped_totals; /**< total deviations were left out, since there are gaps */
};

/** What to compute. */
struct noon_stability_plan {
	unsigned wanted; /**< bit of each noon_statistic */
	enum noon_stability_taus taus;
	double level;		      /**< of confidence, 0..1 */
	const struct noon_mask *mask; /**< NULL: none */
	enum noon_statistic masked;   /**< what the mask limits */
	bool progress;		      /**< on stderr, after two seconds */
};

/**
 * Compute.
 * @param[out] ret  noon_stability_fini() it, also after an error
 * @retval NOON_OK
 * @retval NOON_ERR_OS  no memory
 */
NOON_MUST_USE noon_err noon_stability_compute(const struct noon_series *s,
					      const struct noon_stability_plan *plan,
					      struct noon_stability_table *ret);
void noon_stability_fini(struct noon_stability_table *t);

/** Return whether a row is above the mask. */
bool noon_stability_exceeds(const struct noon_stability_row *r);

/** Print a table for each statistic to stdout. */
void noon_stability_print(const struct noon_stability_table *t);
/** Return the rows as an array (new reference). */
json_t *noon_stability_json(const struct noon_stability_table *t);

#endif
