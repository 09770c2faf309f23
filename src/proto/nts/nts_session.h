/* SPDX-License-Identifier: Apache-2.0
 *
 * What a key exchange gives a client: an AEAD, two keys, a jar of cookies and the NTP server to use
 * (RFC 8915, sections 4 and 5).
 *
 * The jar is a FIFO of at most NOON_NTS_COOKIES cookies. A cookie leaves it when it is put on the
 * wire and never comes back, so none is sent twice. The struct may come from a file: see
 * noon_nts_session_is_sound().
 */
#ifndef NOON_PROTO_NTS_SESSION_H
#define NOON_PROTO_NTS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "crypto/aead.h"

#define NOON_NTS_COOKIES    8
#define NOON_NTS_COOKIE_MIN 16	/**< bytes; a shorter one cannot hold two keys */
#define NOON_NTS_COOKIE_MAX 512 /**< bytes; longer ones are refused (C6) */
#define NOON_NTS_SERVER_KEY 32
#define NOON_NTS_HOST_MAX   255 /**< bytes of a server name, without the final NUL */

struct noon_nts_cookie {
	uint16_t n; /**< bytes */
	uint8_t p[NOON_NTS_COOKIE_MAX];
};

/** The two keys of an association; secret: wipe with noon_nts_session_wipe(). */
struct noon_secret_nts_keys {
	uint8_t c2s[NOON_AEAD_KEY_MAX];
	uint8_t s2c[NOON_AEAD_KEY_MAX];
};

struct noon_nts_session {
	enum noon_aead_id aead; /**< NOON_AEAD_NONE: no session */
	struct noon_secret_nts_keys keys;
	uint16_t n_cookies; /**< in the jar, 0..NOON_NTS_COOKIES */
	uint16_t first;	    /**< index of the oldest */
	struct noon_nts_cookie jar[NOON_NTS_COOKIES];
	char host[NOON_NTS_HOST_MAX + 1]; /**< negotiated NTP server; "" means the KE server */
	uint16_t port;			  /**< negotiated NTP port; 0 means 123 */
	uint8_t server_key[NOON_NTS_SERVER_KEY]; /**< SHA-256 of the key in the certificate of the
						  *   NTS-KE server: who it is, by any name */
};

/**
 * Put a cookie into the jar. One that lies there already is kept once: given twice it would be sent
 * twice, and tie the two requests together (C3).
 * @retval NOON_OK, NOON_ERR_RANGE (size), NOON_ERR_FULL (the jar is full: the cookie is dropped)
 */
NOON_MUST_USE noon_err noon_nts_session_put(struct noon_nts_session *s, struct noon_bytes cookie);

/** Take the oldest cookie out of the jar. @retval NOON_OK, NOON_ERR_EMPTY */
NOON_MUST_USE noon_err noon_nts_session_take(struct noon_nts_session *s,
					     struct noon_nts_cookie *ret);

/** Tell whether the counts and sizes are within their limits. */
bool noon_nts_session_is_sound(const struct noon_nts_session *s);

/** Forget keys and cookies. */
void noon_nts_session_wipe(struct noon_nts_session *s);

#endif
