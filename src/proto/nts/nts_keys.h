/* SPDX-License-Identifier: Apache-2.0
 *
 * Cookie keys of an NTS server, and the cookies made with them (RFC 8915, section 6).
 *
 * The key of an epoch is HKDF-SHA256(master, "noonmark nts cookie", epoch); the epoch is server
 * time divided by the rotation period. So rotation needs no storage, a restart changes nothing,
 * and servers that share a master secret share cookies. Cookies of the current epoch and of the
 * two before it are opened (K20), and of the one after it (a neighbour whose clock is ahead).
 *
 *     cookie = epoch (4) | nonce (16) | AES-SIV-CMAC-256(c2s | s2c) with epoch as associated data
 *
 * The plaintext is 64 bytes for AEAD 15 and 32 for AEAD 30; the length tells which.
 */
#ifndef NOON_PROTO_NTS_KEYS_H
#define NOON_PROTO_NTS_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/time.h"
#include "crypto/aead.h"
#include "proto/nts/nts_session.h"

#define NOON_NTS_MASTER_LEN   32
#define NOON_NTS_COOKIE_NONCE 16 /**< random bytes that a cookie takes */
#define NOON_NTS_EPOCHS	      4	 /**< next, current, and two old ones */

struct noon_secret_nts_master {
	uint8_t p[NOON_NTS_MASTER_LEN];
};

struct noon_nts_keys {
	struct noon_secret_nts_master master;
	noon_dur period;			  /**< rotation period, >= 1 s */
	uint32_t epoch;				  /**< the current one */
	bool ready;				  /**< ciphers below belong to `epoch` */
	struct noon_aead cipher[NOON_NTS_EPOCHS]; /**< of epoch + 1, epoch, epoch - 1, epoch - 2 */
};

/** Return the length of a cookie for an AEAD, a multiple of 4; 0 if the AEAD is unknown. */
size_t noon_nts_cookie_len(enum noon_aead_id aead);

/** Start with a master secret. @retval NOON_OK, NOON_ERR_RANGE (period below 1 s) */
NOON_MUST_USE noon_err noon_nts_keys_init(struct noon_nts_keys *k,
					  const struct noon_secret_nts_master *master,
					  noon_dur period);
void noon_nts_keys_fini(struct noon_nts_keys *k);

/**
 * Move to the epoch of an instant; cheap when it is the current one.
 * @param now  server time (UTC)
 * @retval NOON_OK, NOON_ERR_CRYPTO (no key is usable then)
 */
NOON_MUST_USE noon_err noon_nts_keys_rotate(struct noon_nts_keys *k, noon_time now);

/** Return the server time at which the current epoch ends. */
noon_time noon_nts_keys_next(const struct noon_nts_keys *k);

/** Append a fresh cookie. @retval NOON_OK, NOON_ERR_FULL, NOON_ERR_UNSUPPORTED, NOON_ERR_STATE
 *  (never rotated), NOON_ERR_CRYPTO */
NOON_MUST_USE noon_err noon_nts_cookie_make(struct noon_nts_keys *k, struct noon_rng *rng,
					    enum noon_aead_id aead,
					    const struct noon_secret_nts_keys *keys,
					    struct noon_wr *out);

/** Open a cookie. @retval NOON_OK, NOON_ERR_AUTH (unknown epoch, bad length or forged) */
NOON_MUST_USE noon_err noon_nts_cookie_open(struct noon_nts_keys *k, struct noon_bytes cookie,
					    enum noon_aead_id *ret_aead,
					    struct noon_secret_nts_keys *ret_keys);

#endif
