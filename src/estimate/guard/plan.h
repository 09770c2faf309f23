/* SPDX-License-Identifier: Apache-2.0
 *
 * Can a deployment hold its alert limit? (docs/theory.md, section 6)
 *
 * Three ways are judged: the deterministic bound of theorems 1 - 3, the mean test, and the CUSUM.
 * Each needs round trips within one update period, and each is asked for the smallest change of
 * each single parameter that would make it feasible.
 */
#ifndef NOON_ESTIMATE_PLAN_H
#define NOON_ESTIMATE_PLAN_H

#include <stdbool.h>

#include "estimate/guard/cusum.h"
#include "estimate/law/channel.h"

enum noon_plan_way {
	NOON_PLAN_BOUND,
	NOON_PLAN_MEAN,
	NOON_PLAN_CUSUM,
};
#define NOON_PLAN_WAYS 3

#define NOON_PLAN_P_LEAST  1e-300	 /**< no smaller probability is demanded or told */
#define NOON_PLAN_P_D_MOST (1.0 - 1e-15) /**< beyond it 1 - p_d has lost its digits */

struct noon_plan_conf {
	double limit_ns;  /**< L, > 0 */
	double period_s;  /**< T between updates, > 0 */
	double clock;	  /**< largest rate error of the clock between updates, fractional, >= 0 */
	double server_ns; /**< E_s, >= 0 */
	double stamp_ns;  /**< e of theorem 1, both ends together, >= 0 */
	double rate_hz;	  /**< round trips per second, > 0 */
	double p_d;	  /**< NOON_PLAN_P_LEAST..NOON_PLAN_P_D_MOST */
	double p_fa;	  /**< per update period, NOON_PLAN_P_LEAST..1, 1 excluded */
	bool midpoint;	  /**< estimator: NTP midpoint, else one way with a known delay */
	double minimum_ns[2];	  /**< assumed one-way minima m_f, m_r, >= 0 */
	double propagation_ns[2]; /**< one-way delays without queues, as modelled, >= the minima */
	double path_err_ns;	  /**< what the model may be wrong by, each way: e_AB, e_BA, >= 0 */
	double fastest_ns;	  /**< no signal of the attacker is faster, one way, >= 0 */
	struct noon_channel channel; /**< queues; fixed_ns is ignored */
	const struct noon_law *law;  /**< measured round trips; NULL: the channel and propagation */
	double inflation; /**< variance of a mean over that of independent values, >= 1 */
};

/** What can be changed, one at a time. */
enum noon_plan_param {
	NOON_PLAN_LIMIT,
	NOON_PLAN_PERIOD,
	NOON_PLAN_CLOCK,
	NOON_PLAN_SERVER,
	NOON_PLAN_STAMP,
	NOON_PLAN_RATE,
	NOON_PLAN_P_D,
	NOON_PLAN_P_FA,
	NOON_PLAN_SURPLUS,  /**< what propagation exceeds the minima by: both, ns */
	NOON_PLAN_PATH_ERR, /**< what the propagation may be off by, one way, ns */
	NOON_PLAN_FASTEST,  /**< the fastest path of an attacker, ns */
	NOON_PLAN_LENGTH,   /**< of the path, as propagation of the first way, ns: all scale with it
			     */
	NOON_PLAN_ROUTERS,
	NOON_PLAN_P_IDLE,
	NOON_PLAN_PACKET,
	NOON_PLAN_LINK_RATE,
};
#define NOON_PLAN_PARAMS 16

/** What a way fails on, or would fail on first. */
enum noon_plan_binding {
	NOON_PLAN_BUDGET,    /**< drift, server and stamps leave nothing of the limit */
	NOON_PLAN_PATH,	     /**< condition 2: a faster path hides as much as is left */
	NOON_PLAN_UNCERTAIN, /**< condition 3: the propagation is not known to what is left */
	NOON_PLAN_EXCESS,    /**< propagation above the minima takes what is left */
	NOON_PLAN_EXCHANGES, /**< too few round trips in a period */
};

struct noon_plan_verdict {
	bool feasible;
	enum noon_plan_binding binding;
	double budget_ns; /**< G = L - E_s - e - drift */
	double drift_ns;  /**< over a period */
	double hidden_ns; /**< advance that a faster path could hide, condition 2 */
	double left_ns;	  /**< what that leaves of G: an attacker advances one leg by it and delays
			   *   the other */
	double delta_ns;  /**< shift of the round trip to be found; for the bound: queueing both
			   *   ways that it may contain */
	double have;	  /**< round trips in a period */
	double need;	  /**< needed; HUGE_VAL: more than 1e9, or no number is enough */
	double need_single; /**< the bound, by the smallest round trip alone; 0 for the others */
	double p_fail;	    /**< the bound is too wide, or a false alarm, with those there are;
			     *   NOON_PLAN_P_LEAST: that or less */
	double lambda_ns;   /**< threshold of the mean test */
	double h, arl0;	    /**< of the CUSUM; it finds p_d of all attacks within `need`, whenever
			     *   they begin; 0: none can be tuned to the shift */
	double n_cal;	    /**< round trips to calibrate with, 0 for the bound */
};

/** Memory; the caller's, some 640 KiB, all zero before the first call. The law of the last channel
 *  is kept. */
struct noon_plan_work {
	struct noon_law law;
	struct noon_channel of; /**< what `law` has been computed from, if `loaded` */
	bool one_way, loaded;
	double tail[NOON_LAW_MAX + 1];
	struct noon_cusum cusum;
	struct noon_cusum_work chain;
};

/** @retval NOON_OK, NOON_ERR_RANGE (a value is out of its range, they contradict each other, or
 * more than NOON_CUSUM_ARL0_MAX round trips would have to pass without a false alarm) */
NOON_MUST_USE noon_err noon_plan_check(const struct noon_plan_conf *c);

/** Return G, ns; negative when the terms alone exceed the limit. Bound and hidden advance together
 *  have to stay within it. */
double noon_plan_budget_ns(const struct noon_plan_conf *c);

/** Return the hidden advance of condition 2, ns: what the fastest signal gains on the delay that a
 *  way takes for granted (the minima; for the tests the calibrated propagation). */
double noon_plan_hidden_ns(const struct noon_plan_conf *c, enum noon_plan_way way);

/** Judge one way. @param c passes noon_plan_check. Cost: up to some 50 ms. */
void noon_plan_judge(struct noon_plan_work *w, const struct noon_plan_conf *c,
		     enum noon_plan_way way, struct noon_plan_verdict *ret);

/** Return how far a way is from what just is enough, as a logarithm (of the round trips for the
 *  CUSUM, of p_fa for the others): >= 0 if it is feasible, as noon_plan_judge() says. What it says
 *  of others may be -HUGE_VAL. Quicker than that. @param c passes noon_plan_check */
double noon_plan_margin(struct noon_plan_work *w, const struct noon_plan_conf *c,
			enum noon_plan_way way);

/** Return the value of a parameter, in the unit of its field. */
double noon_plan_get(const struct noon_plan_conf *c, enum noon_plan_param param);

/** Set a parameter to a value, as noon_plan_get() returns it; unchecked. A number of routers is
 *  rounded down. */
void noon_plan_set(struct noon_plan_conf *c, enum noon_plan_param param, double v);

/**
 * Find the smallest change of one parameter that makes a way feasible, to 1 % of the change, by
 * trying some 20 values, nearest first. A feasible range narrower than a sixteenth of the way to
 * the far end may be passed over.
 * @param c         passes noon_plan_check, and the way is not feasible
 * @param[out] ret  the new value
 * @retval NOON_OK
 * @retval NOON_ERR_NOT_FOUND  no value that was tried is enough, or a measured law fixes it
 * Cost: some 30 noon_plan_margin().
 */
NOON_MUST_USE noon_err noon_plan_change(struct noon_plan_work *w, const struct noon_plan_conf *c,
					enum noon_plan_way way, enum noon_plan_param param,
					double *ret);

#endif
