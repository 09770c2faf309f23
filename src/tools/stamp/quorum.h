/* SPDX-License-Identifier: Apache-2.0
 *
 * Several time-stamp tokens of one file: how many authorities issued them, and do their clocks
 * agree?
 *
 * A key identifies an authority: two addresses, or two certificates, with one key are one
 * authority.
 */
#ifndef NOON_TOOLS_QUORUM_H
#define NOON_TOOLS_QUORUM_H

#include <stdbool.h>
#include <stddef.h>

#include "ask/tsp_token.h"
#include "base/time.h"

#define NOON_QUORUM_MAX 64 /**< tokens */

/** One good token. */
struct noon_vote {
	size_t token; /**< index assigned by the caller */
	const struct noon_ts_identity *who;
	bool has_interval; /**< it claims an accuracy */
	noon_dur lower;	   /**< [lower, upper] contains the value voted on, ns */
	noon_dur upper;
};

struct noon_quorum {
	size_t authorities; /**< distinct */
	size_t agreeing;    /**< most authorities whose intervals have a point in common */
	bool has_interval;  /**< some authority claims an accuracy */
	noon_dur lower;	    /**< their common interval */
	noon_dur upper;
	bool clash; /**< two authorities contradict each other: one of the clocks is wrong */
	size_t clash_a, clash_b; /**< contradicting tokens, the caller's indices */
};

/** Count votes; n <= NOON_QUORUM_MAX. A vote without an interval agrees with no other. */
void noon_quorum_count(const struct noon_vote *v, size_t n, struct noon_quorum *ret);

/** Return the k-th smallest of the upper ends, one for each authority, its smallest; k >= 1.
 *  NOON_DUR_MAX if fewer claim an accuracy. */
noon_dur noon_quorum_upper(const struct noon_vote *v, size_t n, size_t k);

#endif
