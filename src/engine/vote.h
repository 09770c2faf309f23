/* SPDX-License-Identifier: Apache-2.0
 *
 * The vote of the sources: one certificate that holds while at most f of them lie.
 *
 * f is configured, or (n - 1) / 2 of the n sources that are configured and may vote, whether they
 * answer or not: who can drop packets must not choose it. Suspects count as liars found, so the
 * rest votes with f less their number. That is sound because no honest source becomes suspect
 * while the assumptions hold: what a suspect has sent contradicts light or itself with every stated
 * error granted, its own included. Offsets and rates are voted on separately, each with
 * Marzullo's intersection (estimate/bound/select.h); both hold for the truth at once. More than f
 * must agree; with fewer than 2f + 1 voters the result is wider, and still true.
 */
#ifndef NOON_ENGINE_VOTE_H
#define NOON_ENGINE_VOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/clock/leap.h"
#include "engine/source.h"
#include "estimate/bound/fuse.h"

enum noon_vote_outcome {
	NOON_VOTE_NONE,	       /**< nobody can vote and nobody is suspect: no news */
	NOON_VOTE_AGREED,      /**< the certificate is valid */
	NOON_VOTE_TOO_FEW,     /**< no more voters than may be liars: all of them may be */
	NOON_VOTE_NO_MAJORITY, /**< more than f are false or suspect, or too few agree */
};

struct noon_vote {
	enum noon_vote_outcome outcome;
	struct noon_cert cert;	    /**< valid when AGREED */
	struct noon_cert wide;	    /**< the same vote on what holds with minima of light
				     *   (condition 2); it contains `cert`; valid when AGREED */
	uint32_t voters;	    /**< bit per source */
	uint32_t falsetickers;	    /**< bit per source; subset of voters */
	uint32_t suspects;	    /**< bit per source */
	unsigned liars;		    /**< f of this vote, suspects included */
	unsigned selectable;	    /**< configured sources that may vote, silent ones included */
	struct noon_leap_vote leap; /**< of the truechimers; NONE unless AGREED */
};

/**
 * Hold a vote at h.
 *
 * @param      s     s[n], n <= NOON_SOURCES_MAX; unused ones are skipped
 * @param      max_liars  f, or -1 for (n - 1) / 2
 * @param      h     not before any certificate
 * @param[out] ret   always filled
 */
void noon_vote_hold(const struct noon_source *s, size_t n, int max_liars,
		    const struct noon_drift *d, noon_time h, struct noon_vote *ret);

/** Return f: as configured, or (n - 1) / 2 of the n sources that may vote where that is -1. */
unsigned noon_vote_budget(int max_liars, unsigned selectable);

/**
 * Hold a vote on recent exchanges alone (engine/recent.h), with the whole budget of liars: nobody
 * is suspect for what is older. Truth is in the certificate while at most f lie, whatever the past
 * of the local clock was.
 * @param recent  recent[n], of the sources of the same index
 * @param cert   cert[n]: what each is taken to say; NULL: what its recent exchanges prove
 */
void noon_vote_hold_recent(const struct noon_source *s, const struct noon_recent *recent,
			   const struct noon_cert *cert, size_t n, int max_liars,
			   const struct noon_drift *d, noon_time h, struct noon_vote *ret);

#endif
