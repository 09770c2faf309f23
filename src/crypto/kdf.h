/* SPDX-License-Identifier: Apache-2.0
 *
 * HKDF with SHA-256 (RFC 5869): derives keys from a secret. The backend is OpenSSL 3.
 */
#ifndef NOON_CRYPTO_KDF_H
#define NOON_CRYPTO_KDF_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOON_HKDF_MAX 8160 /**< bytes from one call: 255 * 32 (RFC 5869, section 2.3) */

/**
 * Extract and expand.
 *
 * @param      salt  may be empty
 * @param      ikm   input keying material, at least one byte
 * @param      info  what the output is for; may be empty
 * @param[out] out   n bytes, 1..NOON_HKDF_MAX; untouched unless NOON_OK
 * @retval NOON_OK, NOON_ERR_RANGE (ikm or n), NOON_ERR_CRYPTO
 *
 * Cost: allocates inside the library; not for the packet path.
 */
NOON_MUST_USE noon_err noon_hkdf_sha256(struct noon_bytes salt, struct noon_bytes ikm,
					struct noon_bytes info, uint8_t *out, size_t n);

#endif
