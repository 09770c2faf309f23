/* SPDX-License-Identifier: Apache-2.0
 *
 * The guard: has the law of the round-trip times changed since the calibration?
 *
 * A plan is made once from a calibrated law: it fixes the batch size, every threshold, and which
 * statistic leads, with the reason. It never changes afterwards; live traffic cannot move it, so
 * a slow ramp is measured from where it began. The guard then takes each round-trip time and each
 * lost exchange. It finds attacks sooner than the bound does and says how large they are; it
 * never makes a bound smaller.
 *
 * All times are round-trip times less the layover, ns.
 */
#ifndef NOON_ESTIMATE_GUARD_H
#define NOON_ESTIMATE_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "estimate/guard/campaign.h"
#include "estimate/guard/cusum.h"
#include "estimate/guard/step.h"
#include "estimate/law/law.h"
#include "estimate/law/mean_law.h"

#define NOON_GUARD_REFS	     4	  /**< reference shifts of the upward CUSUM */
#define NOON_GUARD_BATCH_MAX 4096 /**< values of a batch */
#define NOON_GUARD_BATCH_MIN 8
#define NOON_GUARD_LONG	     16	   /**< batches of a long batch */
#define NOON_GUARD_LEVELS    3	   /**< of the CUSUMs of exceedances: q90, q99, the gate */
#define NOON_GUARD_RANKS     1024  /**< places of a rank */
#define NOON_GUARD_P_FA_MIN  1e-12 /**< beyond it no run length can be computed */

/** Statistics. Those down to GATE are of a batch; LONG ones of NOON_GUARD_LONG batches. */
#define NOON_STATISTIC_LIST(X)                                                     \
	X(MEAN, "mean")			  /* mean of the batch above lambda */     \
	X(MEAN_LOW, "mean-low")		  /* ... below its lower counterpart */    \
	X(MINIMUM, "minimum")		  /* smallest value of the batch */        \
	X(VARIANCE, "variance")		  /* mean squared deviation, both sides */ \
	X(KS, "ks")			  /* one-sided Kolmogorov-Smirnov */       \
	X(GATE, "gate")			  /* values above the largest plausible */ \
	X(MEAN_LONG, "mean-long")	  /* as MEAN, of a long batch */           \
	X(VARIANCE_LONG, "variance-long") /* as VARIANCE */                        \
	X(KS_LONG, "ks-long")		  /* as KS */                              \
	X(CUSUM, "cusum")		  /* LLR-CUSUM upwards */                  \
	X(CUSUM_LOW, "cusum-low")	  /* LLR-CUSUM downwards */                \
	X(EXCEEDANCE, "exceedance")	  /* CUSUM of values above a quantile */   \
	X(CONFORMAL, "conformal")	  /* e-detector of ranks, upwards */       \
	X(CONFORMAL_LOW, "conformal-low") /* ... downwards */                      \
	X(LOSS, "loss")			  /* more lost than at the calibration */

enum noon_statistic {
#define NOON_STATISTIC_ENUM(name, word) NOON_STATISTIC_##name,
	NOON_STATISTIC_LIST(NOON_STATISTIC_ENUM)
#undef NOON_STATISTIC_ENUM
		NOON_STATISTICS,
};

/** Return the short word of a statistic ("cusum"); static, never NULL. */
const char *noon_statistic_word(enum noon_statistic s);

/** What is demanded, and what the calibration knows besides the law. */
struct noon_guard_conf {
	double shift_ns;  /**< rise of the round-trip time that must be found, ns, > 0 */
	double p_d;	  /**< probability that a batch finds it; default 0.999 */
	double p_fa;	  /**< false alarms per batch, of all statistics together; default 1e-6 */
	double noise_ns;  /**< standard deviation of a round-trip time by stamps alone, >= 0 */
	double inflation; /**< variance of a mean over that of independent values, at least, >= 1 */
	double base_loss; /**< lost exchanges at the calibration, 0..1 */
	double interval_s;  /**< mean one from exchange to exchange at the calibration, s; shown and
			     *   compared with the polls, never used here; 0 (default): not known */
	unsigned batch_max; /**< 0: NOON_GUARD_BATCH_MAX */
	const struct noon_campaign *campaign; /**< values that the law rests on, in order: gives the
					       *   correlation of each statistic, how far the path
					       *   moves, and ranks; borrowed while the plan is
					       * made. NULL: independent, at rest, no ranks */
};

/** Why a statistic leads. */
enum noon_guard_regime {
	NOON_REGIME_BELL, /**< no mass at the bottom: the mean needs the fewest values */
	NOON_REGIME_EDGE, /**< many values near the least one: the minimum does */
};

struct noon_guard_limit {
	double low;  /**< alarm below; -inf: never */
	double high; /**< alarm above; +inf: never */
};

/** A CUSUM of values above a level: each moves it up, each other one down. */
struct noon_guard_level {
	double level_ns;
	double share;	 /**< of values above it at the calibration, at most */
	double up, down; /**< logarithms of the likelihood ratio, > 0 and < 0 */
	double h;	 /**< alarm above; inf: never */
};

/**
 * Bets on ranks: the rank F0(x) of each value, or the mean of those of `block` neighbours where
 * they are correlated, among those of the campaign. Without an attack all places are equally
 * likely, whatever the law.
 */
struct noon_guard_ranks {
	uint32_t block;			/**< values of a mean; 0: no bets */
	double below[NOON_LAW_MAX + 1]; /**< mass of the cells before k */
	double up[NOON_GUARD_RANKS];	/**< logarithm of the bet that pays for long round trips, by
					 *   the mean rank in steps of 1 / NOON_GUARD_RANKS */
	double low[NOON_GUARD_RANKS];	/**< ... for short ones */
	double h;			/**< alarm above */
};

/** Thresholds and tables; about 130 kB, constant once made. */
struct noon_guard_plan {
	struct noon_guard_conf conf; /**< without the campaign */
	struct noon_law law;
	enum noon_guard_regime regime;
	enum noon_statistic leads; /**< MEAN or MINIMUM: decides the batch size */
	unsigned batch;		   /**< values of a batch */
	bool feasible;		   /**< the batch is large enough for p_d and p_fa at once */
	struct noon_mean_test mean;
	double inflation;  /**< of the mean of a batch */
	double groups;	   /**< values above the 99th percentile or the 99.9th, come in groups of so
			      many, >= 1 */
	double needs_mean; /**< values a batch of the mean test needs; inf: above the most */
	double needs_minimum; /**< ... of the minimum test */
	double bottom;	      /**< F0(shift above the least): mass at the bottom */
	struct noon_guard_limit limit[NOON_STATISTICS]; /**< units of each statistic */
	double centre_ns;  /**< mean of the cells: what the mean of a batch is compared with */
	double spread_ns2; /**< what the law gives for the variance, ns^2 */
	double top_ns;	   /**< larger values count as this one in the variance */
	double cap_ns;	   /**< ... and as this one in the mean: by the shift above the top */
	double moved_ns;   /**< how far the path moves by itself */
	double room_ns;	   /**< that, and what the calibrated mean may be wrong by */
	double model_ns;   /**< U_model: how far a batch that nobody attacks may lie from what the
			    *   law says, by the statistic that leads */
	double gate_ns;	   /**< largest plausible value */
	double gate_share; /**< share of values above it at the calibration, at most */
	size_t refs;	   /**< CUSUMs in use */
	struct noon_cusum cusum[NOON_GUARD_REFS]; /**< shift_ns / 2, 1, 2, 4 as far as possible */
	bool has_low;
	struct noon_cusum low; /**< downwards by shift_ns */
	struct noon_guard_level level[NOON_GUARD_LEVELS];
	struct noon_guard_ranks ranks;
};

/** A statistic beyond its limit. */
struct noon_guard_alarm {
	enum noon_statistic statistic;
	double value;
	double limit;
	uint32_t samples; /**< values it rests on */
	double delay_ns;  /**< estimated shift of the round-trip time; < 0: shorter */
};

/** What became active with one value or loss. */
struct noon_guard_news {
	size_t n;
	struct noon_guard_alarm alarm[NOON_STATISTICS]; /**< alarm[n], in the order of looking */
};

/** A CUSUM under way. */
struct noon_guard_sum {
	double s; /**< at most its limit h, so that it is back at 0 soon after the end of a change
		   */
	double rise;	/**< sum of x - centre since s was 0, ns */
	uint32_t n;	/**< values since then */
	bool stands;	/**< it has been beyond h since then */
	uint32_t took;	/**< values until it first was */
	uint32_t quiet; /**< values since it last was */
};

/** Sums of a batch. */
struct noon_guard_batch {
	uint32_t n;
	double sum;    /**< of x - centre, ns, x clipped at the cap */
	double sum_sq; /**< of (x - centre)^2, ns^2, x clipped at the top */
	double least_ns;
	uint32_t count[NOON_LAW_MAX]; /**< histogram on the lattice of the law */
};

/** What the guard remembers; about 25 kB. */
struct noon_guard {
	const struct noon_guard_plan *plan; /**< borrowed */
	uint32_t active;		    /**< bit per statistic: beyond its limit */
	uint64_t seen;			    /**< values */
	uint64_t lost;			    /**< exchanges */
	struct noon_guard_batch batch;	    /**< under way */
	struct noon_guard_batch whole;	    /**< the long batch under way */
	uint32_t batch_lost;
	uint32_t gated; /**< values of the batch above the gate */
	uint32_t found; /**< bit per statistic that was beyond its limit in this batch, or long
			 *   batch */
	uint32_t found_before; /**< ... in the one before it */
	struct noon_guard_sum up[NOON_GUARD_REFS];
	struct noon_guard_sum low;
	struct noon_guard_sum level[NOON_GUARD_LEVELS];
	struct noon_guard_sum rank, rank_low;
	double block_up, block_low; /**< ranks of the block under way, the path moved either way */
	double block_rise;	    /**< of x - centre, ns */
	uint32_t block_n;
	struct noon_step step;		  /**< since the alarm began */
	double batch_mean_ns;		  /**< of the last full batch; NaN before */
	double delay_ns[NOON_STATISTICS]; /**< estimated when a statistic was last beyond its limit
					   */
	uint64_t batches;		  /**< full ones */
};

/** Memory to make a plan; the caller's, 2 MB; zero it first. */
struct noon_guard_work {
	struct noon_cusum_work cusum;
	struct noon_convolve convolve;
	struct noon_law heavy, light, square;
	uint32_t count[NOON_GUARD_RANKS];
	struct noon_guard replay;
	struct noon_guard_plan trial;
};

/** Return the defaults; shift_ns is left 0 and must be set. */
struct noon_guard_conf noon_guard_conf_default(void);

/**
 * Make a plan.
 *
 * The demanded p_fa is shared out among the statistics; each threshold follows from the law of
 * its statistic under f0. The batch is the smallest that meets p_d and p_fa with the statistic
 * that needs fewer values. If none does, the largest is taken, thresholds keep p_fa, and
 * `feasible` is false: condition 3 is not met.
 *
 * Where a statistic rests on a campaign, its threshold grants what the campaign leaves open: three
 * standard errors of a mean and of the mass of a tail, by the correlation of that statistic itself,
 * and how far the path moved meanwhile.
 *
 * @param      w     workspace
 * @param      law   calibrated; copied
 * @param[out] ret   untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  a field of conf is out of its range
 * Cost: some 200 ms, and 1 us for each value of the campaign.
 */
NOON_MUST_USE noon_err noon_guard_plan_make(struct noon_guard_work *w, const struct noon_law *law,
					    const struct noon_guard_conf *conf,
					    struct noon_guard_plan *ret);

/** Return the values that a campaign should have for its plan: 100 batches, and ten groups of long
 *  round trips. */
size_t noon_guard_plan_needed(const struct noon_guard_plan *p, const struct noon_campaign *c);

/**
 * Make a plan from a campaign if it is good enough for it: the rules of the daemon, the tool and
 * the simulator. conf->campaign is set.
 * @param[out] ret_needed  values that the campaign should have; valid when NOON_OK or
 * NOON_ERR_EMPTY
 * @retval NOON_OK
 * @retval NOON_ERR_STATE  the path moved by more than a tenth of the shift meanwhile
 * @retval NOON_ERR_EMPTY  too short for what the guard demands, or too few groups of long round
 * trips in it; ret is the plan it would have
 * @retval NOON_ERR_RANGE  a field of conf is out of its range
 */
NOON_MUST_USE noon_err noon_guard_plan_judged(struct noon_guard_work *w, const struct noon_law *law,
					      const struct noon_guard_conf *conf,
					      struct noon_guard_plan *ret, size_t *ret_needed);

/** Return F0 at a value, 0..1, linear within cells. Cost: O(1). */
double noon_guard_rank(const struct noon_guard_plan *p, double rtt_ns);

/** Begin to watch by a plan, which must outlive the guard. */
void noon_guard_init(struct noon_guard *g, const struct noon_guard_plan *plan);

/**
 * Take the round-trip time of an exchange.
 *
 * @param[out] ret  every statistic that went beyond its limit with this value and was not active
 *                  before; always filled
 * @return whether there is one. A statistic ends being active when two full batches have passed
 *         without it, and a sum has come back to 0; one of a long batch, when two batches or more
 *         since then lie nearer to what is expected than to its limit: what goes on is one alarm to
 *         its end.
 * Cost: O(1); O(NOON_LAW_MAX) at the end of a batch.
 */
bool noon_guard_take(struct noon_guard *g, noon_dur rtt, struct noon_guard_news *ret);

/** Take note of an exchange that was lost. As noon_guard_take(). */
bool noon_guard_miss(struct noon_guard *g, struct noon_guard_news *ret);

/** Forget the batch, the sums and all that is active; the plan stays. */
void noon_guard_reset(struct noon_guard *g);

/** Return whether any statistic but LOSS is active: the round-trip times have changed. */
bool noon_guard_is_alarmed(const struct noon_guard *g);

/**
 * Return by how much round trips have changed while an alarm lasts, ns: the largest of the latest
 * estimates of the statistics that are active, by size. 0 without an alarm; inf where none of them
 * tells, for single values beyond the gate say nothing of the others.
 */
double noon_guard_delay_ns(const struct noon_guard *g);

#endif
