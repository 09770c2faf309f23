/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds tokens: template, key and signing context of one thread of a time-stamp authority.
 */
#ifndef NOON_PROTO_TOKEN_BUILDER_H
#define NOON_PROTO_TOKEN_BUILDER_H

#include "crypto/ts_signer.h"
#include "proto/tsa/tsa.h"

struct noon_token_builder {
	struct noon_signing_context *signing;
	struct noon_cms_template template;
	size_t signature_max;
	size_t response_max; /**< bytes of the longest response; depends on the certificates */
};

/** Set up for a signer, which must outlive the builder. @retval NOON_OK, NOON_ERR_CRYPTO,
 * NOON_ERR_FULL (a name in the certificate is too long) */
NOON_MUST_USE noon_err noon_token_builder_init(struct noon_token_builder *m,
					       struct noon_ts_signer *signer);
/** Release; fine after a failed init or when zero. */
void noon_token_builder_fini(struct noon_token_builder *m);

/** What one token consists of. Borrowed from `out` of noon_token_builder_build(). */
struct noon_built_token {
	struct noon_bytes response; /**< TimeStampResp, whole */
	struct noon_bytes token;    /**< in it */
	struct noon_bytes tst_info; /**< in `tst` of the call */
};

/**
 * Make the response to an accepted request.
 *
 * @param serial  magnitude
 * @param tst     room for the TSTInfo, NOON_TSA_TST_MAX bytes
 * @param out     room for the response, `n` >= response_max bytes; it ends where the room ends
 * @retval NOON_OK
 * @retval NOON_ERR_CRYPTO  the key did not sign
 * @retval NOON_ERR_FULL    no room
 */
NOON_MUST_USE noon_err noon_token_builder_build(
	struct noon_token_builder *m, const struct noon_tsa_conf *conf,
	const struct noon_tsa_request *r, const struct noon_tsa_date *d, struct noon_bytes serial,
	uint8_t *tst, uint8_t *out, size_t n, struct noon_built_token *ret);

/** Write the response that refuses. @return at the end of out; n >= NOON_TSA_REFUSAL_MAX */
struct noon_bytes noon_tsa_refusal(const struct noon_tsa_refusal *why, uint8_t *out, size_t n);

#define NOON_TSA_NAME_MAX    1024 /**< bytes of the authority's name in tokens */
#define NOON_TSA_TST_MAX     (NOON_TST_INFO_MAX + NOON_TSA_NAME_MAX)
#define NOON_TSA_REFUSAL_MAX 256

#endif
