/* SPDX-License-Identifier: Apache-2.0
 *
 * The vote of the sources: one certificate that holds while at most f of them lie.
 *
 * n counts the sources that have data, suspects included. f is configured or (n - 1) / 2.
 * Suspects count as liars found, so the rest votes with f less their number. Offsets and rates are
 * voted on separately, each with Marzullo's intersection; both hold for the truth at once.
 */
#ifndef NOON_ENGINE_VOTE_H
#define NOON_ENGINE_VOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/source.h"
#include "estimate/fuse.h"

enum noon_vote_outcome {
	NOON_VOTE_NONE,	       /**< nobody can vote and nobody is suspect: no news */
	NOON_VOTE_AGREED,      /**< the certificate is valid */
	NOON_VOTE_TOO_FEW,     /**< fewer than 2f + 1 voters for the configured f */
	NOON_VOTE_NO_MAJORITY, /**< more than f are false or suspect */
};

struct noon_vote {
	enum noon_vote_outcome outcome;
	struct noon_cert cert; /**< valid when AGREED */
	uint32_t voters;       /**< bit per source */
	uint32_t falsetickers; /**< bit per source; subset of voters */
	uint32_t suspects;     /**< bit per source */
	unsigned liars;	       /**< f of this vote, suspects included */
	enum noon_leap leap;   /**< of the majority of truechimers */
};

/**
 * Hold a vote at h.
 *
 * @param      s     s[n], n <= NOON_SOURCES_MAX; unused ones are skipped
 * @param      max_liars  -1 for (n - 1) / 2
 * @param      h     not before any certificate
 * @param[out] ret   always filled
 */
void noon_vote_hold(const struct noon_source *s, size_t n, int max_liars,
		    const struct noon_drift *d, noon_time h, struct noon_vote *ret);

#endif
