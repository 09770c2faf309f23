/* SPDX-License-Identifier: Apache-2.0
 *
 * Message authentication codes of PTP's AUTHENTICATION TLV: HMAC-SHA256 (RFC 2104), whole or
 * truncated to 128 bits, and AES-CMAC (RFC 4493).
 *
 * One backend: mac_gcrypt.c. A keyed context may be used for any number of messages by one
 * thread at a time; no allocation after noon_mac_init().
 */
#ifndef NOON_CRYPTO_MAC_H
#define NOON_CRYPTO_MAC_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

enum noon_mac_id {
	NOON_MAC_NONE,
	NOON_MAC_HMAC_SHA256_128, /**< the default of IEEE 1588-2019, 14.14.2 */
	NOON_MAC_HMAC_SHA256,
	NOON_MAC_AES_CMAC_128,
	NOON_MAC_AES_CMAC_256,
};

#define NOON_MAC_TAG_MAX 32
#define NOON_MAC_KEY_MAX 64

/** Return the bytes of a tag; 0 for an algorithm we do not have. */
size_t noon_mac_tag_len(enum noon_mac_id id);

/** A keyed code. Heap and libgcrypt's handle inside. */
struct noon_mac {
	enum noon_mac_id id;
	void *handle; /**< owned */
};

/**
 * Open a code with a key: 16 bytes for AES-CMAC-128, 32 for AES-CMAC-256, 16..NOON_MAC_KEY_MAX for
 * HMAC (a shorter key is weaker than the code).
 * @retval NOON_OK, NOON_ERR_UNSUPPORTED, NOON_ERR_RANGE (key length), NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_mac_init(struct noon_mac *m, enum noon_mac_id id,
				     struct noon_bytes key);
/** Close and forget the key; a zeroed struct is fine. */
void noon_mac_fini(struct noon_mac *m);

/**
 * Compute the tag of a message: writes noon_mac_tag_len() bytes.
 * @retval NOON_OK, NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_mac_sign(struct noon_mac *m, struct noon_bytes message, uint8_t *tag);

/**
 * Compare the tag of a message, in time that depends on lengths only.
 * @retval NOON_OK, NOON_ERR_AUTH (wrong, or of another length), NOON_ERR_CRYPTO
 */
NOON_MUST_USE noon_err noon_mac_verify(struct noon_mac *m, struct noon_bytes message,
				       struct noon_bytes tag);

#endif
