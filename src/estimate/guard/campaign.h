/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a calibration campaign good enough to be a baseline?
 *
 * The law must be known much better than a batch of the guard measures (100 batches of values that
 * are worth as much keep the loss below a tenth of a batch's standard deviation), and it must not
 * have moved by an appreciable part of the shift that is to be found. Everything is judged on
 * values clipped at the top of the law, as the guard clips them: one packet that was held for a
 * second would hide any correlation and any drift otherwise.
 */
#ifndef NOON_ESTIMATE_CAMPAIGN_H
#define NOON_ESTIMATE_CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "estimate/law/inflation.h"

#define NOON_CAMPAIGN_MIN     1000 /**< values, at least */
#define NOON_CAMPAIGN_BATCHES 100  /**< batches of the guard that a campaign must hold */
#define NOON_CAMPAIGN_PARTS   8	   /**< pieces that are compared with each other */
#define NOON_CAMPAIGN_MOVED   0.1  /**< share of the shift that the path may move by itself */

/** Properties of a series of round-trip times. */
struct noon_campaign {
	const int64_t *rtt_ns; /**< rtt_ns[n], borrowed */
	size_t n;
	double top_ns;	/**< larger values count as this one */
	size_t clipped; /**< values above it */
	double mean_ns; /**< clipped, as all below */
	double sd_ns;
	double autocorrelation;		 /**< of neighbours, -1..1 */
	struct noon_inflation inflation; /**< of means */
	double drift_ns;	/**< last eighth less the first, by the regression over the parts */
	double moved_ns;	/**< how far a part lies off the whole, less what is noise, >= 0 */
	int64_t granularity_ns; /**< greatest common divisor of all differences; 0: all are equal */
};

/**
 * Compute the properties.
 *
 * Moved: the mean of a part off that of all, less 2.5 of its standard errors, which follow from the
 * eighths of the parts: so what moves within an eighth of an eighth is noise, and correlation
 * cannot make it look larger than it is.
 *
 * @param rtt_ns  rtt_ns[n] in the order of measurement; borrowed as long as *ret is used
 * @param top_ns  of the law (noon_law_top_ns)
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY  n < NOON_CAMPAIGN_PARTS * 8: nothing can be said; ret untouched
 * Cost: O(n).
 */
NOON_MUST_USE noon_err noon_campaign_assess(const int64_t *rtt_ns, size_t n, double top_ns,
					    struct noon_campaign *ret);

/** Return the values needed for a guard with this batch. */
size_t noon_campaign_needed(const struct noon_campaign *c, unsigned batch);

/** Return whether the path moved by more than a tenth of the shift, ns, during the campaign. */
bool noon_campaign_drifts(const struct noon_campaign *c, double shift_ns);

#endif
