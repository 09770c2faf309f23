/* SPDX-License-Identifier: Apache-2.0
 *
 * AES-GCM for packets (RFC 4106, RFC 5116): the cipher of ESP.
 *
 * One backend: gcrypt/gcm_gcrypt.c. A keyed context may be used for any number of messages by one
 * thread at a time; no allocation after noon_gcm_init(). A nonce must never be used twice with one
 * key: that is the caller's to see to.
 */
#ifndef NOON_CRYPTO_GCM_H
#define NOON_CRYPTO_GCM_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define NOON_GCM_NONCE	 12 /**< bytes */
#define NOON_GCM_TAG	 16 /**< bytes behind the ciphertext */
#define NOON_GCM_KEY_MAX 32 /**< bytes */

/** A keyed cipher; zeroed: none. Heap and libgcrypt's handle inside. */
struct noon_gcm {
	void *handle; /**< owned */
};

/**
 * Open a cipher with a key of 16 (AES-128) or 32 bytes (AES-256).
 * @retval NOON_OK, NOON_ERR_RANGE (key length), NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_gcm_init(struct noon_gcm *g, struct noon_bytes key);
/** Close and forget the key; a zeroed struct is fine. */
void noon_gcm_fini(struct noon_gcm *g);

/**
 * Encrypt in place, and write the tag behind the text.
 *
 * @param         nonce  NOON_GCM_NONCE bytes
 * @param         ad     authenticated, not encrypted; may be empty; not within the text
 * @param[in,out] text   n bytes of text, then room for NOON_GCM_TAG bytes
 * @retval NOON_OK, NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_gcm_seal(struct noon_gcm *g, const uint8_t *nonce, struct noon_bytes ad,
				     uint8_t *text, size_t n);

/**
 * Decrypt n bytes into out and compare the tag behind them, in time that depends on lengths only.
 * On failure nothing of the text is left in out.
 *
 * @param      sealed  n + NOON_GCM_TAG bytes; out may be the same place
 * @retval NOON_OK, NOON_ERR_AUTH, NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_gcm_open(struct noon_gcm *g, const uint8_t *nonce, struct noon_bytes ad,
				     const uint8_t *sealed, size_t n, uint8_t *out);

#endif
