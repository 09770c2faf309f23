/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a calibration campaign good enough to be a baseline?
 *
 * The law must be known much better than a batch of the guard measures (n_cal >= 100 batches of
 * independent values keeps the loss below a tenth of a batch's standard deviation), and it must
 * not have moved while it was measured.
 */
#ifndef NOON_ESTIMATE_CAMPAIGN_H
#define NOON_ESTIMATE_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NOON_CAMPAIGN_MIN     1000 /**< values, at least */
#define NOON_CAMPAIGN_BATCHES 100  /**< batches of the guard that a campaign must hold */
#define NOON_CAMPAIGN_PARTS   8	   /**< pieces that are compared with each other */
#define NOON_CAMPAIGN_LAGS    64

/** Properties of a series of round-trip times. */
struct noon_campaign {
	size_t n;
	double mean_ns;
	double sd_ns;
	double autocorrelation; /**< of neighbours, -1..1 */
	double inflation;	/**< variance of a mean over that of independent values, >= 1 */
	double drift_ns;	/**< last eighth less the first, by the regression over the parts */
	double drift_p;		/**< probability of so large a trend by chance */
	double parts_p; /**< probability that the means of the parts differ so much by chance */
};

/**
 * Compute the properties.
 *
 * Autocorrelation: sum over lags of rho_k while it is above two standard errors
 * (docs/theory.md, (16)), and its exponential tail if it still is at the last. Trend and
 * parts: with the variance of means so inflated.
 *
 * @param rtt_ns  rtt_ns[n] in the order of measurement
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY  n < NOON_CAMPAIGN_PARTS * 8: nothing can be said; ret untouched
 * Cost: O(n NOON_CAMPAIGN_LAGS).
 */
NOON_MUST_USE noon_err noon_campaign_assess(const int64_t *rtt_ns, size_t n,
					    struct noon_campaign *ret);

/** Return the values needed for a guard with this batch: 100 batches of independent ones. The
 *  batch is that of independent values. */
size_t noon_campaign_needed(const struct noon_campaign *c, unsigned batch);

/** Return whether the law moved during the campaign, beyond chance at 1 in 1000. */
bool noon_campaign_drifts(const struct noon_campaign *c);

#endif
