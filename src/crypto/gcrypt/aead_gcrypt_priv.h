/* SPDX-License-Identifier: Apache-2.0
 *
 * Known answers of both AEAD modes of libgcrypt; for aead_gcrypt.c only.
 */
#ifndef NOON_CRYPTO_AEAD_GCRYPT_PRIV_H
#define NOON_CRYPTO_AEAD_GCRYPT_PRIV_H

#include "base/err.h"

/**
 * Seal and open the known answers, an empty plaintext and a forged tag among them.
 * @retval NOON_OK, NOON_ERR_CRYPTO (any answer differs)
 */
NOON_MUST_USE noon_err noon_aead_gcrypt_selftest(void);

#endif
