/* SPDX-License-Identifier: Apache-2.0
 *
 * Fusion of exchanges into one certificate (docs/theory.md, theorem 3 with the rates of 3.1).
 *
 * Each pair of exchanges bounds the mean rate between them (7); all mean rates within the span of
 * assumption differ by at most `wander`; so their intersection, widened by it, bounds the rate at
 * all times. Every edge is carried with that rate to one instant h, and the largest lower and
 * the smallest upper one remain. An empty intersection of rates or of offsets means that an
 * assumption is false: a lying server, a minimum too large, an oscillator worse than stated.
 * It is a finding, never averaged away.
 */
#ifndef NOON_ESTIMATE_FUSE_H
#define NOON_ESTIMATE_FUSE_H

#include "base/err.h"
#include "estimate/bound/rate.h"
#include "estimate/bound/window.h"

/** What the oscillator is assumed to do. */
struct noon_drift {
	noon_freq rate_max; /**< |d theta / dh| at all times, fractional, >= 0 */
	noon_freq wander;   /**< largest difference of two mean rates within 2 max_age, >= 0 */
	noon_dur max_age;   /**< how far a rate is extrapolated, ns; beyond it, rate_max holds */
	noon_freq holdover; /**< the same for spans of one poll interval or more, >= 0: what the
			     *   oscillator does in the long run; 0: not said, `wander` holds */
	noon_dur min_span;  /**< exchanges nearer to each other prove no rate, ns; default 0 */
};

/** Where a lower or an upper bound of a certificate comes from, ns each. */
struct noon_share {
	noon_dur drift;	     /**< widening from the edge's instant to h0, >= 0 */
	noon_dur server_err; /**< >= 0 */
	noon_dur stamp_err;  /**< >= 0 */
};

/** A bound of theta for all times: theta(h0) in [lo, hi], and how it widens from there. */
struct noon_cert {
	noon_time h0;
	struct noon_interval theta; /**< UTC - h at h0, ns; lo <= hi */
	struct noon_rate rate;	    /**< of theta from h0 on, until rate_until */
	struct noon_rate holdover;  /**< within `rate`: from holdover_from on, until rate_until */
	noon_time holdover_from;    /**< NOON_TIME_NEVER: at no time */
	noon_time rate_until;	    /**< afterwards only |rate| <= rate_max is left */
	noon_freq rate_max;
	struct noon_share lo; /**< shares in theta.lo */
	struct noon_share hi; /**< shares in theta.hi */
};

/**
 * Compute the rates that a window allows.
 *
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY   two pairs of exchanges exclude each other; ret untouched
 * Cost: O(n^2). Rounds outward.
 */
NOON_MUST_USE noon_err noon_fuse_rate(const struct noon_window *w, const struct noon_drift *d,
				      struct noon_rate *ret);

/**
 * Fuse a window, and one exchange more, into a certificate at h.
 *
 * @param      w     exchanges; may be empty when x is given
 * @param      x     candidate that is not yet in the window, or NULL
 * @param      d     assumptions
 * @param      h     instant of the certificate; not before the newest edge
 * @param[out] ret   untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY      the exchanges contradict each other
 * @retval NOON_ERR_NOT_FOUND  no lower or no upper edge at all
 *
 * Sign: units.md "offset". Cost: O(n^2), no allocation. Source: theorem 3.
 */
NOON_MUST_USE noon_err noon_fuse(const struct noon_window *w, const struct noon_exchange *x,
				 const struct noon_drift *d, noon_time h, struct noon_cert *ret);

/**
 * Find the least wander with which a window and one exchange more agree: how far an oscillator has
 * gone beyond what is assumed of it.
 *
 * @param      x    candidate that is not yet in the window, or NULL
 * @param      d    assumptions; d->wander is where the search begins
 * @param[out] ret  >= d->wander, at most a 2^-20th part of 2 d->rate_max above the least; untouched
 *                  unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_EMPTY      no wander explains it: rates anywhere within rate_max contradict too
 * @retval NOON_ERR_NOT_FOUND  no lower or no upper edge at all
 * Cost: some twenty times that of noon_fuse().
 */
NOON_MUST_USE noon_err noon_fuse_wander(const struct noon_window *w, const struct noon_exchange *x,
					const struct noon_drift *d, noon_time h, noon_freq *ret);

/** Return the assumptions less the wander: rates anywhere within rate_max, at all times. */
static inline struct noon_drift noon_drift_unproved(const struct noon_drift *d)
{
	return (struct noon_drift){
		.rate_max = d->rate_max, .wander = 2.0 * d->rate_max, .max_age = d->max_age};
}

/**
 * Find the rates that a window allows an oscillator which is calm in the long run (theorem 6), and
 * put them into the certificate from `from` on.
 *
 * @param      w     what the certificate was fused of
 * @param      d     assumptions; without `holdover`, or where the window contradicts it, the rates
 * in force stay
 * @param      span  least distance of two exchanges whose mean rate counts, ns
 * @param      from  not before c->h0 + span
 */
void noon_fuse_holdover(const struct noon_window *w, const struct noon_drift *d, noon_dur span,
			noon_time from, struct noon_cert *c);

/**
 * Return the least `holdover` that a window needs, where that is more than half of what is assumed.
 * @param d     assumptions
 * @param span  as in noon_fuse_holdover(), ns
 * @return 0 where half is enough
 */
noon_freq noon_fuse_needed_holdover(const struct noon_window *w, const struct noon_drift *d,
				    noon_dur span);

/** Return what the certificate says about theta at h, ns; h may lie before h0, by less than
 * max_age. Rounds outward. */
struct noon_interval noon_cert_at(const struct noon_cert *c, noon_time h);

/** Add d to what the certificate says: the time scale itself was shifted (a leap second). */
void noon_cert_shift(struct noon_cert *c, noon_dur d);

/**
 * Return a certificate that holds if one of two does: the hull of both, at the largest rate error
 * from h on.
 *
 * @param c   one that holds until h at least, of which rate_max and the shares are taken; NULL:
 *            none, `in` alone
 * @param in  ns, UTC - h at h; empty: c alone
 */
struct noon_cert noon_cert_hull(const struct noon_cert *c, struct noon_interval in,
				noon_freq rate_max, noon_time h);

#endif
