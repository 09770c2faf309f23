/* SPDX-License-Identifier: Apache-2.0
 *
 * The time stamp of a signature (RFC 3161, appendix A): asked for, and judged.
 */
#ifndef NOON_TOOLS_SIGNATURE_STAMP_H
#define NOON_TOOLS_SIGNATURE_STAMP_H

#include "ask/tsp_token.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

struct noon_signature_stamp_conf {
	const char *tsa;    /**< http:// or https:// */
	const char *tls_ca; /**< of the server; NULL: the system's */
	const char *policy; /**< with dots; NULL: any */
	noon_dur timeout;
};

struct noon_signature_stamp_why {
	char text[640];
};

/**
 * Ask an authority for a token of a signature, with a fresh nonce, and verify it.
 * @param trust        not NULL
 * @param[out] ret     token, from malloc()
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT  the policy is no object identifier
 * @retval NOON_ERR_AUTH    what it answered is no token of this signature that is trusted
 * @retval NOON_ERR_OS      no answer, or no memory; see *why in all cases
 */
NOON_MUST_USE noon_err noon_signature_stamp(const struct noon_signature_stamp_conf *conf,
					    struct noon_bytes signature,
					    struct noon_ts_trust *trust, uint8_t **ret,
					    size_t *ret_n, struct noon_signature_stamp_why *why);

/** Judge a token that was kept. @param trust  NULL: it is not verified
 *  @param[out] ret  borrows from token */
void noon_signature_stamp_judge(struct noon_bytes token, struct noon_bytes signature,
				struct noon_ts_trust *trust, struct noon_tsp_token *ret);

#endif
