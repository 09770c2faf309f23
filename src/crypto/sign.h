/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests and operators' signatures of files (OpenSSL): SHA-256 and Ed25519 (RFC 8032).
 */
#ifndef NOON_CRYPTO_SIGN_H
#define NOON_CRYPTO_SIGN_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOON_SHA256_BYTES    32
#define NOON_SIGNATURE_BYTES 64

/** @retval NOON_OK, NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_sha256(struct noon_bytes data, uint8_t ret[NOON_SHA256_BYTES]);

/**
 * Sign with an Ed25519 key.
 *
 * @param key_pem  private key, PKCS #8 PEM, not encrypted
 * @retval NOON_OK
 * @retval NOON_ERR_FORMAT       not such a key in PEM
 * @retval NOON_ERR_UNSUPPORTED  a key of another kind
 * @retval NOON_ERR_CRYPTO       OpenSSL failed
 */
NOON_MUST_USE noon_err noon_sign(struct noon_bytes key_pem, struct noon_bytes data,
				 uint8_t ret[NOON_SIGNATURE_BYTES]);

/**
 * Verify a signature.
 *
 * @param key_pem  public key (SubjectPublicKeyInfo) or private key, PEM
 * @retval NOON_OK        it is the signature of data by that key
 * @retval NOON_ERR_AUTH  it is not
 * @retval others as noon_sign()
 */
NOON_MUST_USE noon_err noon_sign_verify(struct noon_bytes key_pem, struct noon_bytes data,
					const uint8_t signature[NOON_SIGNATURE_BYTES]);

#endif
