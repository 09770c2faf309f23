/* SPDX-License-Identifier: Apache-2.0
 *
 * Message digests of data that comes in pieces.
 */
#ifndef NOON_CRYPTO_HASH_H
#define NOON_CRYPTO_HASH_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

struct noon_hash;

/** Begin. @retval NOON_OK, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_hash_new(enum noon_digest d, struct noon_hash **ret);
/** Add a piece. @retval NOON_OK, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_hash_add(struct noon_hash *h, struct noon_bytes piece);
/** End. @param[out] ret  noon_digest_len() bytes @retval NOON_OK, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_hash_end(struct noon_hash *h, uint8_t ret[NOON_DIGEST_MAX]);
/** NULL is fine. */
void noon_hash_free(struct noon_hash *h);

#endif
