/* SPDX-License-Identifier: Apache-2.0
 *
 * A time-stamp token as somebody has it who wants to rely on it: read, compared with what was
 * stamped, its signature verified. Nothing in it is believed before all of that is good.
 */
#ifndef NOON_ASK_TSP_TOKEN_H
#define NOON_ASK_TSP_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/ts_verify.h"
#include "proto/tsa/tsp_client.h"

struct noon_tsp_token {
	struct noon_tsp_answer answer;	/**< borrows from what was read */
	struct noon_ts_verdict verdict; /**< of the signature; all zero if it was not looked at */
	bool good;			/**< it is of what was stamped, and its signature is good */
	bool verified;			/**< good, and its signer is trusted */
	const char *reason;		/**< a word for machines, "good" or what is wrong; static */
	char why[512];			/**< what is wrong, a clause in ASCII */
};

/**
 * Judge a response or a token.
 * @param der    borrowed by *ret
 * @param trust  NULL: a good one is not verified
 * @param now_s  the chain has to be good at this time, too, s since 1970 UTC; NULL: only when the
 *               token was made
 */
void noon_tsp_token_judge(struct noon_bytes der, const struct noon_tsp_ask *ask,
			  struct noon_ts_trust *trust, const int64_t *now_s,
			  struct noon_tsp_token *ret);

#endif
