/* SPDX-License-Identifier: Apache-2.0
 *
 * Edge offset: how long a packet takes between the instant that its time stamp names and the edge
 * of the host, learned from packets of one kind.
 *
 * On egress it is t' - t: t is the instant at which the timing module stamped the packet, t' the
 * one at which the encrypted packet left. On ingress it is t2 - t2': the stamp after decryption
 * less the arrival. It is >= 0 and is added to t, or subtracted from t2.
 *
 * The values are almost white, with rare long outliers, so the estimate is the median of a recent
 * window, and no estimate takes away the spread of the single packet. What is said of that spread
 * rests on the residuals of predictions: each value is compared with the estimate from those before
 * it. As long as the values are exchangeable, a new residual exceeds the k-th smallest of n with
 * probability 1 - k / (n + 1) at most, whatever the law; outliers count.
 *
 * Outliers do not enter the window. A persistent change of level is found by a two-sided cumulative
 * sum of residuals, and the window starts again from the values since the change began. The few
 * values until it is found are beyond what the spread promises; they cannot be known before.
 */
#ifndef NOON_ESTIMATE_EDGE_OFFSET_H
#define NOON_ESTIMATE_EDGE_OFFSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"
#include "estimate/edge/edge_histogram.h"
#include "estimate/edge/edge_key.h"
#include "estimate/edge/edge_window.h"

/** A longer value is no edge offset but a clock that was set or a stamp of another packet, ns. */
#define NOON_EDGE_VALUE_MAX NOON_S(1)
/** Values in the window from which on an estimate is used; a median of fewer is no protection. */
#define NOON_EDGE_OWN_MIN 3
/** Values kept to start again from after a step. */
#define NOON_EDGE_LAST 16
/** Streams of a table (estimate/edge/edge_table). */
#define NOON_EDGE_KEYS_MAX 48

enum noon_edge_centre {
	NOON_EDGE_CENTRE_MEDIAN, /**< of the recent window */
	NOON_EDGE_CENTRE_MEAN,	 /**< running mean of all values; for comparison */
};

struct noon_edge_conf {
	size_t keys;	      /**< of the table, 1..NOON_EDGE_KEYS_MAX */
	size_t window;	      /**< values of the estimate, 16..NOON_EDGE_WINDOW_MAX */
	size_t residuals;     /**< values of the spread, 16..NOON_EDGE_WINDOW_MAX */
	double share;	      /**< of single packets that `half` covers, 0.5..0.995 */
	noon_dur stale_after; /**< an estimate is not used when its last value is as old, ns, > 0 */
	noon_dur cap;	      /**< largest correction, ns, >= 0 */
	noon_dur floor;	      /**< least uncertainty, ns, >= 0: the stamps themselves */
	noon_dur half_few;    /**< least `half` while the residuals are too few for `share`, ns */
	/** By bit of NOON_EDGE_DIFFERS_*: what a borrowed estimate may be wrong by, ns. */
	noon_dur allowance[NOON_EDGE_DIFFERENCES];
	enum noon_edge_centre centre;
};

/** What became of a value. */
enum noon_edge_verdict {
	NOON_EDGE_TAKEN,
	NOON_EDGE_OUTLIER,  /**< far from the median: not in the window, but in the spread */
	NOON_EDGE_STEP,	    /**< the level has changed: the window was started again */
	NOON_EDGE_REJECTED, /**< negative or beyond NOON_EDGE_VALUE_MAX: not used for anything */
};

/** All zero but for the windows: noon_edge_offset_init(). */
struct noon_edge_offset {
	struct noon_edge_window recent;	   /**< values without outliers */
	struct noon_edge_window residuals; /**< value - estimate before it, outliers included */
	int32_t last[NOON_EDGE_LAST];	   /**< value i of all is last[i % NOON_EDGE_LAST], ns */
	double up, down;		   /**< cumulative sums, in robust standard deviations */
	size_t up_since, down_since;	   /**< values since they left 0 */
	noon_time at;			   /**< of the last value */
	double mean_ns;			   /**< running mean of all values, outliers included */
	uint64_t n;			   /**< all values but the rejected ones */
	uint64_t outliers, steps, rejected;
	uint64_t expired; /**< times that the window was dropped for its age */
	struct noon_edge_histogram values;
	struct noon_edge_histogram misses; /**< of |residual| */
};

/** Where a correction comes from. */
enum noon_edge_basis {
	NOON_EDGE_UNKNOWN, /**< nothing is known: correct nothing */
	NOON_EDGE_OWN,	   /**< values of the key itself */
	NOON_EDGE_OTHER,   /**< values of the nearest key that has enough */
};

/** Durations in ns. */
struct noon_edge_estimate {
	enum noon_edge_basis basis;
	unsigned differs;     /**< NOON_EDGE_OTHER: in what the other key differs */
	bool stale;	      /**< the key itself has an estimate that is too old */
	bool capped;	      /**< the correction is less than the estimate */
	uint32_t n;	      /**< values in the window that the estimate rests on */
	noon_dur correction;  /**< 0..cap; 0 if unknown */
	noon_dur uncertainty; /**< standard uncertainty of the estimate, of white values */
	noon_dur half;	      /**< `share` of |offset of one packet - correction| is at most this;
			       *   NOON_DUR_MAX if unknown. Add it to the half-width of a bound */
	double share; /**< conf.share, or n / (n + 1) of the residuals so far; 0 if unknown */
	noon_dur mad; /**< median of |value - median| of the window */
	noon_dur p01, p50, p99; /**< of single values, outliers included; p50 before the cap */
	noon_dur mean;		/**< running mean of all values, rounded to nearest */
};

/** Return the defaults: window 128, residuals 512, share 0.99, stale after 10 minutes, and a
 *  cap of 500 us. */
struct noon_edge_conf noon_edge_conf_default(void);

/** Return NOON_OK, or NOON_ERR_RANGE if a field is out of its range. */
NOON_MUST_USE noon_err noon_edge_conf_check(const struct noon_edge_conf *conf);

/** Start empty. conf has passed noon_edge_conf_check() here and below, and is always the same. */
void noon_edge_offset_init(struct noon_edge_offset *o, const struct noon_edge_conf *conf);

/**
 * Learn from a packet.
 *
 * @param value  t' - t or t2 - t2', ns, any
 * @param at     instant of the packet, any clock that is always the same
 * @return what became of it; values of a change of level are outliers until it is a step
 * Cost: O(window + residuals), some 0.6 us. Source: Page, Biometrika 41, 1954, 100 (the sums).
 */
enum noon_edge_verdict noon_edge_offset_add(struct noon_edge_offset *o,
					    const struct noon_edge_conf *conf, noon_dur value,
					    noon_time at);

/** Return whether the last value is older than conf->stale_after at now, or as much in the future:
 *  the clock was set. False without any value. */
bool noon_edge_offset_is_stale(const struct noon_edge_offset *o, const struct noon_edge_conf *conf,
			       noon_time now);

/** Return whether there are enough values for an estimate, and young enough ones. */
bool noon_edge_offset_is_usable(const struct noon_edge_offset *o, const struct noon_edge_conf *conf,
				noon_time now);

/**
 * Return the estimate, with basis NOON_EDGE_OWN; it has to be usable.
 *
 * half is the quantile conf->share of |residual| where the residuals are enough for it (99 of them
 * for 0.99). With n fewer, only n / (n + 1) can be promised whatever the law, and is stated; half
 * is the largest stretched by sqrt(1 / (1 - conf->share) / (n + 1)), as for a tail like Student's
 * with 2 degrees of freedom, and at least half_few, so that it holds for conf->share of common
 * laws. What the cap cuts off is added.
 *
 * Rounds outward, the correction to nearest. Cost: O(window).
 * Source: order statistics of exchangeable values (Wilks, Ann. Math. Stat. 12, 1941, 91).
 */
struct noon_edge_estimate noon_edge_offset_estimate(const struct noon_edge_offset *o,
						    const struct noon_edge_conf *conf);

#endif
