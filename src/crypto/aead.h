/* SPDX-License-Identifier: Apache-2.0
 *
 * Authenticated encryption for NTS: AES-SIV-CMAC-256 (RFC 5297) and AES-128-GCM-SIV (RFC 8452).
 *
 * One backend per file, chosen at link time: aead_gcrypt.c. A keyed context may be used for any
 * number of messages by one thread at a time. Sealing writes the synthetic IV or tag in the place
 * the RFC gives it: in front of the ciphertext for SIV (RFC 5297, section 2.6), behind it for
 * GCM-SIV (RFC 8452, section 4).
 */
#ifndef NOON_CRYPTO_AEAD_H
#define NOON_CRYPTO_AEAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/** IANA AEAD numbers that NTS negotiates (RFC 8915, section 5.1). */
enum noon_aead_id {
	NOON_AEAD_NONE = 0,
	NOON_AEAD_SIV_CMAC_256 = 15,
	NOON_AEAD_GCM_SIV_128 = 30,
};

#define NOON_AEAD_KEY_MAX   32 /**< bytes */
#define NOON_AEAD_NONCE_MAX 16 /**< N_MAX in effect here: what we ever send, bytes */
#define NOON_AEAD_TAG	    16 /**< bytes added to the plaintext, both algorithms */

/** Return the key length in bytes (32 or 16), 0 for an algorithm we do not have. */
size_t noon_aead_key_len(enum noon_aead_id id);
/** Return the nonce length in bytes that we send (16 or 12), 0 if unknown. */
size_t noon_aead_nonce_len(enum noon_aead_id id);

/** A keyed cipher. Heap and libgcrypt handle inside: create outside of packet paths where possible,
 *  or re-key an existing one with noon_aead_rekey(). */
struct noon_aead {
	enum noon_aead_id id;
	void *handle; /**< owned; the backend's */
};

/**
 * Prepare libgcrypt and run the known-answer tests of both modes, an empty plaintext and a forged
 * tag among them. Call once per process, before any thread.
 *
 * @retval NOON_OK, NOON_ERR_CRYPTO (library too old or a known answer is wrong)
 */
NOON_MUST_USE noon_err noon_aead_global_init(void);

/**
 * Open a cipher with a key; key.n must be noon_aead_key_len(id).
 * @retval NOON_OK, NOON_ERR_UNSUPPORTED, NOON_ERR_RANGE (key length), NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_aead_init(struct noon_aead *a, enum noon_aead_id id,
				      struct noon_bytes key);
/** Replace the key; same errors as noon_aead_init(). No allocation by us. */
NOON_MUST_USE noon_err noon_aead_rekey(struct noon_aead *a, struct noon_bytes key);
/** Close; a zeroed struct is fine. */
void noon_aead_fini(struct noon_aead *a);

/**
 * Encrypt and authenticate: appends plain.n + NOON_AEAD_TAG bytes to out.
 *
 * `plain` may point to the place in out's room where the result goes only if it starts exactly at
 * out->p + (SIV ? NOON_AEAD_TAG : 0); otherwise it must not overlap.
 *
 * @retval NOON_OK, NOON_ERR_FULL, NOON_ERR_RANGE (nonce length), NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_aead_seal(struct noon_aead *a, struct noon_bytes nonce,
				      struct noon_bytes ad, struct noon_bytes plain,
				      struct noon_wr *out);

/**
 * Verify and decrypt: writes sealed.n - NOON_AEAD_TAG bytes to out and its length to *ret_n.
 *
 * On failure nothing of the plaintext is left in out. SIV takes a nonce of 1..64 bytes (a peer
 * chooses it), GCM-SIV exactly 12.
 *
 * @retval NOON_OK, NOON_ERR_AUTH, NOON_ERR_SHORT (less than a tag), NOON_ERR_FULL, NOON_ERR_RANGE
 *         (nonce), NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_aead_open(struct noon_aead *a, struct noon_bytes nonce,
				      struct noon_bytes ad, struct noon_bytes sealed, uint8_t *out,
				      size_t out_room, size_t *ret_n);

#endif
