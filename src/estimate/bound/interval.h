/* SPDX-License-Identifier: Apache-2.0
 *
 * What one exchange proves about the offset theta(h) = UTC - h (docs/theory.md, theorem 1).
 *
 * The request proves an upper bound at the instant it left, the reply a lower bound at the
 * instant it arrived. The two are kept apart, each at its own instant (an "edge"), so that the
 * drift between them is never neglected. Against somebody who can only delay, drop, reorder or
 * replay, both are true whatever the delays were.
 */
#ifndef NOON_ESTIMATE_INTERVAL_H
#define NOON_ESTIMATE_INTERVAL_H

#include "base/err.h"
#include "base/sample.h"
#include "base/time.h"

/** A closed interval of int64; empty when lo > hi. */
struct noon_interval {
	int64_t lo;
	int64_t hi;
};

/** One side of the offset at one instant; the errors are already inside theta. */
struct noon_edge {
	noon_time h;	     /**< free-running clock */
	noon_dur theta;	     /**< bound of UTC - h at h, ns */
	noon_dur server_err; /**< share of the server's own error in theta, ns, >= 0 */
	noon_dur stamp_err;  /**< share of timestamp errors in theta, ns, >= 0 */
};

/** What one exchange proves. */
struct noon_exchange {
	struct noon_edge lo; /**< theta(lo.h) >= lo.theta; lo.h = t4 */
	struct noon_edge hi; /**< theta(hi.h) <= hi.theta; hi.h = t1 */
	noon_dur excess;     /**< rtt - m_f - m_r, ns: the delay that nothing explains; may be
			      *   negative within the errors of stamps and server */
};

/*@ requires \valid_read(s) && \valid(ret) && \separated(s, ret);
    requires 0 <= m_f < INT64_MAX / 4 && 0 <= m_r < INT64_MAX / 4;
    requires \is_finite(rate_max) && rate_max >= 0;
    assigns *ret;
    ensures untouched: \result != NOON_OK ==> *ret == \old(*ret);
    // The request: whatever its delay and the errors were, the offset at t1 is not above hi.
    ensures request: \result == NOON_OK ==> ret->hi.h == s->t1 &&
      \forall integer theta, delay, err;
	delay >= m_f && \abs(err) <= s->stamp_err + s->server_err &&
	s->t2.ns == s->t1.ns + theta + delay + err ==> theta <= ret->hi.theta;
    // The reply: likewise, the offset at t4 is not below lo.
    ensures reply: \result == NOON_OK ==> ret->lo.h == s->t4 &&
      \forall integer theta, delay, err;
	delay >= m_r && \abs(err) <= s->stamp_err + s->server_err &&
	s->t4.ns == s->t3.ns - theta + delay + err ==> ret->lo.theta <= theta;
    // Both together, the offset drifting within the rate in between: never called superluminal.
    ensures honest: \result == NOON_ERR_RANGE ==>
      !(\exists integer at_t1, at_t4, d_f, d_r, e_f, e_r;
	d_f >= m_f && d_r >= m_r && \abs(s->t4.ns - s->t1.ns) <= INT64_MAX &&
	\abs(s->t3.ns - s->t2.ns) <= INT64_MAX &&
	\abs(e_f) <= s->stamp_err + s->server_err && \abs(e_r) <= s->stamp_err + s->server_err &&
	\abs(at_t4 - at_t1) <= \abs(s->t4.ns - s->t1.ns) * rate_max &&
	s->t2.ns == s->t1.ns + at_t1 + d_f + e_f && s->t4.ns == s->t3.ns - at_t4 + d_r + e_r); */
/**
 * Compute what an exchange proves (theorem 1).
 *
 * @param      s         t1 <= t4, errors >= 0
 * @param      m_f       one-way minimum to the server, ns, >= 0; see estimate/bound/minima.h
 * @param      m_r       one-way minimum from the server, ns, >= 0
 * @param      rate_max  largest rate error of h, fractional, >= 0
 * @param[out] ret       untouched unless NOON_OK
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  the round trip is faster than m_f + m_r allow with every stated error
 *                         granted: both stamps', the client's rate, and twice the server's own,
 *                         which may move within it between t2 and t3: superluminal. What remains
 *                         is never an empty interval, drift within the exchange granted
 * @retval NOON_ERR_FORMAT t4 < t1, t3 < t2 or an error is negative: no exchange at all
 *
 * Sign: units.md "offset". Rounds outward (integer arithmetic, saturating).
 */
NOON_MUST_USE noon_err noon_exchange_of(const struct noon_sample *s, noon_dur m_f, noon_dur m_r,
					noon_freq rate_max, struct noon_exchange *ret);

/*@ requires \valid_read(x);
    assigns \nothing; */
/** Return the half-width of what the exchange proves, ns, drift within it neglected. */
static inline noon_dur noon_exchange_half(const struct noon_exchange *x)
{
	return noon_sat_sub(x->hi.theta, x->lo.theta) / 2;
}

/*@ assigns \nothing;
    ensures \forall integer x; \result.lo <= x <= \result.hi <==>
      a.lo <= x <= a.hi && b.lo <= x <= b.hi; */
/** Return the intersection; empty when the two do not meet. */
static inline struct noon_interval noon_interval_meet(struct noon_interval a,
						      struct noon_interval b)
{
	return (struct noon_interval){a.lo > b.lo ? a.lo : b.lo, a.hi < b.hi ? a.hi : b.hi};
}

/*@ assigns \nothing;
    ensures \result <==> !(\exists integer x; a.lo <= x <= a.hi);
    ensures \result <==> a.lo > a.hi; */
static inline bool noon_interval_is_empty(struct noon_interval a)
{
	return a.lo > a.hi;
}

/*@ requires a.lo <= a.hi;
    assigns \nothing;
    ensures a.lo <= \result <= a.hi;
    ensures -1 <= (a.hi - \result) - (\result - a.lo) <= 1; */
/** Return lo + (hi - lo) / 2 without overflow; for a non-empty interval. */
static inline int64_t noon_interval_mid(struct noon_interval a)
{
	return a.lo / 2 + a.hi / 2 + (a.lo % 2 + a.hi % 2) / 2;
}

/*@ requires a.lo <= a.hi;
    assigns \nothing;
    ensures \result >= 0;
    ensures a.hi - a.lo <= INT64_MAX ==> a.hi - a.lo <= 2 * \result <= a.hi - a.lo + 1; */
/** Return the half-width rounded up, saturated, >= 0; for a non-empty interval. */
static inline noon_dur noon_interval_half(struct noon_interval a)
{
	const noon_dur width = noon_sat_sub(a.hi, a.lo);

	return width / 2 + width % 2;
}

#endif
