/* SPDX-License-Identifier: Apache-2.0
 *
 * The making of a guard's plan, shared by guard_plan.c (the batch), guard_limit.c (limits of
 * batches) and guard_sums.c (CUSUMs and bets).
 */
#ifndef NOON_ESTIMATE_GUARD_PRIV_H
#define NOON_ESTIMATE_GUARD_PRIV_H

#include "estimate/guard/guard.h"

/** Standard errors granted to what a calibration counted. */
#define NOON_GUARD_Z_COUNT 3.0
/** Standard deviations of the stamps granted to a single value. */
#define NOON_GUARD_Z_STAMP 6.0

struct noon_guard_making {
	struct noon_guard_work *w;
	struct noon_guard_plan *p;
	double alpha;			   /**< share of p_fa of one statistic */
	double cal_sd;			   /**< standard error of the calibrated mean, ns */
	double moved;			   /**< of the path, ns */
	double strain;			   /**< factor of all correlation, >= 1 */
	struct noon_inflation mean;	   /**< of the clipped values */
	struct noon_inflation rank;	   /**< of their ranks */
	struct noon_inflation tail;	   /**< of whether they are above q99 */
	struct noon_mean_law heavy, light; /**< of values clipped at the cap */
};

/** Return what n neighbours are worth as independent values, 1..n. */
double noon_guard_own(const struct noon_guard_making *m, const struct noon_inflation *v, double n);

/** Return the inflation of any score of the campaign; that of the configuration at least. */
struct noon_inflation noon_guard_inflation(const struct noon_guard_plan *p,
					   const struct noon_campaign *c, struct noon_score score);

/** Return how many independent values a campaign is worth; inf: the law is known. */
double noon_guard_worth(const struct noon_law *law, const struct noon_inflation *v);

/** Return a share of the campaign's values as large as it may be. */
double noon_guard_share_at_most(const struct noon_law *law, const struct noon_inflation *v,
				double share);

/** Set the limits of all statistics of batches; U_model. */
void noon_guard_set_limits(struct noon_guard_making *m, const struct noon_campaign *c);

/** Tune the CUSUMs, and the bets on ranks. */
void noon_guard_set_sums(struct noon_guard_making *m, const struct noon_campaign *c);

#endif
