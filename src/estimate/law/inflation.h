/* SPDX-License-Identifier: Apache-2.0
 *
 * How much more a mean of neighbours varies than one of independent values.
 *
 * Batch means at scales of 1, 2, 4, ... values: the variance of the mean of m neighbours, times m,
 * over the variance of a single value. It is known at each scale by itself, since a path with white
 * jitter and a slow load has means of 8 that vary as independent ones and means of 1000 that do
 * not; no sum over a few lags finds that.
 */
#ifndef NOON_ESTIMATE_INFLATION_H
#define NOON_ESTIMATE_INFLATION_H

#include <stddef.h>
#include <stdint.h>

#define NOON_INFLATION_SCALES 20
#define NOON_INFLATION_BLOCKS 32 /**< at the largest scale, at least */

struct noon_inflation {
	size_t n;			  /**< scales in use, >= 1; the last is of 2^(n-1) values */
	double at[NOON_INFLATION_SCALES]; /**< of means of 2^k values, >= 1, never falling */
	double long_run;		  /**< of means of any number, >= at[n-1] */
};

/** What is looked at: a number for each value of a campaign. */
struct noon_score {
	double (*of)(const void *arg, double rtt_ns);
	const void *arg;
};

/** Return the inflation of independent values: 1 at all scales. */
struct noon_inflation noon_inflation_none(void);

/**
 * Estimate it from a series.
 *
 * A scale counts where its variance is above that of independent values by more than chance, or
 * where a smaller one did. Where it still grows at the largest scale, the long run is that much
 * above it again. Scores that are all equal are independent.
 *
 * @param rtt_ns  rtt_ns[n] in the order of measurement
 * Cost: O(n), one call of the score each and one more.
 */
struct noon_inflation noon_inflation_of(const int64_t *rtt_ns, size_t n, struct noon_score score);

/** Return it for a mean of m values: of the scale at or above m; >= 1, at most m. */
double noon_inflation_at(const struct noon_inflation *v, double m);

/** Take the larger of two at each scale. */
struct noon_inflation noon_inflation_worse(const struct noon_inflation *a,
					   const struct noon_inflation *b);

#endif
