/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of a baseline: what a calibration campaign measured on a path, and its seals.
 *
 *     noonmark-baseline 1
 *     path-id NAME
 *     source URL
 *     started SECONDS            since 1970 UTC
 *     ended SECONDS
 *     count N
 *     lost N
 *     granularity-ns N           of the stamps
 *     rtt-ns
 *     80123                      count lines, in the order of measurement
 *     end
 *     sha256 HEX                 of all bytes before this line
 *     ed25519 HEX                signature of all bytes before this line, or, where the campaign
 * was not good enough to be signed, unsigned REASON
 *
 * Text, so that an operator can read what he signs. Lines end in "\n"; nothing follows the last.
 */
#ifndef NOON_ESTIMATE_BASELINE_H
#define NOON_ESTIMATE_BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOON_BASELINE_VERSION	1
#define NOON_BASELINE_NAME_MAX	128
#define NOON_BASELINE_COUNT_MAX 1000000
#define NOON_BASELINE_RTT_MAX	INT64_C(1000000000000) /**< ns: 1000 s */
#define NOON_BASELINE_DIGEST	32
#define NOON_BASELINE_SIGNATURE 64
#define NOON_BASELINE_REASON	512

/** A machine that is asked more often, or less, than during the campaign by more than this answers
 *  otherwise: caches, sleep states and queues have other lengths. */
#define NOON_BASELINE_INTERVAL_FACTOR 4

struct noon_baseline {
	char path_id[NOON_BASELINE_NAME_MAX];
	char source[NOON_BASELINE_NAME_MAX];
	int64_t started_s; /**< s since 1970 UTC */
	int64_t ended_s;
	size_t count; /**< values */
	uint64_t lost;
	int64_t granularity_ns; /**< >= 1 */
	uint8_t digest[NOON_BASELINE_DIGEST];
	bool is_signed;
	uint8_t signature[NOON_BASELINE_SIGNATURE]; /**< if it is */
	char reason[NOON_BASELINE_REASON];	    /**< why it is not, else */
	size_t n_digested;			    /**< bytes of the text that the digest covers */
	size_t n_signed; /**< bytes of the text that the signature covers */
};

/** Where a text is wrong. */
struct noon_baseline_fault {
	size_t line;	      /**< from 1 */
	const char *expected; /**< static */
};

/**
 * Parse a text. Digest and signature are found, not checked.
 *
 * @param      text       the whole file
 * @param[out] rtt_ns     rtt_ns[cap], filled with ret->count values
 * @param      cap        NOON_BASELINE_COUNT_MAX is always enough
 * @param[out] ret        valid when NOON_OK
 * @param[out] ret_fault  valid when NOON_ERR_FORMAT
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT       not such a text
 * @retval NOON_ERR_UNSUPPORTED  a baseline of another version
 * @retval NOON_ERR_FULL         more than cap values
 * Cost: O(bytes).
 */
NOON_MUST_USE noon_err noon_baseline_parse(struct noon_bytes text, int64_t *rtt_ns, size_t cap,
					   struct noon_baseline *ret,
					   struct noon_baseline_fault *ret_fault);

/** Return the mean time from one exchange of the campaign, lost or not, to the next, s, > 0; 0: it
 *  is not known, since the campaign was over within a second. */
double noon_baseline_interval_s(const struct noon_baseline *b);

/**
 * Return whether a campaign says how polls are answered that come every poll_s seconds.
 * @param campaign_s  its noon_baseline_interval_s(); 0: nothing is held against it
 * @param poll_s      > 0
 */
bool noon_baseline_suits(double campaign_s, double poll_s);

#endif
